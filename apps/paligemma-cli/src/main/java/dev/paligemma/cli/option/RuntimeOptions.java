package dev.paligemma.cli.option;

import dev.paligemma.PaliGemmaPipeline;
import dev.paligemma.PipelineBuilder;
import dev.paligemma.cli.report.ProgressDisplay;
import dev.paligemma.engine.Precision;
import dev.paligemma.network.DecoderOptions;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** The options that choose a checkpoint and how it runs, adapters aside. */
public class RuntimeOptions extends EngineOptions {
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
}
