package dev.paligemma.evaluation.answer;

import dev.paligemma.evaluation.internal.PythonText;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Makes answers alike as VQA v2 does, with the faults that everybody's figures have: a comma between two digits anywhere
 * removes all punctuation instead of putting spaces in its place, and a dot stays only before a digit. Stateless.
 */
final class VqaText {
    private static final String PUNCTUATION = ";/[]\"{}()=+\\_-><@`,?!";
    private static final Set<String> ARTICLES = Set.of("a", "an", "the");
    private static final Pattern COMMA_IN_NUMBER = Pattern.compile("(?U)\\d,\\d");
    private static final Pattern DOT = Pattern.compile("(?U)\\.(?!\\d)");
    private static final Map<String, String> WORDS = words();

    private VqaText() {}

    static String normal(String text) {
        boolean inNumber = COMMA_IN_NUMBER.matcher(text).find();
        String spaced = text;
        for (int i = 0; i < PUNCTUATION.length(); i++) {
            String mark = PUNCTUATION.substring(i, i + 1);
            boolean isApart = inNumber || text.contains(mark + " ") || text.contains(" " + mark);
            spaced = spaced.replace(mark, isApart ? "" : " ");
        }
        String undotted = DOT.matcher(spaced).replaceAll("");
        return PythonText.words(PythonText.lower(undotted)).stream()
                .filter(word -> !ARTICLES.contains(word))
                .map(word -> WORDS.getOrDefault(word, word))
                .collect(Collectors.joining(" "));
    }

    private static Map<String, String> words() {
        try (BufferedReader in = new BufferedReader(new InputStreamReader(
                Objects.requireNonNull(VqaText.class.getResourceAsStream("vqa-words.txt")), StandardCharsets.UTF_8))) {
            return in.lines()
                    .filter(line -> !line.startsWith("#"))
                    .map(line -> line.split(" "))
                    .collect(Collectors.toUnmodifiableMap(pair -> pair[0], pair -> pair[1]));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
