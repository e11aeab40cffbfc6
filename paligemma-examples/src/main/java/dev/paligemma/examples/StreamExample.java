package dev.paligemma.examples;

import dev.paligemma.PaliGemmaPipeline;
import dev.paligemma.generation.AnswerStream;
import dev.paligemma.generation.GenerationRequest;
import dev.paligemma.generation.GenerationResult;
import dev.paligemma.generation.RequestCancelledException;
import dev.paligemma.task.Tasks;
import dev.paligemma.tiny.TinyModel;
import dev.paligemma.vision.RgbImage;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ForkJoinPool;

/** Examples of the documentation: an answer while it is written, and one that is given up. */
public final class StreamExample {
    private StreamExample() {}

    /** Describes the bundled picture, twice. */
    public static void main(String[] args) {
        RgbImage image = RgbImage.read(TinyModel.picture());
        try (PaliGemmaPipeline model = PaliGemmaPipeline.load(TinyModel.folder())) {
            stream(model, image);
            inBackground(model, image);
        }
    }

    // region stream
    static void stream(PaliGemmaPipeline model, RgbImage image) {
        GenerationRequest request = Tasks.caption("en")
                .request()
                .image(image)
                .timeout(Duration.ofSeconds(30))
                .build();
        try (AnswerStream answer = model.stream(request)) {
            answer.forEachRemaining(piece -> System.out.print(piece.text()));
            System.out.println(" (" + answer.result().finishReason() + ")");
        } catch (RequestCancelledException e) {
            System.out.println(" ... " + e.getMessage());
        }
    }
    // endregion

    // region background
    static void inBackground(PaliGemmaPipeline model, RgbImage image) {
        CompletableFuture<GenerationResult> answer =
                model.generateAsync(GenerationRequest.of(image, "ocr"), ForkJoinPool.commonPool());
        // answer.cancel(true), from any thread, gives the request up within one token.
        System.out.println(answer.join().text());
    }
    // endregion
}
