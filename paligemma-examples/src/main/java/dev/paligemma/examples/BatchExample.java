package dev.paligemma.examples;

import dev.paligemma.PaliGemmaPipeline;
import dev.paligemma.generation.GenerationRequest;
import dev.paligemma.generation.GenerationResult;
import dev.paligemma.generation.ImageEmbeddings;
import dev.paligemma.tiny.TinyModel;
import dev.paligemma.vision.RgbImage;
import java.util.List;
import java.util.stream.Stream;

/** Examples of the documentation: many requests at once. */
public final class BatchExample {
    private BatchExample() {}

    /** Asks several things about the bundled picture. */
    public static void main(String[] args) {
        RgbImage image = RgbImage.read(TinyModel.picture());
        try (PaliGemmaPipeline model = PaliGemmaPipeline.load(TinyModel.folder())) {
            ask(model, image);
        }
    }

    // region batch
    static void ask(PaliGemmaPipeline model, RgbImage image) {
        ImageEmbeddings seen = model.encode(image); // the image encoder runs once
        List<GenerationRequest> requests = Stream.of("caption en", "ocr", "answer en what word is written?")
                .map(prompt -> GenerationRequest.of(seen, prompt))
                .toList();
        for (GenerationResult answer : model.generateAll(requests, 4)) { // up to four side by side
            System.out.println(answer.text());
        }
    }
    // endregion
}
