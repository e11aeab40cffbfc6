package dev.paligemma.cli.command;

import dev.paligemma.Checkpoints;
import dev.paligemma.cli.option.CheckpointOptions;
import dev.paligemma.cli.report.ProgressDisplay;
import java.nio.file.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code paligemma merge}: a checkpoint into whose weights an adapter is merged. */
@Command(
        name = "merge",
        description = {
            "Merge a LoRA adapter into the weights of its base model.",
            "Makes a checkpoint folder in Hugging Face format, with weights stored as in the base, which --model and the "
                    + "transformers library take. Prints the folder."
        },
        footer = {"", "Example:", "  paligemma merge --model paligemma-3b-pt-224 --adapter receipts --out merged"})
public final class MergeCommand implements Runnable {
    @Spec
    CommandSpec spec;

    @Mixin
    CheckpointOptions checkpoint = new CheckpointOptions();

    @Option(
            names = "--adapter",
            paramLabel = "MODEL",
            required = true,
            description = "LoRA adapter of that model, a folder saved by PEFT or the name of one on the hub.")
    String adapter;

    @Option(
            names = "--out",
            paramLabel = "DIR",
            required = true,
            description = "The folder to make; it may not exist yet, or must be empty.")
    Path out;

    @Override
    public void run() {
        try (ProgressDisplay progress = ProgressDisplay.of(spec)) {
            Path lora = checkpoint.adapter(adapter, progress);
            Path base = checkpoint.folder(progress);
            progress.step("merging " + adapter);
            Checkpoints.merge(base, lora, out);
        }
        spec.commandLine().getOut().println(out);
    }
}
