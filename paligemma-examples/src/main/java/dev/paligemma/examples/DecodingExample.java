package dev.paligemma.examples;

import dev.paligemma.PaliGemmaPipeline;
import dev.paligemma.constraint.GeneratedToken;
import dev.paligemma.constraint.TokenConstraint;
import dev.paligemma.constraint.TokenLogProbability;
import dev.paligemma.generation.BeamAnswer;
import dev.paligemma.generation.BeamSearch;
import dev.paligemma.generation.GenerationRequest;
import dev.paligemma.generation.GenerationResult;
import dev.paligemma.generation.Sampling;
import dev.paligemma.task.Tasks;
import dev.paligemma.tiny.TinyModel;
import dev.paligemma.vision.RgbImage;
import java.util.List;
import java.util.Locale;

/** Examples of the documentation: answers at random, the best of several, answers of a given form, and where they end. */
public final class DecodingExample {
    private DecodingExample() {}

    /** Asks for captions and words of the bundled picture. */
    public static void main(String[] args) {
        RgbImage image = RgbImage.read(TinyModel.picture());
        try (PaliGemmaPipeline model = PaliGemmaPipeline.load(TinyModel.folder())) {
            sample(model, image);
            search(model, image);
            constrain(model, image);
            stop(model, image);
        }
    }

    // region sample
    static void sample(PaliGemmaPipeline model, RgbImage image) {
        GenerationRequest request = Tasks.caption("en")
                .request()
                .image(image)
                .sampling(Sampling.temperature(0.8).topP(0.95).seed(7))
                .build();
        for (GenerationResult answer : model.generateSeveral(request, 3)) { // seeds 7, 8 and 9
            System.out.println(answer.text());
        }
    }
    // endregion

    // region beams
    static void search(PaliGemmaPipeline model, RgbImage image) {
        GenerationRequest request = GenerationRequest.of(image, "caption en");
        for (BeamAnswer answer : model.search(request, BeamSearch.of(3))) {
            System.out.println(answer.score() + " " + answer.answer().text());
        }
    }
    // endregion

    // region constraint
    static void constrain(PaliGemmaPipeline model, RgbImage image) {
        TokenConstraint menu = model.constraints().oneOf(List.of("cafe", "hotel", "school"));
        TokenConstraint fourLetters = model.constraints().matching("[a-z]{4}");
        for (TokenConstraint constraint : List.of(menu, fourLetters)) {
            GenerationRequest request = Tasks.answer("en", "what word is written?")
                    .request()
                    .image(image)
                    .constraint(constraint)
                    .build();
            GenerationResult answer = model.generate(request);
            System.out.println(answer.text() + (answer.keptMass() < 0.5 ? ", against its will" : ""));
        }
    }
    // endregion

    // region stop
    static void stop(PaliGemmaPipeline model, RgbImage image) {
        GenerationRequest request = Tasks.caption("en")
                .request()
                .image(image)
                .stop(" and ", "\n")
                .topLogProbabilities(3)
                .build();
        GenerationResult answer = model.generate(request);
        System.out.println(answer.text() + ": " + answer.finishReason());
        for (GeneratedToken token : answer.tokens()) {
            for (TokenLogProbability likely : token.mostLikely()) {
                String text = model.tokenizer().tokenOf(likely.id()).orElse("");
                System.out.printf(Locale.ROOT, "%s %.1f  ", text, likely.logProbability());
            }
            System.out.println();
        }
    }
    // endregion
}
