package dev.paligemma.retrieval;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paligemma.engine.Precision;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Compares rows with those of transformers and of colpali_engine; {@code src/reference/retrieval} made the files. */
class PageEncoderGoldenTest {
    private static final double TOLERANCE = 1e-4;
    private static final List<String> QUERIES =
            List.of("what is this", "the red cat", "Two dogs?", "", "answer  en\nline <loc0007> <pad>");

    private static PageEncoderBuilder builder(String name) {
        return name.equals("engine-adapter")
                ? PageEncoder.builder()
                        .checkpoint(RowsGolden.folder("engine-pg1"))
                        .adapter(RowsGolden.folder(name))
                : PageEncoder.builder().checkpoint(RowsGolden.folder(name));
    }

    @ParameterizedTest
    @CsvSource({
        "hf-pg1, onnx", "hf-pg2, onnx", "engine-pg1, onnx", "engine-adapter, onnx",
        "hf-pg1, pytorch", "hf-pg2, pytorch", "engine-pg1, pytorch", "engine-adapter, pytorch",
        "hf-pg1, reference", "hf-pg2, reference", "engine-pg1, reference", "engine-adapter, reference",
    })
    void givesTheRowsOfBothLibraries(String name, String engine) {
        for (PromptLayout layout : PromptLayout.values()) {
            try (PageEncoder encoder =
                    builder(name).engine(engine).layout(layout).build()) {
                for (RowsGolden golden : RowsGolden.read(name, layout)) {
                    assertThat(golden.differenceTo(golden.by(encoder)))
                            .as("%s, %s, %s", golden, layout, encoder.info())
                            .isLessThan(TOLERANCE);
                }
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "hf-pg1, TRANSFORMERS",
        "hf-pg2, TRANSFORMERS",
        "engine-pg1, COLPALI_ENGINE",
        "engine-adapter, COLPALI_ENGINE"
    })
    void laysTextsOutAsWhoeverWroteTheCheckpoint(String name, PromptLayout layout) {
        try (PageEncoder encoder = builder(name).build()) {
            assertThat(encoder.layout()).isEqualTo(layout);
            assertThat(encoder.width()).isEqualTo(name.equals("hf-pg2") ? 32 : 128);
        }
    }

    @ParameterizedTest
    @CsvSource({"hf-pg1, INT8, 0.2", "hf-pg2, INT8, 0.2", "engine-adapter, INT8, 0.2", "hf-pg1, BFLOAT16, 0.2"})
    void staysCloseWithFewerBits(String name, Precision precision, double tolerance, @TempDir Path cache) {
        try (PageEncoder encoder =
                builder(name).precision(precision).cacheDirectory(cache).build()) {
            for (RowsGolden golden : RowsGolden.read(name, encoder.layout())) {
                assertThat(golden.differenceTo(golden.by(encoder)))
                        .as("%s", golden)
                        .isLessThan(tolerance);
            }
        }
    }

    @Test
    void ordersTwoHundredPagesAsTransformers() {
        float[] expected = RowsGolden.floats(RowsGolden.folder("hf-pg1").resolve("scores.f32"));
        try (PageEncoder encoder = builder("hf-pg1").build()) {
            List<Rows> pages = encoder.pages(Pages.pages(200));
            List<Rows> queries = encoder.queries(QUERIES);
            for (int query = 0; query < queries.size(); query++) {
                int from = query * pages.size();
                List<Integer> order = IntStream.range(0, pages.size())
                        .boxed()
                        .sorted(Comparator.comparingDouble(page -> -expected[from + page]))
                        .toList();
                List<MaxSim.Hit> hits = MaxSim.best(queries.get(query), pages, pages.size());
                assertThat(hits).extracting(MaxSim.Hit::page).isEqualTo(order);
                hits.forEach(hit -> assertThat(hit.score())
                        .isCloseTo(expected[from + hit.page()], org.assertj.core.data.Offset.offset(1e-3)));
            }
        }
    }
}
