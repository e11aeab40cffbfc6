package dev.paligemma.examples;

import dev.paligemma.PaliGemmaPipeline;
import dev.paligemma.generation.GenerationRequest;
import dev.paligemma.task.Tasks;
import dev.paligemma.tiny.TinyModel;
import dev.paligemma.vision.RgbImage;
import dev.paligemma.vision.VideoFrames;
import java.util.Collections;
import java.util.List;

/** Examples of the documentation: several pictures in one request, and the frames of a video. */
public final class PicturesExample {
    private PicturesExample() {}

    /** Shows the bundled picture several times. The bundled model was not trained on several pictures. */
    public static void main(String[] args) {
        RgbImage image = RgbImage.read(TinyModel.picture());
        try (PaliGemmaPipeline model = PaliGemmaPipeline.load(TinyModel.folder())) {
            System.out.println(together(model, image, image));
            System.out.println(video(model, Collections.nCopies(100, image)));
        }
    }

    // region pictures
    static String together(PaliGemmaPipeline model, RgbImage first, RgbImage second) {
        GenerationRequest request = GenerationRequest.builder()
                .images(List.of(first, second))
                .prompt("caption en")
                .build();
        return model.generate(request).text();
    }
    // endregion

    // region video
    static String video(PaliGemmaPipeline model, List<RgbImage> frames) {
        GenerationRequest request = Tasks.caption("en")
                .request()
                .images(VideoFrames.sampleEvenly(frames, 4))
                .build();
        return model.generate(request).text();
    }
    // endregion
}
