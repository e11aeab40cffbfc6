package dev.paligemma.djl;

import ai.djl.Device;
import dev.paligemma.PaliGemmaPipeline;
import dev.paligemma.PipelineBuilder;
import dev.paligemma.engine.Precision;
import dev.paligemma.hub.HubModel;
import dev.paligemma.network.DecoderOptions;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/** Turns the loading options and the device of DJL into those of a pipeline. */
final class LoadingOptions {
    private static final String NAMES =
            "engine, precision, threads, maxConcurrentRequests, cacheDirectory, maskWeights, adapter, finalSoftcap";

    private LoadingOptions() {}

    /** A builder with the options set, without a checkpoint. */
    static PipelineBuilder builder(Map<String, ?> options, Device device) {
        PipelineBuilder builder = PaliGemmaPipeline.builder().device(device(device));
        options.forEach((name, value) -> set(builder, name, value.toString()));
        return builder;
    }

    private static void set(PipelineBuilder builder, String name, String value) {
        switch (name) {
            case "engine" -> builder.engine(value);
            case "precision" -> builder.precision(Precision.parse(value));
            case "threads" -> builder.threads(number(name, value));
            case "maxConcurrentRequests" -> builder.maxConcurrentRequests(number(name, value));
            case "cacheDirectory" -> builder.cacheDirectory(Path.of(value));
            case "maskWeights" -> builder.maskWeights(Path.of(value));
            case "adapter" -> addAdapter(builder, value);
            case "finalSoftcap" ->
                builder.decoderOptions(DecoderOptions.defaults().withFinalSoftcap(value));
            case "modelName" -> {
                // DJL reads this one before it loads a model, and leaves it among the options.
            }
            default -> throw new IllegalArgumentException("unknown option '" + name + "', expected one of " + NAMES);
        }
    }

    /** What lies on this machine comes before a model of the hub of that name. */
    private static void addAdapter(PipelineBuilder builder, String value) {
        Path folder = Path.of(value);
        if (Files.exists(folder) || !HubModel.isName(value)) {
            builder.adapter(value, folder);
        } else {
            builder.adapter(value, value);
        }
    }

    private static dev.paligemma.engine.Device device(Device device) {
        return switch (device.getDeviceType()) {
            case Device.Type.CPU -> dev.paligemma.engine.Device.CPU;
            case Device.Type.GPU -> dev.paligemma.engine.Device.cuda(device.getDeviceId());
            default -> throw new IllegalArgumentException("device must be cpu or gpu, not " + device);
        };
    }

    static int number(String name, String value) {
        try {
            return Integer.parseInt(value);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(name + " must be a number, not '" + value + "'", e);
        }
    }
}
