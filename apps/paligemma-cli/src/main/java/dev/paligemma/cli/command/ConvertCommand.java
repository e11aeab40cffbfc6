package dev.paligemma.cli.command;

import dev.paligemma.Checkpoints;
import dev.paligemma.cli.option.CheckpointOptions;
import dev.paligemma.cli.report.ProgressDisplay;
import dev.paligemma.engine.Precision;
import java.nio.file.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code paligemma convert}: a checkpoint of smaller weights, made ahead of time. */
@Command(
        name = "convert",
        description = {
            "Convert a checkpoint to int8 or int4 ahead of time.",
            "Makes a folder that stands for itself and that --model takes: it can be copied to other machines and needs "
                    + "neither the original nor the cache. Prints the folder."
        },
        footer = {"", "Example:", "  paligemma convert --model paligemma2-3b-mix-224 --precision int8 --out int8"})
public final class ConvertCommand implements Runnable {
    @Spec
    CommandSpec spec;

    @Mixin
    CheckpointOptions checkpoint = new CheckpointOptions();

    @Option(names = "--precision", paramLabel = "NAME", required = true, description = "int8 or int4.")
    Precision precision;

    @Option(
            names = "--out",
            paramLabel = "DIR",
            required = true,
            description = "The folder to make; it may not exist yet, or must be empty.")
    Path out;

    @Override
    public void run() {
        try (ProgressDisplay progress = ProgressDisplay.of(spec)) {
            Checkpoints.convert(checkpoint.folder(progress), precision, out, progress);
        }
        spec.commandLine().getOut().println(out);
    }
}
