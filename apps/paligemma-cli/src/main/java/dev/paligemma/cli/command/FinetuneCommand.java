package dev.paligemma.cli.command;

import dev.paligemma.cli.demo.StarDemo;
import dev.paligemma.cli.option.CheckpointOptions;
import dev.paligemma.cli.option.ExampleOptions;
import dev.paligemma.cli.option.RecipeOptions;
import dev.paligemma.cli.option.TrainingDevice;
import dev.paligemma.cli.report.Facts;
import dev.paligemma.cli.report.ProgressDisplay;
import dev.paligemma.cli.report.TrainingReport;
import dev.paligemma.hub.HubModel;
import dev.paligemma.training.FineTuning;
import dev.paligemma.training.data.Examples;
import dev.paligemma.training.recipe.Recipe;
import dev.paligemma.training.run.FineTuningResult;
import dev.paligemma.training.run.FineTuningStoppedException;
import dev.paligemma.training.run.Metric;
import dev.paligemma.training.run.StopSignal;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code paligemma finetune}: a model that learns from examples. */
@Command(
        name = "finetune",
        description = {
            "Teach a model by examples: LoRA, QLoRA, or weights as a whole.",
            "The examples are train/annotations.jsonl in the folder of --data, one JSON object a line with 'image', 'prefix' "
                    + "(what is asked) and 'suffix' (what is to be answered), pictures beside it; valid/ holds some out. "
                    + "The folder of --out gets checkpoints, and at the end an adapter that --adapter and PEFT take, or "
                    + "a checkpoint that --model takes. Ctrl-C writes a checkpoint first; --resume goes on."
        },
        footer = {
            "",
            "Examples:",
            "  paligemma finetune --demo --out star",
            "  paligemma finetune --model google/paligemma2-3b-pt-224 --data receipts \\",
            "      --lora 8 --epochs 5 --accumulate 4 --out receipts-lora",
            "  paligemma finetune --model paligemma2-3b-pt-224 --data receipts --show 3"
        })
public final class FinetuneCommand implements Runnable {
    @Spec
    CommandSpec spec;

    @Mixin
    CheckpointOptions checkpoint = new CheckpointOptions();

    @Mixin
    ExampleOptions examples = new ExampleOptions();

    @Option(
            names = "--out",
            paramLabel = "DIR",
            description = "The folder to make; empty or not there yet, unless --resume is given.")
    @Nullable
    Path out;

    @Option(names = "--demo", description = "Teach the bundled model a star, and show before and after.")
    boolean demo;

    @Mixin
    RecipeOptions recipe = new RecipeOptions();

    @Option(
            names = "--resume",
            description = "Go on with the run in --out; give the same options as when it was begun.")
    boolean resume;

    @Option(
            names = "--evaluate-every",
            paramLabel = "N",
            description = "Updates between evaluations of valid/ (default: at the end only).")
    int evaluateEvery;

    @Option(
            names = "--metrics",
            paramLabel = "NAMES",
            split = ",",
            description =
                    "What is evaluated, the first decides which state is best: loss, token-accuracy, exact-answers; and by "
                            + "writing answers mean-average-precision, box-iou, mask-iou (default: the first three).")
    List<String> metrics = List.of();

    @Option(
            names = "--stop-after",
            paramLabel = "N",
            description = "End after so many evaluations without an improvement (default: never).")
    int stopAfter;

    @Option(
            names = "--save-every",
            paramLabel = "N",
            description = "Updates between checkpoints (default: 200, and every ten minutes).")
    @Nullable
    Integer saveEvery;

    @Option(
            names = "--show",
            paramLabel = "N",
            description = "Show N examples as the model sees them, and train nothing.")
    @Nullable
    Integer show;

    @Option(names = "--dry-run", description = "Say what would be done and how much memory it takes.")
    boolean dryRun;

    @Mixin
    TrainingDevice machine = new TrainingDevice();

    @Option(
            names = "--json",
            description = "Print one JSON object, with the losses and norms of all updates, as the last line.")
    boolean json;

    @Override
    public void run() {
        try (ProgressDisplay progress = ProgressDisplay.of(spec)) {
            Facts facts = demo ? demo(progress) : finetune(progress);
            progress.clear();
            facts.print(spec.commandLine().getOut(), json);
        }
    }

    private Facts demo(ProgressDisplay progress) {
        if (examples.data() != null) {
            throw new ParameterException(spec.commandLine(), "--demo draws its own pictures; leave --data out");
        }
        if (checkpoint.model() != null) {
            throw new ParameterException(spec.commandLine(), "--demo is for the bundled model; leave --model out");
        }
        StarDemo star = new StarDemo(checkpoint.folder(progress), required("--out", out), progress);
        return star.run(machine::on);
    }

    private Facts finetune(ProgressDisplay progress) {
        Path folder = required("--data", examples.data());
        Examples train = examples.train(folder, spec.commandLine());
        Optional<Examples> valid = examples.valid(folder);
        Path base = checkpoint.folder(progress);
        Recipe chosen = recipe.recipe(spec.commandLine(), typed -> checkpoint.adapter(typed, progress));
        FineTuning tuning = machine.on(FineTuning.of(base))
                .examples(train)
                .recipe(chosen)
                .skipBad(examples.skipsBad())
                .resuming(resume);
        valid.ifPresent(tuning::validation);
        String model = checkpoint.model();
        if (model != null && HubModel.isName(model)) {
            tuning.baseName(model);
        }
        set("--max-tokens", examples.maxTokens(), tuning::maxTokens);
        set("--save-every", saveEvery, tuning::saveEvery);
        set("--stop-after", stopAfter, tuning::stopAfter);
        set("--evaluate-every", evaluateEvery, every -> tuning.evaluateEvery(every, metrics()));
        if (show != null) {
            if (show < 1) {
                throw new ParameterException(spec.commandLine(), "--show must be at least 1, got " + show);
            }
            return TrainingReport.facts(tuning.show(show));
        }
        if (dryRun) {
            return TrainingReport.facts(tuning.plan());
        }
        tuning.output(required("--out", out));
        int skipped = train.skipped() + valid.map(Examples::skipped).orElse(0);
        return TrainingReport.facts(run(tuning, new TrainingReport(progress)), skipped);
    }

    private Metric[] metrics() {
        try {
            return metrics.stream().map(Metric::named).toArray(Metric[]::new);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), "--metrics: " + e.getMessage(), e);
        }
    }

    private <T> void set(String option, @Nullable T value, Consumer<T> setter) {
        if (value == null) {
            return;
        }
        try {
            setter.accept(value);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), option + ": " + e.getMessage(), e);
        }
    }

    private <T> T required(String option, @Nullable T value) {
        if (value == null) {
            throw new ParameterException(spec.commandLine(), "Missing required option: '" + option + "=DIR'");
        }
        return value;
    }

    /** A signal to end the process lets the run write a checkpoint first. */
    private static FineTuningResult run(FineTuning tuning, TrainingReport report) {
        StopSignal stop = new StopSignal();
        try (LastCheckpoint ignored = LastCheckpoint.before(stop)) {
            return tuning.stopSignal(stop).run(report);
        } catch (FineTuningStoppedException e) {
            report.stopped(String.valueOf(e.getMessage()));
            throw e;
        }
    }
}
