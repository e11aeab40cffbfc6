package dev.paligemma.examples;

import dev.paligemma.PaliGemmaPipeline;
import dev.paligemma.PipelineBuilder;
import dev.paligemma.engine.Precision;
import dev.paligemma.generation.Comparison;
import dev.paligemma.tiny.TinyModel;
import dev.paligemma.vision.RgbImage;
import java.nio.file.Path;
import java.util.List;

/** The example of the README for smaller weights: does int8 still answer as float32 does? */
public final class PrecisionExample {
    private PrecisionExample() {}

    /** Compares int8 with float32, given a checkpoint folder and a picture; without, the bundled ones. */
    public static void main(String[] args) {
        boolean given = args.length == 2;
        Path checkpoint = given ? Path.of(args[0]) : TinyModel.folder();
        compare(checkpoint, List.of(RgbImage.read(given ? Path.of(args[1]) : TinyModel.picture())));
    }

    // region smaller
    static PaliGemmaPipeline smaller(Path checkpoint) {
        return PaliGemmaPipeline.builder()
                .checkpoint(checkpoint)
                .precision(Precision.INT8)
                .build();
    }
    // endregion

    // region compare
    static void compare(Path checkpoint, List<RgbImage> pictures) {
        PipelineBuilder int8 =
                PaliGemmaPipeline.builder().checkpoint(checkpoint).precision(Precision.INT8);
        try (PaliGemmaPipeline reference = PaliGemmaPipeline.load(checkpoint);
                PaliGemmaPipeline smaller = int8.build()) {
            Comparison comparison = reference.compare(smaller, pictures, List.of("caption en", "detect word"));
            System.out.println("same tokens: " + comparison.total().tokenAgreement());
            System.out.println("same answers: " + comparison.sameAnswers());
        }
    }
    // endregion
}
