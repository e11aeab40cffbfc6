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
            defaultValue = "float32",
            description = "Number format of the computation (default: ${DEFAULT-VALUE}).")
    Precision precision = Precision.FLOAT32;

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
                PaliGemmaPipeline.builder().engine(engine).precision(precision).checkpoint(folder());
        Integer count = threads;
        if (count != null) {
            builder.threads(count);
        }
        return builder.build();
    }
}
