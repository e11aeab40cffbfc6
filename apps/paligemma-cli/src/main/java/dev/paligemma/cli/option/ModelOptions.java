package dev.paligemma.cli.option;

import dev.paligemma.PaliGemmaPipeline;
import dev.paligemma.PipelineBuilder;
import dev.paligemma.cli.report.ProgressDisplay;
import dev.paligemma.engine.Precision;
import dev.paligemma.network.DecoderOptions;
import dev.paligemma.retrieval.PageEncoder;
import dev.paligemma.retrieval.PageEncoderBuilder;
import dev.paligemma.retrieval.PromptLayout;
import dev.paligemma.vision.mask.MaskCodec;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options that choose a model and how it runs. */
public final class ModelOptions extends RuntimeOptions {
    @Option(
            names = "--adapter",
            paramLabel = "MODEL",
            description =
                    "LoRA adapter that answers, a folder saved by PEFT or the name of one on the hub; the model's own "
                            + "weights stay as they are.")
    @Nullable
    String adapter;

    /** Loads the model; the caller closes the pipeline. */
    public PaliGemmaPipeline open(ProgressDisplay progress) {
        return open(checkpoint.folder(progress), precision, progress);
    }

    /** As {@link #open(ProgressDisplay)}, of another checkpoint and precision; null for the checkpoint's own. */
    public PaliGemmaPipeline open(Path folder, @Nullable Precision chosen, ProgressDisplay progress) {
        PipelineBuilder builder = builder(folder, chosen, progress);
        String lora = adapter;
        if (lora == null) {
            return builder.build();
        }
        return builder.adapter(lora, checkpoint.adapter(lora, progress)).build().withAdapter(lora);
    }

    /** The mask decoder that was named, or the one in the model's folder; empty if there is none. */
    public Optional<MaskCodec> maskCodec(ProgressDisplay progress) {
        Path file =
                maskWeights == null ? checkpoint.folder(progress).resolve(PipelineBuilder.MASK_WEIGHTS) : maskWeights;
        return maskWeights != null || Files.exists(file) ? Optional.of(MaskCodec.read(file)) : Optional.empty();
    }

    /** What answers depend on, by which runs are told apart. */
    public Map<String, String> identity(ProgressDisplay progress) {
        Path folder = checkpoint.folder(progress);
        Map<String, String> identity = new LinkedHashMap<>();
        identity.put("model", checkpoint.label(folder) + " " + ContentDigest.of(folder));
        String lora = adapter;
        if (lora != null) {
            identity.put("adapter", lora + " " + ContentDigest.of(checkpoint.adapter(lora, progress)));
        }
        Precision chosen = precision;
        identity.put("precision", chosen == null ? "as stored" : chosen.name().toLowerCase(Locale.ROOT));
        if (!decoder.equals(DecoderOptions.defaults())) {
            identity.put("decoder", decoder.toString());
        }
        return identity;
    }

    /** Loads a checkpoint as a page encoder with a layout; the caller closes it. */
    public PageEncoder openPages(Path folder, PromptLayout layout, ProgressDisplay progress) {
        progress.step("loading " + checkpoint.label(folder));
        PageEncoderBuilder builder = pageEncoder(progress).checkpoint(folder).layout(layout);
        String lora = adapter;
        if (lora != null) {
            builder.adapter(checkpoint.adapter(lora, progress));
        }
        return builder.build();
    }
}
