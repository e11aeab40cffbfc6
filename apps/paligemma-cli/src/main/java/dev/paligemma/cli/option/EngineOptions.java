package dev.paligemma.cli.option;

import dev.paligemma.cli.report.ProgressDisplay;
import dev.paligemma.engine.Device;
import dev.paligemma.engine.Precision;
import dev.paligemma.retrieval.PageEncoder;
import dev.paligemma.retrieval.PageEncoderBuilder;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** The options that choose a checkpoint and what runs it. */
public class EngineOptions {
    @Mixin
    public CheckpointOptions checkpoint = new CheckpointOptions();

    @Option(
            names = "--engine",
            paramLabel = "NAME",
            description =
                    "Engine that runs the model: auto, onnx, pytorch or the slow reference; auto takes pytorch for a "
                            + "GPU and for bfloat16, else onnx (default: what the Java system property paligemma.engine says, else "
                            + "auto).")
    @Nullable
    String engine;

    @Option(
            names = "--device",
            paramLabel = "NAME",
            converter = DeviceConverter.class,
            description = "Where to compute: cpu, cuda or cuda:N for the GPU with index N (default: cpu).")
    Device device = Device.CPU;

    @Option(
            names = "--precision",
            paramLabel = "NAME",
            description =
                    "float32, bfloat16, int8 or int4; weights for the last two are converted once and kept in the cache "
                            + "(default: as the checkpoint is stored, float32 for those of the hub).")
    @Nullable
    public Precision precision;

    @Option(
            names = "--threads",
            paramLabel = "N",
            description = "Threads of the engine (default: as many as it finds useful).")
    @Nullable
    Integer threads;

    /** Begins to load a page encoder with these options; the model is left to the caller. */
    PageEncoderBuilder pageEncoder(ProgressDisplay progress) {
        PageEncoderBuilder builder = PageEncoder.builder()
                .device(device)
                .cacheDirectory(checkpoint.cacheFolder())
                .hub(checkpoint.hub.client())
                .onDownload(progress)
                .onConversion(progress);
        if (engine != null) {
            builder.engine(engine);
        }
        if (precision != null) {
            builder.precision(precision);
        }
        if (threads != null) {
            builder.threads(threads);
        }
        return builder;
    }

    /** Reads the name of a device. */
    static final class DeviceConverter implements ITypeConverter<Device> {
        @Override
        public Device convert(String text) {
            try {
                return Device.parse(text);
            } catch (IllegalArgumentException e) {
                throw new TypeConversionException(e.getMessage());
            }
        }
    }
}
