package dev.paligemma.cli.command;

import dev.paligemma.cli.option.HubOptions;
import dev.paligemma.cli.report.ProgressDisplay;
import dev.paligemma.hub.FileSet;
import dev.paligemma.hub.HubModel;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code paligemma download}: a model of the hub, ahead of time. */
@Command(
        name = "download",
        description = {
            "Download a model of the Hugging Face hub, or what is missing of it.",
            "Only the files that are needed, into the cache that Python shares. Prints the folder, which --model takes as "
                    + "well as the name. Models of Google need a token: accept the terms on the model's page, then set "
                    + "HF_TOKEN or run 'hf auth login'."
        },
        footer = {
            "",
            "Examples:",
            "  paligemma download google/paligemma2-3b-mix-224",
            "  paligemma download google/paligemma-3b-mix-224 --revision bfloat16"
        })
public final class DownloadCommand implements Runnable {
    @Spec
    CommandSpec spec;

    @Parameters(
            paramLabel = "NAME",
            description = "owner/name, owner/name/folder for a model in a folder, either with @revision; or the "
                    + "address of its page.")
    String name;

    @Option(
            names = "--revision",
            paramLabel = "NAME",
            description = "Branch, tag or commit, such as bfloat16 (default: main).")
    @Nullable
    String revision;

    @Option(names = "--adapter", description = "The model is a LoRA adapter, not a checkpoint.")
    boolean adapter;

    @Mixin
    HubOptions hub = new HubOptions();

    @Override
    public void run() {
        HubModel model = HubModel.parse(name, revision);
        Path folder;
        try (ProgressDisplay progress = ProgressDisplay.of(spec)) {
            folder = hub.downloadAndCheck(model, adapter ? FileSet.ADAPTER : FileSet.CHECKPOINT, progress);
        }
        spec.commandLine().getOut().println(folder);
    }
}
