package dev.paligemma.training.internal.figures;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.paligemma.detection.BoundingBox;
import dev.paligemma.training.internal.figures.AveragePrecision.Box;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class AveragePrecisionTest {
    /** The file is made by {@code src/reference/training/average_precision.py}, which asks pycocotools. */
    @Test
    void isThatOfPycocotools() throws IOException {
        AveragePrecision precision = new AveragePrecision();
        double expected = Double.NaN;
        for (String line : lines()) {
            String[] words = line.split(" ");
            switch (words[0]) {
                case "want" -> precision.want(Integer.parseInt(words[1]), box(words));
                case "find" -> precision.find(Integer.parseInt(words[1]), box(words), Double.parseDouble(words[7]));
                default -> expected = Double.parseDouble(words[1]);
            }
        }

        assertThat(precision.mean()).isCloseTo(expected, within(1e-12));
    }

    private static Box box(String[] words) {
        return new Box(
                words[2],
                new BoundingBox(
                        Double.parseDouble(words[3]),
                        Double.parseDouble(words[4]),
                        Double.parseDouble(words[5]),
                        Double.parseDouble(words[6])));
    }

    private static String[] lines() throws IOException {
        try (InputStream in = AveragePrecisionTest.class.getResourceAsStream("/figures/average-precision.txt")) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8).split("\n");
        }
    }

    @Test
    void nothingFoundIsZeroAndAllFoundIsOne() {
        AveragePrecision precision = new AveragePrecision();
        Box box = new Box("star", new BoundingBox(0.1, 0.1, 0.5, 0.5));
        precision.want(0, box);
        assertThat(precision.mean()).isZero();

        precision.find(0, box, Double.NaN);

        assertThat(precision.mean()).isEqualTo(1);
    }
}
