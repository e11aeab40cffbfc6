package dev.paligemma.cli.report;

import java.text.Normalizer;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * What was asked for, to know whether a box is about it. A model answers in its own words: names agree if all words of one are
 * words of the other, whatever their case, number or order, such as {@code bowl} and {@code food bowls}. A box without a name
 * is about whatever was asked. Immutable.
 */
final class AskedLabels {
    private static final Pattern BETWEEN_WORDS = Pattern.compile("[^\\p{L}\\p{M}\\p{N}]+");
    private static final int SHORTEST_PLURAL = 4;

    private final List<Set<String>> asked;

    AskedLabels(List<String> things) {
        this.asked = things.stream().map(AskedLabels::words).toList();
    }

    /** Whether a box of this name was asked for. */
    boolean has(String label) {
        Set<String> words = words(label);
        return words.isEmpty()
                || asked.stream()
                        .anyMatch(thing -> thing.isEmpty() || thing.containsAll(words) || words.containsAll(thing));
    }

    private static Set<String> words(String text) {
        String folded = Normalizer.normalize(text, Normalizer.Form.NFKC).toLowerCase(Locale.ROOT);
        return Arrays.stream(BETWEEN_WORDS.split(folded))
                .filter(word -> !word.isEmpty())
                .map(AskedLabels::singular)
                .collect(Collectors.toUnmodifiableSet());
    }

    /** Close enough to compare words with: {@code boxes} and {@code box} become one, {@code puppies} and {@code puppy}, too. */
    private static String singular(String word) {
        if (word.length() < SHORTEST_PLURAL || word.endsWith("ss")) {
            return word;
        }
        if (word.endsWith("ies")) {
            return word.substring(0, word.length() - 3) + "y";
        }
        if (word.matches(".*(s|x|z|ch|sh)es")) {
            return word.substring(0, word.length() - 2);
        }
        return word.endsWith("s") ? word.substring(0, word.length() - 1) : word;
    }
}
