package dev.paligemma.examples;

// region describe
import dev.paligemma.PaliGemmaPipeline;
import dev.paligemma.detection.Detection;
import dev.paligemma.vision.RgbImage;
import java.nio.file.Path;

/** The example of the README: describes a picture, given a checkpoint folder and the picture. */
public final class DescribeExample {
    public static void main(String[] args) {
        try (PaliGemmaPipeline model = PaliGemmaPipeline.load(Path.of(args[0]))) {
            RgbImage image = RgbImage.read(Path.of(args[1]));
            System.out.println(model.caption(image));
            System.out.println(model.answer(image, "what word is written?"));
            for (Detection thing : model.detect(image, "word").detections()) {
                System.out.println(thing.label() + " at " + thing.pixels());
            }
        }
    }
}
// endregion
