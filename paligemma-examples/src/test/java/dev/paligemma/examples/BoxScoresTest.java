package dev.paligemma.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.paligemma.detection.BoundingBox;
import dev.paligemma.detection.Detection;
import java.util.List;
import org.junit.jupiter.api.Test;

class BoxScoresTest {
    private static final BoundingBox HERE = new BoundingBox(0, 0, 0.5, 0.5);
    private static final BoundingBox THERE = new BoundingBox(0.5, 0.5, 1, 1);

    private final BoxScores scores = new BoxScores();

    @Test
    void boxIsRightIfItOverlapsOneOfItsLabelByHalf() {
        BoundingBox half = new BoundingBox(0, 0, 0.5, 0.25);
        BoundingBox less = new BoundingBox(0, 0, 0.5, 0.24);

        scores.add(List.of(box("cat", HERE, 1)), List.of(box("cat", half, 0.9)));
        scores.add(List.of(box("cat", HERE, 1)), List.of(box("cat", less, 0.9)));
        scores.add(List.of(box("cat", HERE, 1)), List.of(box("dog", HERE, 0.9)));

        assertThat(scores.written()).isEqualTo(3);
        assertThat(scores.count(true)).isEqualTo(1);
    }

    @Test
    void trueBoxIsFoundOnceByTheSurest() {
        scores.add(
                List.of(box("cat", HERE, 1)),
                List.of(box("cat", HERE, 0.2), box("cat", HERE, 0.8), box("cat", HERE, 0.4)));

        assertThat(scores.kept(true, 0.8)).isEqualTo(1);
        assertThat(scores.kept(false, 0.4)).isEqualTo(0.5);
        assertThat(scores.separation()).isEqualTo(1);
    }

    @Test
    void averagePrecisionIsTheAreaUnderTheCurve() {
        // Right, wrong, right, and a box that nobody found: precision 1 and 2/3, a third of the recall each.
        scores.add(List.of(box("cat", HERE, 1), box("cat", THERE, 1)), List.of(box("cat", HERE, 0.9)));
        scores.add(List.of(), List.of(box("cat", HERE, 0.8)));
        scores.add(List.of(box("cat", HERE, 1)), List.of(box("cat", HERE, 0.7)));

        assertThat(scores.averagePrecision()).isCloseTo((1 + 2 / 3.0) / 3, within(1e-12));
        assertThat(scores.separation()).isEqualTo(0.5);
    }

    @Test
    void calibrationErrorIsWeightedByBoxes() {
        scores.add(List.of(box("cat", HERE, 1)), List.of(box("cat", HERE, 0.92)));
        scores.add(List.of(), List.of(box("cat", HERE, 0.98)));
        scores.add(List.of(), List.of(box("cat", HERE, 0.3)));

        // Two at 0.95 in the mean, of which half are right; one at 0.3 that is not.
        assertThat(scores.calibrationError()).isCloseTo((2 * 0.45 + 0.3) / 3, within(1e-12));
        assertThat(scores.markdown("boxes"))
                .contains("| 0.3 to 0.4 | 0.300 | 0.000 | 1 |\n| 0.9 to 1.0 | 0.950 | 0.500 | 2 |\n");
    }

    private static Detection box(String label, BoundingBox box, double confidence) {
        return Detection.of(label, box, 1, 1, confidence);
    }
}
