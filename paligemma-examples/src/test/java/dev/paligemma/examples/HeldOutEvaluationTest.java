package dev.paligemma.examples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paligemma.PaliGemmaPipeline;
import dev.paligemma.tiny.TinyModel;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** The bundled model must be right about scenes it never saw; a mistake anywhere between pixels and text shows here. */
class HeldOutEvaluationTest {
    private static final double CAPTIONS = 0.90;
    private static final double ANSWERS = 0.95;
    private static final double TEXTS = 0.90;
    private static final double MEAN_IOU = 0.75;
    private static final double MEAN_MASK_IOU = 0.7;
    private static final Path SCENES = Path.of("src", "test", "resources", "heldout");

    @Test
    void bundledModelIsRightAboutScenesItNeverSaw() throws IOException {
        SceneScores scores;
        try (PaliGemmaPipeline pipeline = PaliGemmaPipeline.load(TinyModel.folder())) {
            scores = HeldOutEvaluation.evaluate(pipeline, SCENES);
        }

        assertThat(scores.captions()).as(scores.markdown()).isGreaterThanOrEqualTo(CAPTIONS);
        assertThat(scores.answers()).as(scores.markdown()).isGreaterThanOrEqualTo(ANSWERS);
        assertThat(scores.texts()).as(scores.markdown()).isGreaterThanOrEqualTo(TEXTS);
        assertThat(scores.meanIou()).as(scores.markdown()).isGreaterThanOrEqualTo(MEAN_IOU);
    }

    @Test
    void bundledModelFindsTheShapesOfThingsItNeverSaw() throws IOException {
        MaskScores scores;
        try (PaliGemmaPipeline pipeline = PaliGemmaPipeline.load(TinyModel.folder())) {
            scores = HeldOutEvaluation.evaluateMasks(pipeline, SCENES);
        }

        assertThat(scores.meanIou()).as(scores.markdown()).isGreaterThanOrEqualTo(MEAN_MASK_IOU);
    }
}
