package dev.paligemma.cli.command;

import dev.paligemma.catalog.KnownModel;
import dev.paligemma.catalog.KnownModels;
import dev.paligemma.checkpoint.Checkpoint;
import dev.paligemma.checkpoint.config.PaliGemmaConfig;
import dev.paligemma.cli.option.CheckpointOptions;
import dev.paligemma.cli.report.Facts;
import dev.paligemma.cli.report.ModelFacts;
import dev.paligemma.cli.report.ProgressDisplay;
import dev.paligemma.hub.FileSet;
import dev.paligemma.hub.HubModel;
import dev.paligemma.network.Networks;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code paligemma info}: what the machine and a checkpoint are, without loading weights. */
@Command(
        name = "info",
        description = {
            "Show the machine, its engines, and what a checkpoint is; weights are not loaded.",
            "Weights of a model of the hub are not downloaded for that either.",
            "Memory needed is that of one request with one image, a short prompt and 128 written tokens."
        },
        footer = {"", "Example:", "  paligemma info --model paligemma2-3b-mix-224"})
public final class InfoCommand implements Runnable {
    private static final String CONFIG_FILE = "config.json";

    @Spec
    CommandSpec spec;

    @Mixin
    CheckpointOptions checkpoint = new CheckpointOptions();

    @Option(names = "--json", description = "Print one JSON object.")
    boolean json;

    @Override
    public void run() {
        try (ProgressDisplay progress = ProgressDisplay.of(spec)) {
            facts(progress).print(spec.commandLine().getOut(), json);
        }
    }

    private Facts facts(ProgressDisplay progress) {
        HubModel absent = checkpoint.absent();
        if (absent != null) {
            return facts(absent, progress);
        }
        try (Checkpoint opened = Networks.open(checkpoint.folder(progress))) {
            progress.clear();
            return ModelFacts.of(opened, checkpoint.cacheFolder());
        }
    }

    /** Of published models nothing is downloaded, of others their sizes. */
    private Facts facts(HubModel absent, ProgressDisplay progress) {
        // Of a revision that is not known the hub is asked.
        KnownModel known = KnownModels.find(absent.id())
                .filter(each ->
                        each.revisions().stream().anyMatch(one -> one.name().equals(absent.revision())))
                .orElse(null);
        if (known != null) {
            return ModelFacts.of(known);
        }
        PaliGemmaConfig config = PaliGemmaConfig.read(
                checkpoint.folder(FileSet.of(CONFIG_FILE), progress).resolve(CONFIG_FILE));
        progress.clear();
        return ModelFacts.of(absent, config);
    }
}
