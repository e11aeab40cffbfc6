package dev.paligemma.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;

/** The commands that the README shows, and what they print. */
class ReadmeCommandsTest {
    private static final Path ROOT = Path.of("../..");

    @Test
    void jsonExampleIsWhatTheCommandPrints() throws IOException {
        StringWriter out = new StringWriter();
        int exitCode = Main.run(new String[] {"caption", "--json"}, new PrintWriter(out), new PrintWriter(out));
        assertThat(exitCode).as(out.toString()).isZero();

        Map<String, Object> printed = JsonText.parse(out.toString());
        Map<String, Object> shown =
                JsonText.parse(blocks("docs/command-line.md", "json").get(0));

        assertThat(shown.keySet()).containsExactlyElementsOf(printed.keySet());
        for (String name : List.of("prompt", "text", "tokenIds", "promptTokenIds", "imageTokens", "finishReason")) {
            assertThat(shown).containsEntry(name, Objects.requireNonNull(printed.get(name)));
        }
        // Processors differ in the last digits.
        assertThat(numbers(shown)).hasSameSizeAs(numbers(printed));
        for (int i = 0; i < numbers(shown).size(); i++) {
            assertThat(numbers(shown).get(i)).isCloseTo(numbers(printed).get(i), within(0.01));
        }
    }

    static Stream<List<String>> commands() throws IOException {
        Pattern command = Pattern.compile("(?:^|.* )(?:paligemma|-jar \\S+paligemma\\.jar) (.*)");
        List<String> documents = new ArrayList<>(List.of("README.md"));
        try (Stream<Path> pages = Files.list(ROOT.resolve("docs"))) {
            pages.map(page -> "docs/" + page.getFileName())
                    .filter(page -> page.endsWith(".md"))
                    .sorted()
                    .forEach(documents::add);
        }
        List<String> blocks = new ArrayList<>();
        for (String document : documents) {
            blocks.addAll(blocks(document, "sh"));
        }
        return blocks.stream()
                .flatMap(String::lines)
                .map(command::matcher)
                .filter(Matcher::matches)
                .map(matcher -> words(matcher.group(1)));
    }

    @ParameterizedTest
    @MethodSource("commands")
    void commandIsUnderstood(List<String> args) {
        assertThatCode(() -> new CommandLine(new PaliGemmaCommand())
                        .setCaseInsensitiveEnumValuesAllowed(true)
                        .parseArgs(args.toArray(new String[0])))
                .doesNotThrowAnyException();
    }

    @Test
    void showsEveryCommand() throws IOException {
        List<String> shown = commands().map(args -> args.get(0)).toList();

        assertThat(shown)
                .containsAll(
                        new CommandLine(new PaliGemmaCommand()).getSubcommands().keySet());
    }

    /** The contents of the fenced code blocks in one language, in order. */
    private static List<String> blocks(String document, String language) throws IOException {
        Matcher block = Pattern.compile("^```" + language + "\\R(.*?)^```$", Pattern.MULTILINE | Pattern.DOTALL)
                .matcher(Files.readString(ROOT.resolve(document)));
        List<String> blocks = new ArrayList<>();
        while (block.find()) {
            blocks.add(block.group(1));
        }
        return blocks;
    }

    private static List<Double> numbers(Map<String, Object> json) {
        List<?> values = (List<?>) Objects.requireNonNull(json.get("logprobs"));
        return values.stream().map(value -> ((Number) value).doubleValue()).toList();
    }

    /** Splits as a shell does, as far as the README needs it. */
    private static List<String> words(String line) {
        Matcher word = Pattern.compile("\"([^\"]*)\"|(\\S+)").matcher(line);
        List<String> words = new ArrayList<>();
        while (word.find()) {
            words.add(word.group(1) == null ? word.group(2) : word.group(1));
        }
        return words;
    }
}
