package dev.paligemma.examples;

import dev.paligemma.PaliGemmaPipeline;
import dev.paligemma.PipelineBuilder;
import dev.paligemma.generation.GenerationRequest;
import dev.paligemma.generation.RequestInfo;
import dev.paligemma.generation.RequestListener;
import dev.paligemma.generation.RequestOutcome;
import dev.paligemma.generation.TooManyRequestsException;
import dev.paligemma.tiny.TinyModel;
import dev.paligemma.vision.RgbImage;
import java.nio.file.Path;

/** Examples of the documentation: a pipeline that serves many users. */
public final class RequestsExample {
    private RequestsExample() {}

    /** Serves one request about the bundled picture. */
    public static void main(String[] args) {
        try (PaliGemmaPipeline model = open(TinyModel.folder())) {
            System.out.println(serve(model, RgbImage.read(TinyModel.picture())));
        }
    }

    // region requests
    static PaliGemmaPipeline open(Path checkpoint) {
        PipelineBuilder builder = PaliGemmaPipeline.builder()
                .checkpoint(checkpoint)
                .maxConcurrentRequests(2) // run side by side
                .maxWaiting(16) // wait for their turn; one more is refused at once
                .onRequest(new RequestListener() {
                    @Override
                    public void finished(RequestInfo request, RequestOutcome outcome) {
                        System.out.println(
                                request.kind() + ", waited " + request.waited().toMillis() + " of "
                                        + request.elapsed().toMillis() + " ms: " + outcome);
                    }
                });
        return builder.build();
    }

    static String serve(PaliGemmaPipeline model, RgbImage image) {
        try {
            return model.generate(GenerationRequest.of(image, "caption en")).text();
        } catch (TooManyRequestsException e) {
            return "busy, try again later"; // HTTP 429
        }
    }
    // endregion
}
