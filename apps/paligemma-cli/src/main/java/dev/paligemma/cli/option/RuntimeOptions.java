package dev.paligemma.cli.option;

import dev.paligemma.PaliGemmaPipeline;
import dev.paligemma.PipelineBuilder;
import dev.paligemma.cli.report.ProgressDisplay;
import dev.paligemma.engine.Device;
import dev.paligemma.engine.Precision;
import dev.paligemma.network.DecoderOptions;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** The options that choose a checkpoint and how it runs, adapters aside. */
public class RuntimeOptions {
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

    @Option(
            names = "--final-softcap",
            paramLabel = "CAP",
            converter = SoftcapConverter.class,
            description =
                    "Soft-cap on the logits: config for what config.json says, off for none, or a number; it changes "
                            + "probabilities, not the most likely token (default: config).")
    DecoderOptions decoder = DecoderOptions.defaults();

    /** The mask decoder's weights, from a command that has an option for them; null for those of the checkpoint. */
    @Nullable
    public Path maskWeights;

    /** Begins to load a checkpoint in a precision; null for the checkpoint's own. */
    public PipelineBuilder builder(Path folder, @Nullable Precision chosen, ProgressDisplay progress) {
        progress.step("loading " + checkpoint.label(folder));
        PipelineBuilder builder = PaliGemmaPipeline.builder()
                .device(device)
                .checkpoint(folder)
                .decoderOptions(decoder)
                .cacheDirectory(checkpoint.cacheFolder())
                .onConversion(progress);
        if (engine != null) {
            builder.engine(engine);
        }
        if (chosen != null) {
            builder.precision(chosen);
        }
        if (threads != null) {
            builder.threads(threads);
        }
        if (maskWeights != null) {
            builder.maskWeights(maskWeights);
        }
        return builder;
    }

    /** Reads which soft-cap the logits have. */
    static final class SoftcapConverter implements ITypeConverter<DecoderOptions> {
        @Override
        public DecoderOptions convert(String text) {
            try {
                return DecoderOptions.defaults().withFinalSoftcap(text);
            } catch (IllegalArgumentException e) {
                throw new TypeConversionException(e.getMessage());
            }
        }
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
