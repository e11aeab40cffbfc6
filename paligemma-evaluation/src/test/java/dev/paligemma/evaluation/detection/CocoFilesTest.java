package dev.paligemma.evaluation.detection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.paligemma.evaluation.metric.EvaluationException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CocoFilesTest {
    private static final String TRUTH = """
            {"images": [{"id": 1, "width": 20, "height": 10}], "categories": [{"id": 3, "name": "cat"}], "annotations": [
             {"id": 1, "image_id": 1, "category_id": 3, "bbox": [2, 2, 5, 5], "area": 25,
              "segmentation": {"size": [10, 20], "counts": [22, 5, 173]}}]}
            """;

    @TempDir
    Path folder;

    private Path truth;

    @BeforeEach
    void writeTruth() throws IOException {
        truth = Files.writeString(folder.resolve("truth.json"), TRUTH);
    }

    private double ap(String found, Shape shape) throws IOException {
        Path file = Files.writeString(folder.resolve("found.json"), found);
        return AveragePrecision.read(CocoTruth.read(truth, shape), file, shape).ap();
    }

    @Test
    void readsTheLinesOfDetectAndSegment() throws IOException {
        assertThat(ap(
                        "{\"image\": \"1\", \"detections\": [{\"label\": \"cat\", \"confidence\": 0.5, \"box\": {\"left\": 2,"
                                + " \"top\": 2, \"right\": 7, \"bottom\": 7}}]}",
                        Shape.BOX))
                .isEqualTo(1, within(1e-9));
        assertThat(ap(
                        "{\"id\": \"1\", \"segments\": [{\"label\": \"cat\", \"confidence\": 0.5, \"bbox\": [2, 2, 5, 5], \"rle\":"
                                + " {\"size\": [10, 20], \"counts\": [22, 5, 173]}}]}",
                        Shape.MASK))
                .isEqualTo(1, within(1e-9));
    }

    @Test
    void readsTruthOfJsonLines() throws IOException {
        Files.writeString(truth, """
                {"id": "1", "boxes": [{"label": "cat", "bbox": [2, 2, 5, 5]}]}
                {"id": "2", "boxes": []}
                """);
        assertThat(ap(
                        "{\"id\": \"1\", \"boxes\": [{\"label\": \"cat\", \"score\": 1, \"bbox\": [2, 2, 5, 5]}]}\n"
                                + "{\"id\": \"2\", \"boxes\": [{\"label\": \"cat\", \"score\": 2, \"bbox\": [0, 0, 9, 9]}]}",
                        Shape.BOX))
                .isEqualTo(0.5, within(1e-9));
    }

    @ParameterizedTest
    @CsvSource(quoteCharacter = '`', delimiter = '|', textBlock = """
                    []                                                                               | holds no detections
                    {}                                                                               | line 1
                    ``                                                                               | is empty
                    [{"image_id": 1, "category_id": 3, "bbox": [2, 2, 5, 5]}]                        | score must be a number
                    [{"image_id": 1, "category_id": 3, "bbox": [2, 2, 5, 5], "score": NaN}]          | NaN
                    [{"image_id": 2, "category_id": 3, "bbox": [2, 2, 5, 5], "score": 1}]            | picture 2
                    [{"image_id": 1, "category_id": 4, "bbox": [2, 2, 5, 5], "score": 1}]            | none of the 1 detections
                    [{"image_id": 1, "category_id": 3, "bbox": [2, 2, 5], "score": 1}]               | x, y, width and height
                    [{"image_id": 1, "category_id": 3, "score": 1}]                                  | neither bbox nor
                    [{"image_id": 1.5, "category_id": 3, "bbox": [2, 2, 5, 5], "score": 1}]          | image_id
                    {"id": "1", "boxes": [{"label": "cat", "bbox": [2, 2, 5, 5]}]}                   | confidence must be
                    """)
    void saysWhatIsWrongWithDetections(String found, String expected) {
        assertThatThrownBy(() -> ap(found, Shape.BOX))
                .isInstanceOf(EvaluationException.class)
                .hasMessageContaining("found.json")
                .hasMessageContaining(expected);
    }

    @ParameterizedTest
    @CsvSource(quoteCharacter = '`', delimiter = '|', textBlock = """
                    "id": 1, "image_id"                | "id": 0, "image_id"          | number annotations from 1
                    "area": 25,                        | ``                           | area must be a number
                    "id": 1, "width"                   | "id": 1.5, "width"           | id must be a whole number
                    "size": [10, 20]                   | "size": [20, 10]             | must have the size
                    173                                | 174                          | 201 pixels together
                    "categories"                       | "things"                     | must have the lists
                    """)
    void saysWhatIsWrongWithTruth(String from, String to, String expected) throws IOException {
        Files.writeString(truth, TRUTH.replace(from, to));
        assertThatThrownBy(() -> CocoTruth.read(truth, Shape.MASK))
                .isInstanceOf(EvaluationException.class)
                .hasMessageContaining("truth.json")
                .hasMessageContaining(expected);
    }
}
