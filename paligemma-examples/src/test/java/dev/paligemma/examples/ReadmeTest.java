package dev.paligemma.examples;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ModelException;
import ai.djl.translate.TranslateException;
import dev.paligemma.cli.RandomAdapter;
import dev.paligemma.tiny.TinyModel;
import dev.paligemma.vision.RgbImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What the README shows of the library must be what happens. */
class ReadmeTest {
    private static final Path ROOT = Path.of("..");

    /** The examples of this module, and those that modules with large dependencies keep among their tests. */
    private static final List<Path> EXAMPLES = List.of(
            Path.of("src/main/java/dev/paligemma/examples"),
            ROOT.resolve("integrations/paligemma-langchain4j/src/test/java/dev/paligemma/langchain4j/examples"),
            ROOT.resolve("integrations/paligemma-spark/src/test/java/dev/paligemma/spark/examples"),
            ROOT.resolve("integrations/paligemma-spring-boot-starter/src/test/java/dev/paligemma/springboot/examples"));

    /** The README and every page of docs. */
    static List<String> documents() throws IOException {
        try (Stream<Path> pages = Files.list(ROOT.resolve("docs"))) {
            return Stream.concat(
                            Stream.of("README.md"),
                            pages.map(page -> "docs/" + page.getFileName()).sorted())
                    .filter(page -> page.endsWith(".md"))
                    .toList();
        }
    }

    @ParameterizedTest
    @MethodSource("documents")
    void examplesAreThoseThatAreCompiled(String document) throws IOException {
        assertThat(blocks(document, "java").stream().map(String::strip)).isSubsetOf(regions());
    }

    @Test
    void theReadmeIsShort() throws IOException {
        assertThat(Files.size(ROOT.resolve("README.md"))).isLessThan(9_000);
    }

    @Test
    void everyPageIsInTheIndex() throws IOException {
        String index = Files.readString(ROOT.resolve("docs/README.md"));
        assertThat(documents())
                .filteredOn(page -> page.startsWith("docs/") && !page.equals("docs/README.md"))
                .allSatisfy(page -> assertThat(index).contains("](" + page.substring("docs/".length()) + ")"));
    }

    @Test
    void everyExampleIsShown() throws IOException {
        List<String> shown = new ArrayList<>();
        for (String document : documents()) {
            shown.addAll(blocks(document, "java"));
        }
        assertThat(shown.stream().map(String::strip)).containsAll(regions());
    }

    /** What stands between the marks in the examples. */
    private static List<String> regions() throws IOException {
        Pattern region = Pattern.compile("// region [a-z0-9-]+\\R(.*?)// endregion", Pattern.DOTALL);
        List<String> regions = new ArrayList<>();
        for (Path folder : EXAMPLES) {
            try (Stream<Path> files = Files.list(folder)) {
                for (Path file : files.filter(each -> each.toString().matches(".*(Example|Task)\\.java"))
                        .toList()) {
                    Matcher matcher = region.matcher(Files.readString(file));
                    while (matcher.find()) {
                        regions.add(matcher.group(1).stripIndent().strip());
                    }
                }
            }
        }
        assertThat(regions).hasSizeGreaterThan(10);
        return regions;
    }

    @Test
    void examplePrintsWhatTheReadmeSays() throws IOException {
        String[] bundled = {TinyModel.folder().toString(), TinyModel.picture().toString()};

        assertThat(printed(() -> DescribeExample.main(bundled)))
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
        assertThat(lines.get(0)).matches(TinyModel.THING + " at \\d+,\\d+ to \\d+,\\d+, confidence 0\\.\\d+");
        assertThat(lines.get(1)).matches("word at \\d+,\\d+ to \\d+,\\d+, confidence 0\\.\\d+");
        assertThat(lines.subList(2, 4)).containsExactly("found " + TinyModel.THING, "found word");
        assertThat(lines.get(4)).matches("((<loc\\d{4}>){4} [a-z ]+( ; )?)+");
        assertThat(RgbImage.read(drawing)).isNotEqualTo(RgbImage.read(TinyModel.picture()));
    }

    @Test
    void exampleOfMasksRuns() {
        assertThat(printed(() -> SegmentExample.main(new String[0])).lines())
                .allMatch(line -> line.startsWith(TinyModel.THING + ": "));
    }

    @Test
    void examplesOfStreamsWrite() {
        assertThat(printed(() -> StreamExample.main(new String[0])).lines())
                .containsExactly(TinyModel.CAPTION + " (EOS)", TinyModel.WORD);
    }

    @Test
    void exampleOfManyRequestsAnswersAll() {
        assertThat(printed(() -> BatchExample.main(new String[0])).lines())
                .containsExactly(TinyModel.CAPTION, TinyModel.WORD, TinyModel.WORD);
    }

    @Test
    void exampleOfScoresIsSure() {
        assertThat(printed(() -> ScoreExample.main(new String[0])).lines())
                .containsExactly(TinyModel.WORD + ", certainly");
    }

    @Test
    void examplesOfDecodingWrite() {
        List<String> lines =
                printed(() -> DecodingExample.main(new String[0])).lines().toList();

        assertThat(lines).hasSize(12);
        assertThat(lines.subList(0, 3)).noneMatch(String::isBlank);
        assertThat(lines.get(3)).matches("-\\d.* " + TinyModel.CAPTION);
        assertThat(lines.subList(6, 8)).containsOnly(TinyModel.WORD);
        assertThat(lines.get(8)).isEqualTo("a blue square: STOP_STRING");
        assertThat(lines.get(10)).matches("▁blue -0\\.0  (▁\\w+ -\\d+\\.\\d  ){2}");
    }

    @Test
    void exampleOfAListenerTellsOfTheRequest() {
        List<String> lines =
                printed(() -> RequestsExample.main(new String[0])).lines().toList();

        assertThat(lines).hasSize(2);
        assertThat(lines.get(0))
                .matches(
                        "SINGLE, waited \\d+ of \\d+ ms: RequestOutcome\\[1 result, 4 prompt tokens, 64 image tokens, 7 new tokens\\]");
        assertThat(lines.get(1)).isEqualTo(TinyModel.CAPTION);
    }

    @Test
    void exampleOfMetricsCounts() {
        assertThat(printed(() -> MetricsExample.main(new String[0])).lines())
                .containsExactly(TinyModel.CAPTION, "7 tokens written");
    }

    @Test
    void examplesOfSeveralPicturesRun() {
        assertThat(printed(() -> PicturesExample.main(new String[0])).lines()).hasSize(2);
    }

    @Test
    void examplesOfAdaptersRun(@TempDir Path folder) throws IOException {
        Path adapter = RandomAdapter.write(folder.resolve("lora"), 7);
        Path other = RandomAdapter.write(folder.resolve("other"), 8);

        List<String> lines = printed(() -> AdapterExample.main(new String[] {
                    adapter.toString(),
                    other.toString(),
                    folder.resolve("merged").toString()
                }))
                .lines()
                .toList();

        assertThat(lines).last().isEqualTo(TinyModel.WORD);
        assertThat(folder.resolve("merged/model.safetensors")).exists();
    }

    /** They need files or a network, and say so instead of failing. */
    @Test
    void examplesThatNeedMoreSayWhatTheyNeed() {
        assertThat(usage(() -> AdapterExample.main(new String[0]))).startsWith("usage: AdapterExample RECEIPTS");
        assertThat(usage(() -> HubExample.main(new String[0]))).startsWith("usage: HubExample PICTURE");
        assertThat(usage(() -> HeldOutEvaluation.main(new String[0]))).startsWith("usage: HeldOutEvaluation SCENES");
    }

    private static String usage(Example example) {
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        PrintStream standardError = System.err;
        System.setErr(new PrintStream(printed, true, StandardCharsets.UTF_8));
        try {
            assertThat(printed(example)).isEmpty();
        } finally {
            System.setErr(standardError);
        }
        assertThat(printed.toString(StandardCharsets.UTF_8)).hasLineCount(1);
        return printed.toString(StandardCharsets.UTF_8);
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
        assertThat(lines.get(0)).matches(TinyModel.THING + " at 0[.,]\\d+, 0[.,]\\d+");
        assertThat(lines.get(1)).matches("word at 0[.,]\\d+, 0[.,]\\d+");
        assertThat(lines.subList(2, 6))
                .containsExactly(TinyModel.WORD, "64 rows of a mask", "cafe, rather than hotel", TinyModel.CAPTION);
    }

    @Test
    void exampleOfAServerAnswers() {
        assertThat(printed(() -> {
                    try {
                        ServerExample.main(new String[] {TinyModel.folder().toString()});
                    } catch (InterruptedException e) {
                        throw new IOException("the example was interrupted", e);
                    }
                }))
                .contains("\"object\":\"list\"", "\"input_modalities\":[\"text\",\"image\"]");
    }

    private interface Example {
        void run() throws IOException;
    }

    private static String printed(Example example) {
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

    @ParameterizedTest
    @MethodSource("documents")
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
        return blocks;
    }
}
