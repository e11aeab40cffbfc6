package dev.paligemma.examples;

import dev.paligemma.PaliGemmaPipeline;
import dev.paligemma.detection.Segment;
import dev.paligemma.tiny.TinyModel;
import dev.paligemma.vision.RgbImage;
import dev.paligemma.vision.mask.BitMask;
import dev.paligemma.vision.mask.CocoRle;
import dev.paligemma.vision.mask.MaskPolygon;
import java.nio.file.Path;
import java.util.List;

/** Examples of the documentation: the shapes of things. */
public final class SegmentExample {
    private SegmentExample() {}

    /**
     * Finds the shape of something on a picture.
     *
     * @param args checkpoint folder, weights of the mask decoder, picture, thing; none for the bundled model and picture
     */
    public static void main(String[] args) {
        if (args.length == 4) {
            try (PaliGemmaPipeline model = open(Path.of(args[0]), Path.of(args[1]))) {
                segment(model, RgbImage.read(Path.of(args[2])), args[3]);
            }
        } else {
            try (PaliGemmaPipeline model = PaliGemmaPipeline.load(TinyModel.folder())) {
                segment(model, RgbImage.read(TinyModel.picture()), "blue square");
            }
        }
    }

    // region mask-weights
    static PaliGemmaPipeline open(Path checkpoint, Path maskWeights) {
        return PaliGemmaPipeline.builder()
                .checkpoint(checkpoint)
                .maskWeights(maskWeights) // not needed if vae-oid.npz lies in the checkpoint's folder
                .build();
    }
    // endregion

    // region segment
    static void segment(PaliGemmaPipeline model, RgbImage image, String label) {
        for (Segment thing : model.segment(image, label).segments()) {
            if (thing.mask().isEmpty()) {
                System.out.println(thing.label() + ": a box without a mask");
                continue;
            }
            BitMask pixels = thing.bitMask(0.5).orElseThrow();
            List<MaskPolygon> outlines = pixels.polygons();
            CocoRle rle = pixels.toRle();
            System.out.println(thing.label() + ": " + pixels.area() + " pixels, " + outlines.size()
                    + " outlines, counts " + rle.compressed());
        }
    }
    // endregion
}
