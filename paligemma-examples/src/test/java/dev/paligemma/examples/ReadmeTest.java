package dev.paligemma.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ModelException;
import ai.djl.translate.TranslateException;
import dev.paligemma.vision.RgbImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
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
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

/** What the README shows must be what happens. */
class ReadmeTest {
    private static final List<String> DOCUMENTS =
            List.of("README.md", "docs/tasks.md", "docs/adapters.md", "docs/hub.md", "docs/djl.md");
    private static final Path ROOT = Path.of("..");
    private static final Path EXAMPLES = Path.of("src/main/java/dev/paligemma/examples");

    static List<String> documents() {
        return DOCUMENTS;
    }

    @ParameterizedTest
    @MethodSource("documents")
    void examplesAreThoseThatAreCompiled(String document) throws IOException {
        assertThat(blocks(document, "java").stream().map(String::strip)).isSubsetOf(regions());
    }

    @Test
    void everyExampleIsShown() throws IOException {
        List<String> shown = new ArrayList<>();
        for (String document : DOCUMENTS) {
            shown.addAll(blocks(document, "java"));
        }
        assertThat(shown.stream().map(String::strip)).containsAll(regions());
    }

    /** What stands between the marks in the examples. */
    private static List<String> regions() throws IOException {
        Pattern region = Pattern.compile("// region [a-z-]+\\R(.*?)// endregion", Pattern.DOTALL);
        List<String> regions = new ArrayList<>();
        try (Stream<Path> files = Files.list(EXAMPLES)) {
            for (Path file : files.filter(each -> each.toString().matches(".*(Example|Task)\\.java"))
                    .toList()) {
                Matcher matcher = region.matcher(Files.readString(file));
                while (matcher.find()) {
                    regions.add(matcher.group(1).stripIndent().strip());
                }
            }
        }
        assertThat(regions).hasSizeGreaterThan(10);
        return regions;
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

    @Test
    void examplesOfBoxesFindThings(@TempDir Path folder) {
        Path drawing = folder.resolve("drawing.png");

        List<String> lines = printed(() -> DetectExample.main(new String[] {drawing.toString()}))
                .lines()
                .toList();

        assertThat(lines).hasSize(5);
        assertThat(lines.get(0)).matches(BundledScene.THING + " at \\d+,\\d+ to \\d+,\\d+, confidence 0\\.\\d+");
        assertThat(lines.get(1)).matches("word at \\d+,\\d+ to \\d+,\\d+, confidence 0\\.\\d+");
        assertThat(lines.subList(2, 4)).containsExactly("found " + BundledScene.THING, "found word");
        assertThat(lines.get(4)).matches("((<loc\\d{4}>){4} [a-z ]+( ; )?)+");
        assertThat(RgbImage.read(drawing)).isNotEqualTo(RgbImage.read(BundledModel.picture()));
    }

    @Test
    void exampleOfMasksRuns() {
        assertThat(printed(() -> SegmentExample.main(new String[0])).lines())
                .allMatch(line -> line.startsWith(BundledScene.THING + ": "));
    }

    @Test
    void examplesOfStreamsWrite() {
        assertThat(printed(() -> StreamExample.main(new String[0])).lines())
                .containsExactly(BundledScene.CAPTION + " (EOS)", BundledScene.WORD);
    }

    @Test
    void exampleOfManyRequestsAnswersAll() {
        assertThat(printed(() -> BatchExample.main(new String[0])).lines())
                .containsExactly(BundledScene.CAPTION, BundledScene.WORD, BundledScene.WORD);
    }

    @Test
    void exampleOfScoresIsSure() {
        assertThat(printed(() -> ScoreExample.main(new String[0])).lines())
                .containsExactly(BundledScene.WORD + ", certainly");
    }

    @Test
    void examplesOfDecodingWrite() {
        List<String> lines =
                printed(() -> DecodingExample.main(new String[0])).lines().toList();

        assertThat(lines).hasSize(8);
        assertThat(lines.subList(0, 3)).noneMatch(String::isBlank);
        assertThat(lines.get(3)).matches("-\\d.* " + BundledScene.CAPTION);
        assertThat(lines.subList(6, 8)).containsOnly(BundledScene.WORD);
    }

    @Test
    void examplesOfSeveralPicturesRun() {
        assertThat(printed(() -> PicturesExample.main(new String[0])).lines()).hasSize(2);
    }

    @Test
    void examplesOfDeepJavaLibraryPredict() {
        List<String> lines = printed(() -> {
                    try {
                        DjlExample.main(new String[0]);
                    } catch (ModelException | TranslateException e) {
                        throw new IOException("the example failed", e);
                    }
                })
                .lines()
                .toList();

        assertThat(lines).hasSize(6);
        assertThat(lines.get(0)).matches(BundledScene.THING + " at 0[.,]\\d+, 0[.,]\\d+");
        assertThat(lines.get(1)).matches("word at 0[.,]\\d+, 0[.,]\\d+");
        assertThat(lines.subList(2, 6))
                .containsExactly(
                        BundledScene.WORD, "64 rows of a mask", "cafe, rather than hotel", BundledScene.CAPTION);
    }

    interface Example {
        void run() throws IOException;
    }

    static String printed(Example example) {
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        PrintStream standardOut = System.out;
        System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
        try {
            example.run();
        } catch (IOException e) {
            throw new UncheckedIOException("the example failed", e);
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
        return Stream.of(blocks("README.md", "sh"), blocks("docs/tasks.md", "sh"), blocks("docs/hub.md", "sh"))
                .flatMap(List::stream)
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
    @ValueSource(
            strings = {
                "README.md",
                "docs/architecture.md",
                "docs/tasks.md",
                "docs/adapters.md",
                "docs/hub.md",
                "docs/djl.md"
            })
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
