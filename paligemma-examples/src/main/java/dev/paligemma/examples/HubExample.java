package dev.paligemma.examples;

import dev.paligemma.PaliGemmaPipeline;
import dev.paligemma.PipelineBuilder;
import dev.paligemma.engine.Precision;
import dev.paligemma.hub.DownloadProgress;
import dev.paligemma.hub.HubClient;
import dev.paligemma.hub.HubException;
import dev.paligemma.vision.RgbImage;
import java.nio.file.Path;

/** Examples of the documentation: models of the Hugging Face hub. */
public final class HubExample {
    private HubExample() {}

    /** Downloads PaliGemma, which takes gigabytes and a token, and captions the picture that is given. */
    public static void main(String[] args) {
        if (args.length != 1) {
            System.err.println("usage: HubExample PICTURE (it downloads gigabytes from huggingface.co, with a token)");
            return;
        }
        System.out.println(caption(Path.of(args[0])));
        System.out.println(
                caption(RgbImage.read(Path.of(args[0])), HubClient.builder().build()));
    }

    // region from-pretrained
    static String caption(Path picture) {
        try (PaliGemmaPipeline model = PaliGemmaPipeline.fromPretrained("google/paligemma2-3b-mix-224")) {
            return model.caption(picture);
        }
    }
    // endregion

    // region from-name-in-8-bits
    static String captionIn8Bits(Path picture) {
        PipelineBuilder builder = PaliGemmaPipeline.builder()
                .model("google/paligemma2-3b-mix-224")
                .precision(Precision.INT8);
        try (PaliGemmaPipeline model = builder.build()) {
            return model.caption(picture);
        }
    }
    // endregion

    // region hub
    static String caption(RgbImage picture, HubClient hub) {
        PipelineBuilder builder = PaliGemmaPipeline.builder()
                .model("google/paligemma-3b-mix-224")
                .revision("bfloat16") // half the size of main
                .hub(hub)
                .onDownload(HubExample::show);
        try (PaliGemmaPipeline model = builder.build()) {
            return model.caption(picture);
        } catch (HubException e) {
            return switch (e.kind()) {
                case GATED, UNAUTHORIZED -> "no access: " + e.getMessage();
                case UNREACHABLE, OFFLINE -> "no network: " + e.getMessage();
                default -> throw e;
            };
        }
    }

    static void show(DownloadProgress progress) {
        System.out.println(progress.bytesDone() + " of " + progress.bytesTotal() + " bytes");
    }
    // endregion
}
