package dev.paligemma.djl;

import ai.djl.Device;
import dev.paligemma.PaliGemmaPipeline;
import dev.paligemma.PipelineBuilder;
import dev.paligemma.engine.Precision;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.BiConsumer;

/** Turns the loading options and the device of DJL into those of a pipeline. */
final class LoadingOptions {
    private static final Map<String, BiConsumer<PipelineBuilder, String>> OPTIONS = options();

    /** DJL reads this one before it loads a model, and leaves it among the options. */
    private static final String MODEL_NAME = "modelName";

    private LoadingOptions() {}

    private static Map<String, BiConsumer<PipelineBuilder, String>> options() {
        Map<String, BiConsumer<PipelineBuilder, String>> options = new LinkedHashMap<>();
        options.put("engine", PipelineBuilder::engine);
        options.put("precision", (builder, value) -> builder.precision(Precision.parse(value)));
        options.put("threads", (builder, value) -> builder.threads(number("threads", value)));
        options.put(
                "maxConcurrentRequests",
                (builder, value) -> builder.maxConcurrentRequests(number("maxConcurrentRequests", value)));
        options.put("cacheDirectory", (builder, value) -> builder.cacheDirectory(Path.of(value)));
        options.put("maskWeights", (builder, value) -> builder.maskWeights(Path.of(value)));
        return options;
    }

    /** A builder with the options set, without a checkpoint. */
    static PipelineBuilder builder(Map<String, ?> options, Device device) {
        PipelineBuilder builder = PaliGemmaPipeline.builder().device(device(device));
        options.forEach((name, value) -> {
            BiConsumer<PipelineBuilder, String> option = OPTIONS.get(name);
            if (option != null) {
                option.accept(builder, value.toString());
            } else if (!name.equals(MODEL_NAME)) {
                throw new IllegalArgumentException(
                        "unknown option '" + name + "', expected one of " + String.join(", ", OPTIONS.keySet()));
            }
        });
        return builder;
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
