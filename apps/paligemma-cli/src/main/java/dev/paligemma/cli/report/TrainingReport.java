package dev.paligemma.cli.report;

import dev.paligemma.engine.machine.MainMemory;
import dev.paligemma.training.run.Evaluation;
import dev.paligemma.training.run.FineTuningListener;
import dev.paligemma.training.run.FineTuningPlan;
import dev.paligemma.training.run.FineTuningResult;
import dev.paligemma.training.run.ShownExample;
import dev.paligemma.training.run.TrainingMemory;
import dev.paligemma.training.run.UpdateReport;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** How a fine-tuning is told: while it goes on, before it begins and at its end. Confined to one thread. */
public final class TrainingReport implements FineTuningListener {
    private final ProgressDisplay progress;
    private long begin = System.nanoTime();

    /** A report whose progress goes there. */
    public TrainingReport(ProgressDisplay progress) {
        this.progress = progress;
    }

    @Override
    public void onStart(FineTuningPlan plan) {
        progress.note(String.format(
                Locale.ROOT,
                "%,d updates on %,d examples, %,d held out; %,d numbers are trained; about %s of memory%s",
                plan.updates(),
                plan.examples(),
                plan.validationExamples(),
                plan.trainedNumbers(),
                Facts.gigabytes(plan.memory().totalBytes()),
                plan.startsAfter() > 0 ? "; going on after update " + plan.startsAfter() : ""));
        MainMemory.ofThisMachine()
                .filter(memory -> memory.freeBytes() < plan.memory().totalBytes())
                .ifPresent(memory -> progress.note("only " + Facts.gigabytes(memory.freeBytes())
                        + " of memory are free; --recompute, --frozen nf4 or a smaller --batch needs less"));
        begin = System.nanoTime();
    }

    @Override
    public void onPreparation(String what, long done, long total) {
        progress.count(what + ": " + done + " of " + total, seconds(), done == total && seconds() > 1);
    }

    @Override
    public void onUpdate(UpdateReport report) {
        String line = String.format(
                Locale.ROOT,
                "update %d/%d, epoch %.1f, loss %.4f, norm %.3g, rate %.2e, %.2f examples/s, %s left",
                report.update(),
                report.updates(),
                report.epoch(),
                report.loss(),
                report.gradientNorm(),
                report.learningRate(),
                report.examplesPerSecond(),
                time(report.secondsLeft()));
        progress.count(line, seconds(), false);
    }

    private double seconds() {
        return (System.nanoTime() - begin) / 1e9;
    }

    private static String time(double seconds) {
        Duration left = Duration.ofSeconds((long) Math.ceil(seconds));
        return left.toHours() > 0
                ? String.format(Locale.ROOT, "%d:%02d h", left.toHours(), left.toMinutesPart())
                : String.format(Locale.ROOT, "%d:%02d min", left.toMinutes(), left.toSecondsPart());
    }

    @Override
    public void onEvaluation(Evaluation evaluation, boolean best) {
        progress.note("after update " + evaluation.update() + ": " + figures(evaluation) + (best ? " (best)" : ""));
    }

    private static String figures(Evaluation evaluation) {
        return evaluation.values().entrySet().stream()
                .map(each -> String.format(Locale.ROOT, "%s %.4f", each.getKey().label(), each.getValue()))
                .collect(Collectors.joining(", "));
    }

    /** What a run is going to do. */
    public static Facts facts(FineTuningPlan plan) {
        TrainingMemory memory = plan.memory();
        return new Facts()
                .add("examples", "examples", plan.examples())
                .add("held out", "validationExamples", plan.validationExamples())
                .add("updates", "updates", plan.updates())
                .add("longest example", "longestRows", plan.longestRows())
                .add("trained numbers", "trainedNumbers", plan.trainedNumbers())
                .add("frozen numbers", "frozenNumbers", plan.frozenNumbers())
                .add("frozen format", "frozen", plan.frozen().name().toLowerCase(Locale.ROOT))
                .add("recompute", "recompute", plan.recompute())
                .line("memory", "%s, estimated", Facts.gigabytes(memory.totalBytes()))
                .line("  frozen", "%s", Facts.gigabytes(memory.frozenBytes()))
                .line("  trained", "%s with gradients and moments", Facts.gigabytes(memory.trainedBytes()))
                .line("  activations", "%s", Facts.gigabytes(memory.activationBytes()))
                .line("  working", "%s", Facts.gigabytes(memory.workingBytes()))
                .value(
                        "memory",
                        new Facts()
                                .value("totalBytes", memory.totalBytes())
                                .value("frozenBytes", memory.frozenBytes())
                                .value("trainedBytes", memory.trainedBytes())
                                .value("activationBytes", memory.activationBytes())
                                .value("workingBytes", memory.workingBytes()));
    }

    /** Examples as the model sees them. */
    public static Facts facts(List<ShownExample> examples) {
        return new Facts()
                .value("examples", examples.stream().map(TrainingReport::facts).toList());
    }

    private static Facts facts(ShownExample example) {
        long prompt = example.imageRows() + (long) example.prefixTokens().size();
        return new Facts()
                .add("example", "origin", example.origin())
                .line("pictures", "%s", String.join(", ", example.pictures()))
                .value("pictures", example.pictures())
                .add("prefix", "prefix", example.prefix())
                .add("suffix", "suffix", example.suffix())
                .value("imageRows", example.imageRows())
                .line("no loss", "%d image rows, %s", example.imageRows(), String.join(" ", example.prefixTokens()))
                .value("prefixTokens", example.prefixTokens())
                .line("loss", "%s", String.join(" ", example.suffixTokens()))
                .value("suffixTokens", example.suffixTokens())
                .line("sees", "rows 0 to %d see each other; each later one sees what stands before it", prompt - 1)
                .row("");
    }

    /** What came of a run. */
    public static Facts facts(FineTuningResult result, int skipped) {
        Facts facts = new Facts();
        int made = result.losses().size();
        facts.line("updates", "%d%s", made, result.stoppedEarly() ? ", ended early" : "");
        if (made > 0) {
            facts.line(
                    "loss",
                    "%.4f at first, %.4f at last",
                    result.losses().get(0),
                    result.losses().get(made - 1));
        }
        result.best().ifPresent(best -> facts.line("best", "after update %d: %s", best.update(), figures(best)));
        if (skipped > 0) {
            facts.line("left out", "%d examples", skipped);
        }
        facts.line("seconds", "%.1f", result.seconds());
        return facts.value("updates", made)
                .value("losses", result.losses())
                .value("gradientNorms", result.gradientNorms())
                .value("learningRates", result.learningRates())
                .value(
                        "evaluations",
                        result.evaluations().stream().map(TrainingReport::facts).toList())
                .value("best", result.best().map(TrainingReport::facts).orElse(null))
                .value("stoppedEarly", result.stoppedEarly())
                .value("skipped", skipped)
                .value("seconds", result.seconds())
                .add("result", "adapter", result.folder());
    }

    private static Facts facts(Evaluation evaluation) {
        Facts facts = new Facts().value("update", evaluation.update());
        evaluation.values().forEach((metric, value) -> facts.value(metric.label(), value));
        return facts;
    }

    /** Says where a run that was stopped can be resumed. */
    public void stopped(String message) {
        progress.note(message + "; --resume goes on");
    }
}
