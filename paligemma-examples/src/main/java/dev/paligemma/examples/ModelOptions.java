package dev.paligemma.examples;

import dev.paligemma.PaliGemmaPipeline;
import dev.paligemma.engine.Precision;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The options that choose a model and how it runs. */
final class ModelOptions {
    @Mixin
    CheckpointOptions checkpoint = new CheckpointOptions();

    @Option(
            names = "--engine",
            paramLabel = "NAME",
            description = "Engine that runs the model (default: ${DEFAULT-VALUE}).")
    String engine = "onnx";

    @Option(
            names = "--precision",
            paramLabel = "NAME",
            description = "float32, int8 or int4; weights for the last two are converted once and kept in the cache "
                    + "(default: as the checkpoint is stored, float32 for those of the hub).")
    @Nullable
    Precision precision;

    @Option(
            names = "--threads",
            paramLabel = "N",
            description = "Threads of the engine (default: as many as it finds useful).")
    @Nullable
    Integer threads;

    @Option(
            names = "--adapter",
            paramLabel = "DIR",
            description =
                    "LoRA adapter that answers, a folder saved by PEFT; the model's own weights stay as they are.")
    @Nullable
    Path adapter;

    /** The mask decoder's weights, from a command that has an option for them; null for those of the checkpoint. */
    @Nullable
    Path maskWeights;

    /**
     * Loads the model.
     *
     * @param progress hears of what takes time
     * @return the pipeline; the caller closes it
     */
    PaliGemmaPipeline open(ProgressDisplay progress) {
        return open(checkpoint.folder(), precision, progress);
    }

    /**
     * Loads another model in another precision with the other options the same.
     *
     * @param folder the checkpoint
     * @param chosen the precision; null for the one of the checkpoint
     * @param progress hears of what takes time
     * @return the pipeline; the caller closes it
     */
    PaliGemmaPipeline open(Path folder, @Nullable Precision chosen, ProgressDisplay progress) {
        progress.step("loading " + folder.getFileName());
        PaliGemmaPipeline.Builder builder = PaliGemmaPipeline.builder()
                .engine(engine)
                .checkpoint(folder)
                .cacheDirectory(checkpoint.cacheFolder())
                .onConversion(progress);
        if (chosen != null) {
            builder.precision(chosen);
        }
        Integer count = threads;
        if (count != null) {
            builder.threads(count);
        }
        Path masks = maskWeights;
        if (masks != null) {
            builder.maskWeights(masks);
        }
        Path lora = adapter;
        if (lora == null) {
            return builder.build();
        }
        String name = lora.toString();
        return builder.adapter(name, lora).build().withAdapter(name);
    }
}
