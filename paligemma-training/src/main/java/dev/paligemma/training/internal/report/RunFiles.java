package dev.paligemma.training.internal.report;

import dev.paligemma.base.internal.FailureReason;
import dev.paligemma.training.internal.state.RunState;
import dev.paligemma.training.recipe.Recipe;
import dev.paligemma.training.run.Evaluation;
import dev.paligemma.training.run.FineTuningException;
import dev.paligemma.training.run.FineTuningListener;
import dev.paligemma.training.run.FineTuningPlan;
import dev.paligemma.training.run.FineTuningResult;
import dev.paligemma.training.run.Metric;
import dev.paligemma.training.run.UpdateReport;
import java.io.IOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What people look at during a run and afterwards: {@code metrics.csv}, {@code validation.csv} and a file of events for
 * TensorBoard, which grow, then {@code loss.svg} and {@code README.md}. Files of a run that is resumed are written anew from
 * its state, so that no update is in them twice. Confined to one thread.
 */
public final class RunFiles implements FineTuningListener, AutoCloseable {
    private static final String METRICS = "metrics.csv";
    private static final String VALIDATION = "validation.csv";
    private static final String EVENTS = "events.out.tfevents.0.paligemma";

    private final Path folder;
    private final Writer metrics;
    private final EventFile events;
    private boolean evaluated;

    private RunFiles(Path folder, Writer metrics, EventFile events) {
        this.folder = folder;
        this.metrics = metrics;
        this.events = events;
    }

    /** Begins the files with what has happened so far. */
    public static RunFiles open(Path folder, RunState state) {
        try {
            Files.deleteIfExists(folder.resolve(VALIDATION));
            Writer metrics = Files.newBufferedWriter(folder.resolve(METRICS), StandardCharsets.UTF_8);
            metrics.write("update,loss,gradientNorm,learningRate\n");
            RunFiles files = new RunFiles(folder, metrics, EventFile.create(folder.resolve(EVENTS)));
            for (int i = 0; i < state.losses().size(); i++) {
                files.add(
                        i + 1L,
                        state.losses().get(i),
                        state.norms().get(i),
                        state.rates().get(i));
            }
            for (Evaluation evaluation : state.evaluations()) {
                files.add(evaluation);
            }
            metrics.flush();
            return files;
        } catch (IOException e) {
            throw failed(folder, e);
        }
    }

    private static FineTuningException failed(Path folder, IOException e) {
        return new FineTuningException(
                "cannot write the figures of the run to " + folder + ": " + FailureReason.of(e, folder), e);
    }

    private void add(long update, double loss, double norm, double rate) throws IOException {
        metrics.write(update + "," + loss + "," + norm + "," + rate + "\n");
        Map<String, Double> numbers = new LinkedHashMap<>();
        numbers.put("train/loss", loss);
        numbers.put("train/gradientNorm", norm);
        numbers.put("train/learningRate", rate);
        events.add(update, numbers);
    }

    private void add(Evaluation evaluation) throws IOException {
        try (Writer out = evaluated
                ? Files.newBufferedWriter(folder.resolve(VALIDATION), StandardCharsets.UTF_8, StandardOpenOption.APPEND)
                : Files.newBufferedWriter(folder.resolve(VALIDATION), StandardCharsets.UTF_8)) {
            if (!evaluated) {
                out.write("update,"
                        + String.join(
                                ",",
                                evaluation.values().keySet().stream()
                                        .map(Metric::label)
                                        .toList()) + "\n");
            }
            out.write(evaluation.update() + ","
                    + String.join(
                            ",",
                            evaluation.values().values().stream()
                                    .map(String::valueOf)
                                    .toList())
                    + "\n");
        }
        evaluated = true;
        Map<String, Double> numbers = new LinkedHashMap<>();
        evaluation.values().forEach((metric, value) -> numbers.put("validation/" + metric.label(), value));
        events.add(evaluation.update(), numbers);
    }

    @Override
    public void onUpdate(UpdateReport report) {
        try {
            add(report.update(), report.loss(), report.gradientNorm(), report.learningRate());
            metrics.flush();
        } catch (IOException e) {
            throw failed(folder, e);
        }
    }

    @Override
    public void onEvaluation(Evaluation evaluation, boolean best) {
        try {
            add(evaluation);
        } catch (IOException e) {
            throw failed(folder, e);
        }
    }

    /** Writes what is about the whole run; {@code whole} says that the result is a checkpoint and no adapter. */
    public void finish(FineTuningResult result, Recipe recipe, String baseName, FineTuningPlan plan, boolean whole) {
        try {
            Files.writeString(folder.resolve("loss.svg"), LossCurve.svg(result), StandardCharsets.UTF_8);
            Files.writeString(
                    folder.resolve("README.md"),
                    ModelCard.text(result, recipe, baseName, plan, whole),
                    StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw failed(folder, e);
        }
    }

    @Override
    public void close() {
        try (Writer first = metrics;
                EventFile second = events) {
            // Both are closed, whatever happens.
        } catch (IOException e) {
            throw failed(folder, e);
        }
    }
}
