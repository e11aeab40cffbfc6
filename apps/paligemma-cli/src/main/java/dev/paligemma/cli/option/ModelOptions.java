package dev.paligemma.cli.option;

import dev.paligemma.PaliGemmaPipeline;
import dev.paligemma.PipelineBuilder;
import dev.paligemma.cli.report.ProgressDisplay;
import dev.paligemma.engine.Precision;
import dev.paligemma.retrieval.PageEncoder;
import dev.paligemma.retrieval.PageEncoderBuilder;
import dev.paligemma.retrieval.PromptLayout;
import java.nio.file.Path;
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
