package dev.paligemma.spark;

import dev.paligemma.PaliGemmaPipeline;
import dev.paligemma.PipelineBuilder;
import dev.paligemma.catalog.KnownModels;
import dev.paligemma.catalog.MemoryEstimate;
import dev.paligemma.checkpoint.Checkpoint;
import dev.paligemma.engine.Device;
import dev.paligemma.engine.Precision;
import dev.paligemma.hub.HubModel;
import dev.paligemma.network.Networks;
import java.io.Serializable;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Which pipeline an executor needs. Two equal keys are one pipeline. Immutable; it travels to the executors.
 *
 * @param model a folder that every node has, or else a name of the hub
 * @param engine null for the one that device and precision choose
 * @param adapter a folder or a name of the hub, as of the model; null for none
 * @param maskWeights the file of the mask decoder; null for the one beside the model
 * @param threads null for the cores of the executor
 */
record ModelKey(
        String model,
        @Nullable String engine,
        Precision precision,
        @Nullable String adapter,
        @Nullable String maskWeights,
        @Nullable Integer threads)
        implements Serializable {
    private static final long serialVersionUID = 1L;

    /** What is neither a folder here nor a name of the hub is taken for a folder, whose absence the error then names. */
    PaliGemmaPipeline load(Device device, int cores) {
        PipelineBuilder builder = PaliGemmaPipeline.builder().device(device).precision(precision);
        if (isOfHub(model)) {
            builder.model(model);
        } else {
            builder.checkpoint(Path.of(model));
        }
        if (engine != null) {
            builder.engine(engine);
        }
        if (adapter != null) {
            if (isOfHub(adapter)) {
                builder.adapter(adapter, adapter);
            } else {
                builder.adapter(adapter, Path.of(adapter));
            }
        }
        if (maskWeights != null) {
            builder.maskWeights(Path.of(maskWeights));
        }
        if (threads != null || cores > 0) {
            builder.threads(threads != null ? threads : cores);
        }
        return builder.build();
    }

    /** What the model takes, as far as that is known without loading it. */
    Optional<MemoryEstimate> memory() {
        try {
            if (isOfHub(model)) {
                return KnownModels.find(model).map(known -> known.memory(precision));
            }
            try (Checkpoint checkpoint = Networks.open(Path.of(model))) {
                return Optional.of(MemoryEstimate.of(checkpoint.config(), precision));
            }
        } catch (RuntimeException e) {
            // Loading will say what is wrong with it.
            return Optional.empty();
        }
    }

    private static boolean isOfHub(String name) {
        try {
            return !Files.exists(Path.of(name)) && HubModel.isName(name);
        } catch (InvalidPathException e) {
            return HubModel.isName(name);
        }
    }
}
