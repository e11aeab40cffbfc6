package dev.paligemma.evaluation.detection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.paligemma.base.internal.Json;
import dev.paligemma.base.internal.JsonObject;
import dev.paligemma.evaluation.internal.JsonRows;
import dev.paligemma.evaluation.metric.Scores;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Compares with what pycocotools says; more cases of src/reference/evaluation by {@code -Dcoco.cases=FILE}. */
class CocoGoldenTest {
    @TempDir
    Path folder;

    @Test
    void allNumbersAreThoseOfPycocotools() throws Exception {
        Path cases = Path.of(System.getProperty("coco.cases", golden().toString()));
        AtomicInteger count = new AtomicInteger();
        JsonRows.read(cases, row -> {
            count.incrementAndGet();
            assertEqual(row, Shape.BOX, "bbox");
            assertEqual(row, Shape.MASK, "segm");
        });
        assertThat(count.get()).isGreaterThanOrEqualTo(40);
    }

    private static Path golden() throws URISyntaxException {
        return Path.of(Objects.requireNonNull(CocoGoldenTest.class.getResource("/coco.jsonl"))
                .toURI());
    }

    private void assertEqual(JsonObject row, Shape shape, String kind) {
        try {
            Path truthFile = write("truth.json", Json.text(row.object("truth").members(), false));
            List<String> results = new ArrayList<>();
            row.objects("results").forEach(each -> results.add(Json.text(each.members(), false)));
            Path list = write("list.json", "[" + String.join(",\n", results) + "]");
            Path lines = write("lines.jsonl", String.join("\n", results) + "\n");
            CocoTruth truth = CocoTruth.read(truthFile, shape);
            List<CocoDetection> found = CocoFiles.detections(list, truth, shape);
            AveragePrecision result = AveragePrecision.of(truth, found, shape);
            List<?> expected = Objects.requireNonNull(row.listOrNull(kind));
            List<Double> numbers = new ArrayList<>(result.numbers().values());
            for (int i = 0; i < 12; i++) {
                assertThat(numbers.get(i))
                        .as(row.where() + " " + kind + " " + i)
                        .isEqualTo(((Number) expected.get(i)).doubleValue(), within(1e-9));
            }
            Scores scores = result.scores();
            assertThat(scores.score()).isEqualTo(result.ap(), within(1e-12));
            assertThat(CocoFiles.detections(lines, truth, shape)).isEqualTo(found);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private Path write(String name, String text) throws IOException {
        return Files.writeString(folder.resolve(name), text);
    }

    @Test
    void thresholdsAreThoseOfNumpy() {
        assertThat(ImageMatcher.THRESHOLDS)
                .containsExactly(0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.8999999999999999, 0.95);
    }

    @Test
    void categoriesHaveTheirOwnPrecision() {
        CocoTruth truth = CocoTruth.builder()
                .image("a", 100, 100)
                .category("1", "cat")
                .category("2", "dog")
                .category("3", "cow")
                .object(CocoObject.of("a", "1", new CocoBox(10, 10, 40, 40)))
                .object(CocoObject.of("a", "2", new CocoBox(50, 50, 40, 40)))
                .build();
        List<CocoDetection> found = List.of(CocoDetection.of("a", "1", new CocoBox(10, 10, 40, 40), 0.5));
        assertThat(AveragePrecision.of(truth, found, Shape.BOX).categories())
                .isEqualTo(Map.of("1", 1 - Math.ulp(1.0), "2", 0.0, "3", -1.0));
    }
}
