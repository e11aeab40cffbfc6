package dev.paligemma.examples;

import dev.paligemma.PaliGemmaPipeline;
import dev.paligemma.generation.AnswerScore;
import dev.paligemma.task.Tasks;
import dev.paligemma.tiny.TinyModel;
import dev.paligemma.vision.RgbImage;
import java.util.Comparator;
import java.util.List;

/** Examples of the documentation: how likely given answers are. */
public final class ScoreExample {
    private ScoreExample() {}

    /** Weighs two answers about the bundled picture. */
    public static void main(String[] args) {
        RgbImage image = RgbImage.read(TinyModel.picture());
        try (PaliGemmaPipeline model = PaliGemmaPipeline.load(TinyModel.folder())) {
            score(model, image);
        }
    }

    // region score
    static void score(PaliGemmaPipeline model, RgbImage image) {
        List<AnswerScore> scores =
                model.score(image, Tasks.answer("en", "what word is written?"), List.of("cafe", "hotel"));
        AnswerScore best =
                scores.stream().max(Comparator.comparing(AnswerScore::share)).orElseThrow();
        System.out.println(best.answer() + (best.share() > 0.99 ? ", certainly" : ", perhaps"));
    }
    // endregion
}
