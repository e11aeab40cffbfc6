package dev.paligemma.examples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paligemma.PaliGemmaPipeline;
import dev.paligemma.tiny.TinyModel;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The bundled model must be right about scenes it never saw; a mistake anywhere between pixels and text shows here. */
class HeldOutEvaluationTest {
    private static final double CAPTIONS = 0.90;
    private static final double ANSWERS = 0.95;
    private static final double TEXTS = 0.90;
    private static final double MEAN_IOU = 0.75;
    private static final double MEAN_MASK_IOU = 0.7;
    private static final Path SCENES = Path.of("src", "test", "resources", "heldout");

    /** What users of confidence may rely on: the error of calibration, and how many right boxes one half keeps. */
    private static final double CALIBRATION_ERROR = 0.10;

    private static final double KEPT = 0.95;

    private final ConfidenceScores confidence = new ConfidenceScores();

    @Test
    void bundledModelIsRightAboutScenesItNeverSaw() throws IOException {
        SceneScores scores;
        try (PaliGemmaPipeline pipeline = PaliGemmaPipeline.load(TinyModel.folder())) {
            scores = HeldOutEvaluation.evaluate(pipeline, SCENES, confidence);
        }

        assertThat(scores.captions()).as(scores.markdown()).isGreaterThanOrEqualTo(CAPTIONS);
        assertThat(scores.answers()).as(scores.markdown()).isGreaterThanOrEqualTo(ANSWERS);
        assertThat(scores.texts()).as(scores.markdown()).isGreaterThanOrEqualTo(TEXTS);
        assertThat(scores.meanIou()).as(scores.markdown()).isGreaterThanOrEqualTo(MEAN_IOU);
        confidenceTellsRightFromWrong();
    }

    @Test
    void bundledModelFindsTheShapesOfThingsItNeverSaw() throws IOException {
        MaskScores scores;
        try (PaliGemmaPipeline pipeline = PaliGemmaPipeline.load(TinyModel.folder())) {
            scores = HeldOutEvaluation.evaluateMasks(pipeline, SCENES, confidence);
        }

        assertThat(scores.meanIou()).as(scores.markdown()).isGreaterThanOrEqualTo(MEAN_MASK_IOU);
        confidenceTellsRightFromWrong();
    }

    private void confidenceTellsRightFromWrong() {
        String tables = confidence.markdown();
        for (BoxScores boxes : List.of(confidence.asWritten(), confidence.forced())) {
            assertThat(boxes.calibrationError()).as(tables).isLessThanOrEqualTo(CALIBRATION_ERROR);
            assertThat(boxes.kept(true, 0.5)).as(tables).isGreaterThanOrEqualTo(KEPT);
            assertThat(boxes.averagePrecision()).as(tables).isGreaterThan(0.9);
            assertThat(boxes.separation()).as(tables).isGreaterThan(0.9);
        }
    }
}
