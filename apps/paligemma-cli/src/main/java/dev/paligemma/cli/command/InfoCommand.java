package dev.paligemma.cli.command;

import dev.paligemma.base.PaliGemmaException;
import dev.paligemma.catalog.KnownModel;
import dev.paligemma.catalog.KnownModels;
import dev.paligemma.checkpoint.Checkpoint;
import dev.paligemma.checkpoint.adapter.AdapterException;
import dev.paligemma.checkpoint.adapter.LoraAdapter;
import dev.paligemma.checkpoint.config.CheckpointException;
import dev.paligemma.checkpoint.config.PaliGemmaConfig;
import dev.paligemma.checkpoint.internal.identity.Identity;
import dev.paligemma.checkpoint.internal.identity.Kind;
import dev.paligemma.checkpoint.internal.identity.Recogniser;
import dev.paligemma.cli.option.CheckpointOptions;
import dev.paligemma.cli.report.Facts;
import dev.paligemma.cli.report.IdentityFacts;
import dev.paligemma.cli.report.ModelFacts;
import dev.paligemma.cli.report.ProgressDisplay;
import dev.paligemma.hub.FileSet;
import dev.paligemma.hub.HubModel;
import dev.paligemma.network.Networks;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code paligemma info}: what the machine and a checkpoint are, or whatever else was named, without loading weights. */
@Command(
        name = "info",
        description = {
            "Show the machine, its engines, and what a checkpoint is; weights are not loaded.",
            "Weights of a model of the hub are not downloaded for that either.",
            "Of any other file or folder it tells what that is, who wrote it, and what to do to get a model that runs.",
            "Memory needed is that of one request with one image, a short prompt and 128 written tokens.",
            "The exit code is 0 for what runs as it is given, 1 for what does not, 2 if nothing is there."
        },
        footer = {
            "",
            "Examples:",
            "  paligemma info --model paligemma2-3b-mix-224",
            "  paligemma info --model paligemma2-3b-mix-224 --adapter my-lora"
        })
public final class InfoCommand implements Callable<Integer> {
    private static final String CONFIG_FILE = "config.json";

    @Spec
    CommandSpec spec;

    @Mixin
    CheckpointOptions checkpoint = new CheckpointOptions();

    @Option(
            names = "--adapter",
            paramLabel = "MODEL",
            description =
                    "Tell what this LoRA adapter is too, a folder or the name of one on the hub, and whether it fits.")
    @Nullable
    String adapter;

    @Option(names = "--json", description = "Print one JSON object.")
    boolean json;

    /** What is told, and whether it runs. */
    private record Told(Facts facts, boolean runs) {}

    @Override
    public Integer call() {
        try (ProgressDisplay progress = ProgressDisplay.of(spec)) {
            Told told = tell(progress);
            progress.clear();
            told.facts.print(spec.commandLine().getOut(), json);
            return told.runs ? ExitCode.OK : ExitCode.SOFTWARE;
        }
    }

    private Told tell(ProgressDisplay progress) {
        HubModel absent = checkpoint.onThisMachine() == null ? checkpoint.absent() : null;
        if (absent != null) {
            return tell(absent, progress);
        }
        Path typed = checkpoint.onThisMachine();
        Path place = typed == null ? checkpoint.folder(progress) : checkpoint.given(typed, progress);
        Identity identity = Recogniser.of(place);
        boolean pages = identity.kind() == Kind.PAGE_ENCODER;
        try (Checkpoint opened = pages ? Networks.openPageEncoder(place) : Networks.open(place)) {
            Facts facts = ModelFacts.of(opened, identity, checkpoint.cacheFolder());
            String lora = adapter;
            return lora == null
                    ? new Told(facts, identity.runs())
                    : adapted(facts, identity.runs(), opened, checkpoint.adapter(lora, progress));
        } catch (CheckpointException e) {
            // What is no model at all is told by what it is; of a model, what is wrong with it.
            return new Told(IdentityFacts.of(identity, identity.kind().isRead() ? e.getMessage() : null), false);
        }
    }

    private static Told adapted(Facts facts, boolean runs, Checkpoint base, Path place) {
        Identity identity = Recogniser.of(place);
        try {
            LoraAdapter opened = LoraAdapter.open(place, base);
            Facts told = IdentityFacts.ofAdapter(identity, opened.modules().size());
            return new Told(facts.value("adapter", told), runs);
        } catch (AdapterException e) {
            Facts told = IdentityFacts.of(identity, identity.kind().isAdapter() ? e.getMessage() : null);
            return new Told(facts.value("adapter", told), false);
        }
    }

    /** Of published models nothing is downloaded, of others their sizes. */
    private Told tell(HubModel absent, ProgressDisplay progress) {
        // Of a revision that is not known the hub is asked.
        KnownModel known = KnownModels.find(absent.id())
                .filter(each ->
                        each.revisions().stream().anyMatch(one -> one.name().equals(absent.revision())))
                .orElse(null);
        if (known != null) {
            return new Told(ModelFacts.of(known), true);
        }
        Path settings = checkpoint.folder(FileSet.of(CONFIG_FILE), progress).resolve(CONFIG_FILE);
        try {
            return new Told(ModelFacts.of(absent, PaliGemmaConfig.read(settings)), true);
        } catch (PaliGemmaException e) {
            Identity identity = Recogniser.ofSettings(settings);
            Facts facts = new Facts()
                    .line("model", "%s, not downloaded", absent)
                    .value("model", absent)
                    .value("downloaded", false)
                    .all(IdentityFacts.of(identity, identity.runs() ? e.getMessage() : null));
            return new Told(facts, false);
        }
    }
}
