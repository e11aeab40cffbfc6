package dev.paligemma.detection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class NonMaximumSuppressionTest {
    private static final BoundingBox LEFT = new BoundingBox(0, 0, 0.5, 1);
    private static final BoundingBox WIDE = new BoundingBox(0, 0, 0.75, 1);
    private static final BoundingBox RIGHT = new BoundingBox(0.5, 0, 1, 1);

    static Stream<Map<String, Object>> suppression() {
        return JsonCases.read("suppression.json").stream();
    }

    /** {@code src/reference/detections/make_goldens.py} asked torchvision. */
    @ParameterizedTest
    @MethodSource("suppression")
    void keepsTheBoxesThatTorchvisionKeeps(Map<String, Object> expected) {
        List<Detection> detections = new ArrayList<>();
        List<List<Integer>> boxes = JsonCases.list(expected, "boxes");
        List<Integer> labels = JsonCases.list(expected, "labels");
        List<Number> scores = JsonCases.list(expected, "scores");
        for (int i = 0; i < boxes.size(); i++) {
            List<Integer> edges = boxes.get(i);
            detections.add(detection(
                    labels.get(i).toString(),
                    new BoundingBox(
                            edges.get(0) / 1024d, edges.get(1) / 1024d, edges.get(2) / 1024d, edges.get(3) / 1024d),
                    scores.get(i).doubleValue()));
        }

        double threshold = JsonCases.number(expected, "threshold");

        assertThat(NonMaximumSuppression.kept(detections, threshold).stream().boxed())
                .isEqualTo(JsonCases.<Integer>list(expected, "kept"));
    }

    @Test
    void keepsTheMostConfidentInTheOrderOfTheList() {
        Detection unsure = detection("cat", LEFT, 0.2);
        Detection sure = detection("cat", WIDE, 0.9);
        Detection apart = detection("cat", RIGHT, 0.95);

        assertThat(NonMaximumSuppression.apply(List.of(unsure, sure, apart), 0.5))
                .containsExactly(sure, apart);
    }

    @Test
    void overlapMustBeAboveTheLimit() {
        // LEFT and WIDE share 0.5 of 0.75.
        List<Detection> both = List.of(detection("cat", LEFT, 0.2), detection("cat", WIDE, 0.9));

        assertThat(NonMaximumSuppression.apply(both, 0.5 / 0.75)).hasSize(2);
        assertThat(NonMaximumSuppression.apply(both, 0.66)).hasSize(1);
        assertThat(NonMaximumSuppression.apply(both, 1)).hasSize(2);
    }

    @Test
    void otherLabelsDoNotSuppress() {
        List<Detection> both = List.of(detection("cat", LEFT, 0.2), detection("dog", LEFT, 0.9));

        assertThat(NonMaximumSuppression.apply(both, 0)).isEqualTo(both);
    }

    @Test
    void firstOfEqualAndUnknownConfidencesWins() {
        for (double confidence : new double[] {0.5, Double.NaN}) {
            Detection first = detection("cat", LEFT, confidence);
            Detection second = detection("cat", WIDE, confidence);
            assertThat(NonMaximumSuppression.apply(List.of(first, second), 0.5)).containsExactly(first);
            assertThat(NonMaximumSuppression.apply(List.of(second, first), 0.5)).containsExactly(second);
        }
        assertThat(NonMaximumSuppression.apply(
                        List.of(detection("cat", LEFT, Double.NaN), detection("cat", WIDE, 0)), 0.5))
                .containsExactly(detection("cat", WIDE, 0));
    }

    @Test
    void boxesWithoutAreaSuppressTheirDuplicates() {
        BoundingBox point = new BoundingBox(0.5, 0.5, 0.5, 0.5);
        List<Detection> both = List.of(detection("cat", point, 0.2), detection("cat", point, 0.9));

        assertThat(NonMaximumSuppression.apply(both, 0.5)).containsExactly(both.get(1));
    }

    @Test
    void rejectsLimitsOutOfRange() {
        for (double limit : new double[] {-0.1, 1.1, Double.NaN}) {
            assertThatThrownBy(() -> NonMaximumSuppression.apply(List.of(), limit))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("maxIou");
        }
    }

    @Test
    void emptyListStaysEmpty() {
        assertThat(NonMaximumSuppression.apply(List.of(), 0.5)).isEmpty();
    }

    private static Detection detection(String label, BoundingBox box, double confidence) {
        return Detection.of(label, box, 1024, 1024, confidence);
    }
}
