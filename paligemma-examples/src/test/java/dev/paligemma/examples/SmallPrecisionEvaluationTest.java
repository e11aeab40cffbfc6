package dev.paligemma.examples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paligemma.PaliGemmaPipeline;
import dev.paligemma.engine.Precision;
import dev.paligemma.tiny.TinyModel;
import dev.paligemma.vision.RgbImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;
import org.junit.jupiter.api.io.TempDir;

/**
 * The bundled model in int8 and int4 is right about as many scenes as in float32. This is every third of the held-out
 * scenes; {@code docs/quality.md} has the figures for all of them, and for more than are stored here.
 */
class SmallPrecisionEvaluationTest {
    /** The largest loss, as a share of all answers. */
    private static final double INT8_LOSS = 0.005;

    private static final double INT4_LOSS = 0.02;

    private static final Path SCENES = Path.of("src", "test", "resources", "heldout");
    private static final int EVERY = 3;

    @TempDir
    Path cache;

    /**
     * @param right the share of captions, answers and texts that are equal to the letter
     * @param meanIou of the boxes
     * @param calibrationError of their confidence
     * @param kept the share of the right boxes whose confidence is at least one half
     */
    private record Scores(double right, double meanIou, double calibrationError, double kept) {}

    @Test
    void smallPrecisionsAreRightAboutAsOften(TestReporter reporter) throws IOException {
        Scores reference = evaluate(Precision.FLOAT32);
        Scores int8 = evaluate(Precision.INT8);
        Scores int4 = evaluate(Precision.INT4);
        reporter.publishEntry("float32", reference.toString());
        reporter.publishEntry("int8", int8.toString());
        reporter.publishEntry("int4", int4.toString());

        assertThat(reference.right()).isGreaterThan(0.95);
        assertThat(int8.right()).isGreaterThanOrEqualTo(reference.right() - INT8_LOSS);
        assertThat(int8.meanIou()).isGreaterThanOrEqualTo(reference.meanIou() - INT8_LOSS);
        assertThat(int4.right()).isGreaterThanOrEqualTo(reference.right() - INT4_LOSS);
        assertThat(int4.meanIou()).isGreaterThanOrEqualTo(reference.meanIou() - INT4_LOSS);
        for (Scores scores : List.of(reference, int8, int4)) {
            assertThat(scores.calibrationError()).isLessThan(0.1);
            assertThat(scores.kept()).isGreaterThan(0.95);
        }
        // If all were equal to the last digit, the small precisions would not have run.
        assertThat(List.of(int8.meanIou(), int4.meanIou())).doesNotContain(reference.meanIou());
    }

    private Scores evaluate(Precision precision) throws IOException {
        SceneScores scores = new SceneScores();
        ConfidenceScores confidence = new ConfidenceScores();
        int asked = 0;
        int right = 0;
        try (PaliGemmaPipeline pipeline = PaliGemmaPipeline.builder()
                .checkpoint(TinyModel.folder())
                .precision(precision)
                .cacheDirectory(cache)
                .build()) {
            for (Scene scene : Scene.readAll(SCENES)) {
                if (number(scene) % EVERY != 0) {
                    continue;
                }
                RgbImage picture = RgbImage.read(SCENES.resolve(scene.file()));
                String text = HeldOutEvaluation.ask(pipeline, picture, scene, confidence);
                scores.add(scene, text);
                if (!scene.kind().equals("detect")) {
                    asked++;
                    right += text.equals(scene.expected()) ? 1 : 0;
                }
            }
        }
        BoxScores boxes = confidence.asWritten();
        return new Scores((double) right / asked, scores.meanIou(), boxes.calibrationError(), boxes.kept(true, 0.5));
    }

    /** From {@code scene-042.png}. */
    private static int number(Scene scene) {
        return Integer.parseInt(scene.file().replaceAll("\\D", ""));
    }
}
