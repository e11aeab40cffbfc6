package dev.paligemma.examples;

import dev.paligemma.PaliGemmaPipeline;
import dev.paligemma.checkpoint.Checkpoint;
import dev.paligemma.checkpoint.adapter.AdapterMerger;
import dev.paligemma.checkpoint.adapter.LoraAdapter;
import dev.paligemma.generation.GenerationRequest;
import dev.paligemma.network.Networks;
import dev.paligemma.tiny.TinyModel;
import dev.paligemma.vision.RgbImage;
import java.nio.file.Path;

/** Examples of the documentation: LoRA adapters. */
public final class AdapterExample {
    private AdapterExample() {}

    /** Asks the bundled model with two adapters and without, and merges one of them: two folders of adapters, and one to make. */
    public static void main(String[] args) {
        if (args.length != 3) {
            System.err.println(
                    "usage: AdapterExample RECEIPTS SIGNS MERGED (folders of two adapters, and one to make)");
            return;
        }
        RgbImage image = RgbImage.read(TinyModel.picture());
        ask(TinyModel.folder(), Path.of(args[0]), Path.of(args[1]), image);
        merge(TinyModel.folder(), Path.of(args[0]), Path.of(args[2]));
    }

    // region adapters
    static void ask(Path base, Path receipts, Path signs, RgbImage image) {
        try (PaliGemmaPipeline model = PaliGemmaPipeline.builder()
                .checkpoint(base)
                .adapter("receipts", receipts)
                .adapter("signs", signs)
                .build()) {
            GenerationRequest request = GenerationRequest.builder()
                    .image(image)
                    .prompt("ocr")
                    .adapter("receipts")
                    .build();
            System.out.println(model.generate(request).text());
            System.out.println(model.withAdapter("signs").ocr(image)); // the same for all requests of a view
            System.out.println(model.ocr(image)); // the model as it is
        }
    }
    // endregion

    // region merge-adapter
    static void merge(Path base, Path adapter, Path merged) {
        try (Checkpoint checkpoint = Networks.open(base)) {
            AdapterMerger.merge(LoraAdapter.open(adapter, checkpoint), merged);
        }
    }
    // endregion
}
