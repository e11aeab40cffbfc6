package dev.paligemma.examples;

import dev.paligemma.PaliGemmaPipeline;
import dev.paligemma.engine.Precision;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options that choose a model and how it runs. */
final class ModelOptions {
    @Option(
            names = "--model",
            paramLabel = "DIR",
            description = "Checkpoint folder as downloaded from the hub (default: the bundled tiny model).")
    @Nullable
    Path model;

    @Option(
            names = "--engine",
            paramLabel = "NAME",
            description = "Engine that runs the model (default: ${DEFAULT-VALUE}).")
    String engine = "onnx";

    @Option(
            names = "--precision",
            paramLabel = "NAME",
            description = "Number format of the weights and the computation: float32, int8 or int4 (default: as the "
                    + "checkpoint is stored, float32 for those of the hub).")
    @Nullable
    Precision precision;

    @Option(
            names = "--threads",
            paramLabel = "N",
            description = "Threads of the engine (default: as many as it finds useful).")
    @Nullable
    Integer threads;

    /**
     * The checkpoint folder to use.
     *
     * @return the given folder, or the bundled model's
     */
    Path folder() {
        Path chosen = model;
        return chosen == null ? BundledModel.folder() : chosen;
    }

    /**
     * Loads the model.
     *
     * @return the pipeline; the caller closes it
     */
    PaliGemmaPipeline open() {
        PaliGemmaPipeline.Builder builder =
                PaliGemmaPipeline.builder().engine(engine).checkpoint(folder());
        Precision chosen = precision;
        if (chosen != null) {
            builder.precision(chosen);
        }
        Integer count = threads;
        if (count != null) {
            builder.threads(count);
        }
        return builder.build();
    }
}
