package dev.paligemma.examples;

import dev.paligemma.PaliGemmaPipeline;
import dev.paligemma.constraint.TokenConstraint;
import dev.paligemma.detection.AnnotationOptions;
import dev.paligemma.detection.AnnotationOptions.ColourBy;
import dev.paligemma.detection.Annotations;
import dev.paligemma.detection.Detection;
import dev.paligemma.detection.DetectionOptions;
import dev.paligemma.detection.DetectionResult;
import dev.paligemma.detection.DetectionStream;
import dev.paligemma.task.Task;
import dev.paligemma.task.Tasks;
import dev.paligemma.tiny.TinyModel;
import dev.paligemma.vision.PixelBox;
import dev.paligemma.vision.RgbImage;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import javax.imageio.ImageIO;

/** Examples of the documentation: boxes around things. */
public final class DetectExample {
    private DetectExample() {}

    /** Finds things on the bundled picture, four times, and draws them into a file, if one is given. */
    public static void main(String[] args) throws IOException {
        RgbImage image = RgbImage.read(TinyModel.picture());
        try (PaliGemmaPipeline model = PaliGemmaPipeline.load(TinyModel.folder())) {
            detect(model, image);
            streamBoxes(model, image);
            System.out.println(choose(model, image).rawText());
            if (args.length == 1) {
                draw(model, image, Path.of(args[0]));
                drawEach(image, model.detect(image, "word").detections());
            }
        }
    }

    // region detect
    static void detect(PaliGemmaPipeline model, RgbImage image) {
        for (Detection thing : model.detect(image, "blue square", "word").detections()) {
            PixelBox box = thing.pixels();
            System.out.println(thing.label() + " at " + box.left() + "," + box.top() + " to " + box.right() + ","
                    + box.bottom() + ", confidence " + thing.confidence());
        }
    }
    // endregion

    // region detect-as-written
    static void streamBoxes(PaliGemmaPipeline model, RgbImage image) {
        try (DetectionStream things = model.streamDetections(image, "blue square", "word")) {
            things.forEachRemaining(thing -> System.out.println("found " + thing.label()));
        }
    }
    // endregion

    // region detect-options
    static DetectionResult choose(PaliGemmaPipeline model, RgbImage image) {
        List<String> labels = List.of("blue square", "word");
        TokenConstraint boxes = model.constraints().detections(labels);
        Task<DetectionResult> task = Tasks.detect(labels)
                .withOptions(DetectionOptions.defaults().withMinConfidence(0.5).withMaxIou(0.7))
                .with(request -> request.constraint(boxes));
        return model.run(task, image);
    }
    // endregion

    // region draw
    static void draw(PaliGemmaPipeline model, RgbImage image, Path png) throws IOException {
        List<Detection> found = model.detect(image, "blue square", "word").detections();
        BufferedImage drawing = Annotations.draw(image, found, List.of());
        ImageIO.write(drawing, "png", png.toFile());
    }
    // endregion

    // region draw-options
    static BufferedImage drawEach(RgbImage image, List<Detection> found) {
        AnnotationOptions options = AnnotationOptions.defaults()
                .withColourBy(ColourBy.INSTANCE)
                .withConfidence(false)
                .withLineWidth(3);
        return Annotations.draw(image, found, List.of(), options);
    }
    // endregion
}
