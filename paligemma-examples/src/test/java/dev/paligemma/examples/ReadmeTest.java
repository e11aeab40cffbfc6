package dev.paligemma.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.within;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
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
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

/** What the README shows must be what happens. */
class ReadmeTest {
    private static final Path ROOT = Path.of("..");
    private static final Path EXAMPLES = Path.of("src/main/java/dev/paligemma/examples");

    @Test
    void examplesAreThoseThatAreCompiled() throws IOException {
        assertThat(blocks("README.md", "java").stream().map(String::strip))
                .containsExactly(region("CaptionExample.java"), region("PrecisionExample.java"));
    }

    private static String region(String example) throws IOException {
        String source = Files.readString(EXAMPLES.resolve(example));
        return source.substring(
                        source.indexOf('\n', source.indexOf("// region readme")) + 1,
                        source.lastIndexOf("// endregion"))
                .stripIndent()
                .strip();
    }

    @Test
    void examplePrintsWhatTheReadmeSays() throws IOException {
        assertThat(printed(() -> CaptionExample.main(new String[0])))
                .isEqualToNormalizingNewlines(blocks("README.md", "text").get(0));
    }

    @Test
    void exampleOfSmallerWeightsRuns() {
        // How many tokens agree is the processor's business; a share is printed in any case.
        assertThat(printed(() -> PrecisionExample.main(new String[0])).lines())
                .hasSize(2)
                .allMatch(line -> line.matches("same (tokens|answers): (0\\.\\d+|1\\.0)"));
    }

    private static String printed(Runnable example) {
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        PrintStream standardOut = System.out;
        System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
        try {
            example.run();
        } finally {
            System.setOut(standardOut);
        }
        return printed.toString(StandardCharsets.UTF_8);
    }

    @Test
    void jsonExampleIsWhatTheCommandPrints() throws IOException {
        StringWriter out = new StringWriter();
        int exitCode = Main.run(new String[] {"caption", "--json"}, new PrintWriter(out), new PrintWriter(out));
        assertThat(exitCode).as(out.toString()).isZero();

        Map<String, Object> printed = JsonText.parse(out.toString());
        Map<String, Object> shown = JsonText.parse(blocks("README.md", "json").get(0));

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
        return blocks("README.md", "sh").stream()
                .flatMap(String::lines)
                .map(command::matcher)
                .filter(Matcher::matches)
                .map(matcher -> words(matcher.group(1)));
    }

    @ParameterizedTest
    @MethodSource("commands")
    void commandIsUnderstood(List<String> args) {
        assertThatCode(() -> new CommandLine(new PaliGemmaCommand()).parseArgs(args.toArray(new String[0])))
                .doesNotThrowAnyException();
    }

    @Test
    void showsEveryCommand() throws IOException {
        List<String> shown = commands().map(args -> args.get(0)).toList();

        assertThat(shown)
                .containsAll(
                        new CommandLine(new PaliGemmaCommand()).getSubcommands().keySet());
    }

    @ParameterizedTest
    @ValueSource(strings = {"README.md", "docs/architecture.md"})
    void linksPointToFiles(String document) throws IOException {
        Path file = ROOT.resolve(document);
        Matcher link = Pattern.compile("\\]\\(([^)#]+)\\)|src=\"([^\"]+)\"").matcher(Files.readString(file));
        while (link.find()) {
            String target = link.group(1) == null ? link.group(2) : link.group(1);
            if (!target.startsWith("https://")) {
                assertThat(file.resolveSibling(target)).exists();
            }
        }
    }

    /** The contents of the fenced code blocks in one language, in order. */
    private static List<String> blocks(String document, String language) throws IOException {
        Matcher block = Pattern.compile("^```" + language + "\\R(.*?)^```$", Pattern.MULTILINE | Pattern.DOTALL)
                .matcher(Files.readString(ROOT.resolve(document)));
        List<String> blocks = new ArrayList<>();
        while (block.find()) {
            blocks.add(block.group(1));
        }
        assertThat(blocks).as("%s blocks of %s", language, document).isNotEmpty();
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
