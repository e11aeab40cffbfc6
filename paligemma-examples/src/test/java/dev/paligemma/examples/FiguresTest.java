package dev.paligemma.examples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paligemma.catalog.KnownModel;
import dev.paligemma.catalog.KnownModels;
import dev.paligemma.catalog.MemoryEstimate;
import dev.paligemma.catalog.ModelSize;
import dev.paligemma.engine.Precision;
import dev.paligemma.tiny.TinyModel;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Figures of the README and of docs have a source: docs/benchmarks.md, docs/quality.md, the code, or a reason given here. The pages with
 * measurements are themselves the source, and state how they measured.
 */
class FiguresTest {
    private static final Path ROOT = Path.of("..");
    private static final List<String> MEASUREMENTS =
            List.of("docs/benchmarks.md", "docs/quality.md", "docs/reliability.md");

    /** A number with a unit of time, memory or share. */
    private static final Pattern FIGURE = Pattern.compile(
            "(?<![\\w.,])\\d[\\d.,]*(?: ?(?:GB|MB|KB|%|ms|s|seconds|minutes|hours|times|tokens/s)|x)(?![\\w/])");

    private static final String ONE = "PaliGemma 3B, 224 pixels";
    private static final String TWO = "PaliGemma 2 3B, 224 pixels";
    private static final String FASTER = "Times faster than transformers float32";
    private static final String MILLISECONDS = "Milliseconds, median (best)";
    private static final String MEMORY = "Memory in GB";
    private static final String TOGETHER = "Several requests answered together";
    private static final String STORED = "The 300 stored scenes, asked by";
    private static final String PLACES = "Box by box,";

    private final MeasuredTables benchmarks;
    private final MeasuredTables quality;

    FiguresTest() throws IOException {
        benchmarks = new MeasuredTables(ROOT.resolve("docs/benchmarks.md"));
        quality = new MeasuredTables(ROOT.resolve("docs/quality.md"));
    }

    /** What a page has to say, with its figures. */
    private record Statement(String document, String text) {}

    static List<String> documents() throws IOException {
        return ReadmeTest.documents().stream()
                .filter(page -> !MEASUREMENTS.contains(page))
                .toList();
    }

    @ParameterizedTest
    @MethodSource("documents")
    void everyFigureHasASource(String document) throws IOException {
        String text = text(document);
        BitSet stated = new BitSet();
        for (Statement statement : statements()) {
            if (statement.document().equals(document)) {
                assertThat(text)
                        .as("figures that follow from their source; change the page, or the source first")
                        .contains(statement.text());
                int length = statement.text().length();
                for (int at = text.indexOf(statement.text()); at >= 0; at = text.indexOf(statement.text(), at + 1)) {
                    stated.set(at, at + length);
                }
            }
        }

        List<String> unknown = new ArrayList<>();
        Matcher figure = FIGURE.matcher(text);
        while (figure.find()) {
            if (!stated.get(figure.start())) {
                unknown.add(
                        text.substring(Math.max(0, figure.start() - 60), Math.min(text.length(), figure.end() + 20)));
            }
        }
        assertThat(unknown)
                .as("figures of %s without a source: add statements to this test, or facts with the reason", document)
                .isEmpty();
    }

    @Test
    void everyStatementIsOfAPage() throws IOException {
        assertThat(statements().stream().map(Statement::document)).isSubsetOf(documents());
    }

    private List<Statement> statements() {
        return Stream.of(measured(), computed(), facts()).flatMap(List::stream).toList();
    }

    private List<Statement> measured() {
        String float32 = memory(TWO, "float32");
        String int8 = memory(TWO, "int8");
        String int4 = memory(TWO, "int4");
        return List.of(
                say("README.md", "After that the model needs %s GB of memory.", int8),
                say("README.md", "as transformers does by default, and needs %s GB.", float32),
                say(
                        "README.md",
                        "With 3B models at 224 pixels on two cores, int8 is %s times as fast as transformers in float32 and needs "
                                + "%s %% of its memory; int4 is %s times as fast and needs %s %%:",
                        range(faster("int8")),
                        faster(ONE, "memory", "int8"),
                        range(faster("int4")),
                        faster(ONE, "memory", "int4")),
                say("docs/getting-started.md", "int8 needs %s GB of memory, float32 %s GB.", int8, float32),
                say("docs/models.md", "| %s / %s / %s GB |", float32, int8, int4),
                say("docs/models.md", "| `float32` | 32 | 1 | %s GB |", float32),
                say("docs/models.md", "| `int8` | 8 | %s times float32 | %s GB |", range(fasterThanOurs("int8")), int8),
                say(
                        "docs/models.md",
                        "| %s times float32, most in long answers | %s GB |",
                        range(fasterThanOurs("int4")),
                        int4),
                say("docs/models.md", "the first word comes %s times later.", words(laterByResolution())),
                say(
                        "docs/performance.md",
                        "| first token | %s | %s |",
                        faster(ONE, "first token", "int8"),
                        faster(ONE, "first token", "int4")),
                say(
                        "docs/performance.md",
                        "| each further token | %s | %s |",
                        faster(ONE, "decode", "int8"),
                        faster(ONE, "decode", "int4")),
                say(
                        "docs/performance.md",
                        "| memory | %s %% | %s %% |",
                        faster(ONE, "memory", "int8"),
                        faster(ONE, "memory", "int4")),
                say(
                        "docs/performance.md",
                        "eight together write tokens %s times as fast as one after the other",
                        range(eightTogether("decode tokens/s"))),
                say(
                        "docs/performance.md",
                        "answers of 12 tokens are %s times as many per minute",
                        range(eightTogether("answers per minute"))),
                tiny("caption exactly right | 0.90", share("captions exactly right"), "300"),
                tiny("answer right | 0.95", share("questions answered exactly right"), "363"),
                tiny("OCR right | 0.90", share("text read exactly right"), "134"),
                tiny(
                        "detection, mean IoU of all boxes asked for (a missing box counts 0) | 0.75",
                        stored("boxes, mean intersection over union").toString(),
                        "406"),
                tiny("- boxes with IoU above 0.5 |", share("boxes with intersection over union above 0.5"), "406"),
                tiny(
                        "segmentation, mean IoU of all masks asked for (a missing mask counts 0) | 0.70",
                        stored("masks, mean intersection over union").toString(),
                        "275"),
                tiny("- masks with IoU above 0.5 |", share("masks with intersection over union above 0.5"), "275"));
    }

    /** What follows from sizes of files and models. */
    private List<Statement> computed() {
        List<Statement> statements = new ArrayList<>(List.of(
                say("README.md", "The first run downloads %s GB", download("google/paligemma2-3b-mix-224")),
                say("docs/getting-started.md", "a download of %s GB", download("google/paligemma2-3b-mix-224")),
                say(
                        "docs/getting-started.md",
                        "The first run downloads %s GB",
                        download("google/paligemma2-3b-mix-224")),
                say(
                        "docs/containers.md",
                        "downloaded models, %s GB for a 3B model",
                        download("google/paligemma2-3b-mix-224")),
                say(
                        "docs/models.md",
                        "`google/paligemma2-3b-mix-224` | %s GB |",
                        download("google/paligemma2-3b-mix-224")),
                say(
                        "docs/models.md",
                        "`google/paligemma2-3b-mix-448` | %s GB |",
                        download("google/paligemma2-3b-mix-448")),
                say(
                        "docs/models.md",
                        "`google/paligemma2-10b-mix-448` | %s GB |",
                        download("google/paligemma2-10b-mix-448")),
                say(
                        "docs/containers.md",
                        "converted weights (%s GB for a 3B model at int8)",
                        gigabytes(
                                MemoryEstimate.of(ModelSize.PALIGEMMA2_3B.config(224), Precision.INT8)
                                        .weightBytes(),
                                0)),
                say(
                        "docs/architecture.md",
                        "to up to %s GB beside the archive",
                        gigabytes(weights(ModelSize.PALIGEMMA2_28B), -1)),
                say("docs/paligemma-tiny.md", "(%s MB in bfloat16)", megabytes("model.safetensors")),
                say("docs/paligemma-tiny.md", "(`vae-oid.npz`, %s MB)", megabytes("vae-oid.npz")),
                say("docs/paligemma-tiny.md", "deflated: %s MB in place of 8.5 MB.", megabytes("vae-oid.npz"))));
        for (ModelSize size : ModelSize.values()) {
            statements.add(say(
                    "docs/models.md",
                    "%s GB | %s / %s / %s MB |",
                    gigabytes(weights(size), 1),
                    keysAndValues(size, 224),
                    keysAndValues(size, 448),
                    keysAndValues(size, 896)));
        }
        return statements;
    }

    /** Figures that no file has, and where they come from. */
    private static List<Statement> facts() {
        return List.of(
                // MemoryEstimateTest compares the estimates with the peaks of docs/benchmarks.md.
                say("docs/models.md", "for 3B models lie up to 11 %% above"),
                // 1030 rows of 128 numbers; SmallRowsTest of paligemma-retrieval measures what smaller forms lose.
                say("docs/retrieval.md", "A page takes 527 kB as float32."),
                say("docs/retrieval.md", "| `Rows`, float32 | 527 kB |"),
                say("docs/retrieval.md", "Hamming distance | 16 kB |"),
                // How a number is read, and none that was measured; golden files of paligemma-evaluation have it.
                say("docs/evaluation.md", "`5%%` is 0.05"),
                say("docs/architecture.md", "0.3 GB for the process"),
                say("docs/architecture.md", "are met from 0 to 11 %% above"),
                // What the archive pytorch-native-cpu 2.7.1 for linux-x86_64 has when it is unpacked.
                say("docs/performance.md", "The first start unpacks 432 MB"),
                // Computed, as the page says: 8 GFLOP for each row without and 12 with recompute at 180 GFLOP/s;
                // 4 GB of layers and 1 GB of embeddings in bfloat16, 1.1 GB and 1 GB in NF4; 16 bytes for each
                // weight with AdamW.
                say("docs/fine-tuning.md", "| bfloat16 | 6 to 7 GB | 13 s, 19 s with recompute | 16 GB is enough |"),
                say("docs/fine-tuning.md", "| nf4 | 3 GB | a seventh more | 8 GB is enough |"),
                say("docs/fine-tuning.md", "| bfloat16 | 7 GB | 13 s | 12 to 16 GB |"),
                say("docs/fine-tuning.md", "| 40 GB and more | not advisable | 80 GB |"),
                // Rows: 4,096 of the picture against 256 and some text.
                say("docs/fine-tuning.md", "so some 14 times as long"),
                // Defaults of HubClient.
                say("docs/hub.md", "a silence of 30 seconds"),
                // Notes of the design: two gigabytes of codes at the speed of the file cache; a range of numbers.
                say("docs/architecture.md", "about 0.3 s for 2 GB"),
                say("docs/architecture.md", "channels 100 times wider than others"),
                // 16 heads x 4112 x 4112 scores of 4 bytes; the limit of a block of them.
                say("docs/architecture.md", "16 heads over 4,112 rows: 1.1 GB"),
                say("docs/architecture.md", "about 135 MB of scores at a time"),
                // Of one mask, whose decoder is 40 million multiplications in plain Java.
                say("docs/architecture.md", "some 30 ms beside seconds of a request"),
                // How the bundled model was made: src/reference/tiny, and the log of its training. Google's file has
                // 8,479,556 bytes.
                say(
                        "docs/paligemma-tiny.md",
                        "one shape 26 %%, two 34 %%, three 6 %%, a word 10 %%, a word and a shape 24 %%"),
                say("docs/paligemma-tiny.md", "About 80 minutes on one core"),
                say("docs/paligemma-tiny.md", "the last 30 %% of the time"),
                say("docs/paligemma-tiny.md", "7 minutes before"),
                say("docs/paligemma-tiny.md", "20 minutes at the full rate and 11 falling, with 8 minutes of joint"),
                say("docs/paligemma-tiny.md", "The masks had 30 minutes on a machine busy"));
    }

    private static Statement say(String document, String text, Object... figures) {
        return new Statement(document, String.format(Locale.ROOT, text, figures));
    }

    private static Statement tiny(String measure, String share, String cases) {
        return say("docs/paligemma-tiny.md", "| %s | %s | %s | %s |", measure, share, share, cases);
    }

    private static String ours(String precision) {
        return "PaliGemma for Java " + precision;
    }

    private String memory(String section, String precision) {
        return benchmarks
                .number(section, MEMORY, "peak in use", ours(precision))
                .setScale(1, RoundingMode.HALF_UP)
                .toString();
    }

    private BigDecimal faster(String section, String column, String precision) {
        return benchmarks.number(section, FASTER, column, ours(precision));
    }

    private List<BigDecimal> faster(String precision) {
        return Stream.of(ONE, TWO)
                .flatMap(
                        section -> Stream.of("first token", "decode").map(column -> faster(section, column, precision)))
                .toList();
    }

    private BigDecimal milliseconds(String section, String column, String precision) {
        return benchmarks.number(section, MILLISECONDS, column, ours(precision));
    }

    private List<BigDecimal> fasterThanOurs(String precision) {
        return Stream.of(ONE, TWO)
                .flatMap(section -> Stream.of("first token", "decode per token")
                        .map(column -> ratio(
                                milliseconds(section, column, "float32"), milliseconds(section, column, precision))))
                .toList();
    }

    private List<BigDecimal> laterByResolution() {
        return Stream.of("float32", "int8", "int4")
                .flatMap(precision -> Stream.of(224, 448)
                        .map(side -> ratio(
                                milliseconds("PaliGemma 3B, " + 2 * side + " pixels", "first token", precision),
                                milliseconds("PaliGemma 3B, " + side + " pixels", "first token", precision))))
                .toList();
    }

    private List<BigDecimal> eightTogether(String column) {
        return Stream.of("int8", "int4")
                .map(precision -> ratio(
                        benchmarks.number(ONE, TOGETHER, column, ours(precision), "8"),
                        benchmarks.number(ONE, TOGETHER, column, ours(precision), "1")))
                .toList();
    }

    private static BigDecimal ratio(BigDecimal over, BigDecimal under) {
        return over.divide(under, MathContext.DECIMAL64);
    }

    /** The least and the most, or what both are rounded to. */
    private static String range(List<BigDecimal> numbers) {
        List<String> ends = numbers.stream()
                .sorted()
                .map(number -> number.setScale(1, RoundingMode.HALF_UP).toString())
                .toList();
        String least = ends.get(0);
        String most = ends.get(ends.size() - 1);
        return least.equals(most) ? least : least + " to " + most;
    }

    private static String words(List<BigDecimal> numbers) {
        List<String> words = List.of("no", "one", "two", "three", "four", "five", "six", "seven", "eight");
        List<Integer> ends = numbers.stream()
                .sorted()
                .map(number -> number.setScale(0, RoundingMode.HALF_UP).intValueExact())
                .toList();
        return words.get(ends.get(0)) + " to " + words.get(ends.get(ends.size() - 1));
    }

    private BigDecimal stored(String measure) {
        String table = measure.contains("intersection over union") ? PLACES : STORED;
        return quality.number("The bundled model", table, "float32", measure);
    }

    private String share(String measure) {
        return stored(measure).movePointLeft(2).toString();
    }

    private static long weights(ModelSize size) {
        return MemoryEstimate.of(size.config(224), Precision.FLOAT32).weightBytes();
    }

    private static String keysAndValues(ModelSize size, int pixels) {
        long imageTokens = (pixels / 14L) * (pixels / 14L);
        long rows = imageTokens + 16 + 128;
        long perRow = MemoryEstimate.of(size.config(pixels), Precision.FLOAT32).cacheBytes() / rows;
        return scaled(perRow * (imageTokens + 16 + 256), 6, 0);
    }

    private static String download(String name) {
        KnownModel model = KnownModels.find(name).orElseThrow();
        return gigabytes(2 * model.parameterCount(), 0);
    }

    private static String gigabytes(long bytes, int digits) {
        return scaled(bytes, 9, digits);
    }

    private static String megabytes(String file) {
        try {
            return scaled(Files.size(TinyModel.folder().resolve(file)), 6, 1);
        } catch (IOException e) {
            throw new UncheckedIOException("expected a file of the bundled model", e);
        }
    }

    private static String scaled(long bytes, int power, int digits) {
        return BigDecimal.valueOf(bytes)
                .movePointLeft(power)
                .setScale(digits, RoundingMode.HALF_UP)
                .toPlainString();
    }

    private static String text(String document) throws IOException {
        return Files.readString(ROOT.resolve(document)).replaceAll("\\s+", " ");
    }
}
