package dev.paligemma.examples;

import dev.paligemma.PaliGemmaPipeline;
import dev.paligemma.detection.Detection;
import dev.paligemma.tiny.TinyModel;
import dev.paligemma.vision.RgbImage;
import java.nio.file.Path;

/** The example of the README: caption, answer, text and boxes of one picture. */
public final class CaptionExample {
    private CaptionExample() {}

    /** Describes a picture, given a checkpoint folder and a picture; without, the bundled ones. */
    public static void main(String[] args) {
        if (args.length == 2) {
            describe(Path.of(args[0]), Path.of(args[1]));
        } else {
            describe(TinyModel.folder(), TinyModel.picture());
        }
    }

    // region describe
    static void describe(Path checkpoint, Path picture) {
        RgbImage image = RgbImage.read(picture);
        try (PaliGemmaPipeline model = PaliGemmaPipeline.load(checkpoint)) {
            System.out.println(model.caption(image));
            System.out.println(model.answer(image, "what word is written?"));
            System.out.println(model.ocr(image));
            for (Detection thing : model.detect(image, "word").detections()) {
                System.out.println(thing.label() + " at " + thing.pixels());
            }
        }
    }
    // endregion
}
