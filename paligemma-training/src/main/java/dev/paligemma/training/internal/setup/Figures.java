package dev.paligemma.training.internal.setup;

import dev.paligemma.PaliGemmaPipeline;
import dev.paligemma.PipelineBuilder;
import dev.paligemma.base.internal.FailureReason;
import dev.paligemma.base.internal.FileTrees;
import dev.paligemma.checkpoint.Checkpoint;
import dev.paligemma.engine.training.TrainingProgram;
import dev.paligemma.training.internal.figures.AnswerFigures;
import dev.paligemma.training.internal.output.CheckpointFiles;
import dev.paligemma.training.internal.run.Evaluator;
import dev.paligemma.training.internal.state.Output;
import dev.paligemma.training.run.FineTuningException;
import dev.paligemma.training.run.Metric;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/**
 * The figures that were asked for: from forward passes, and if need be from answers that a pipeline writes with the adapter
 * as it is now.
 */
final class Figures implements Evaluator {
    private static final String ADAPTER = "now";

    private final RunSettings settings;
    private final HeldOut heldOut;
    private final Optional<AnswerFigures> answers;
    private final Output output;
    private final Optional<Checkpoint> wholeBase;

    /** Figures of examples; {@code wholeBase} is the base if the result is a checkpoint and no adapter. */
    Figures(RunSettings settings, HeldOut heldOut, Output output, Optional<Checkpoint> wholeBase) {
        this.settings = settings;
        this.heldOut = heldOut;
        this.output = output;
        this.wholeBase = wholeBase;
        this.answers = settings.metrics().stream().anyMatch(Metric::needsAnswers)
                ? Optional.of(new AnswerFigures(heldOut.examples(), settings.metrics()))
                : Optional.empty();
    }

    @Override
    public List<Metric> metrics() {
        return settings.metrics();
    }

    @Override
    public Map<Metric, Double> evaluate(TrainingProgram program) {
        Map<Metric, Double> found = new EnumMap<>(heldOut.evaluate(program));
        answers.ifPresent(asked -> found.putAll(asked(asked, program)));
        Map<Metric, Double> figures = new LinkedHashMap<>();
        metrics().forEach(metric -> figures.put(metric, found.get(metric)));
        return figures;
    }

    private Map<Metric, Double> asked(AnswerFigures asked, TrainingProgram program) {
        Path folder = settings.output().toAbsolutePath().resolve(".evaluation");
        try {
            FileTrees.delete(folder);
            Path adapter = Files.createDirectories(folder.resolve("adapter"));
            output.write(program, adapter);
            PipelineBuilder builder = PaliGemmaPipeline.builder()
                    .device(settings.device())
                    .threads(settings.threads())
                    .decoderOptions(settings.recipe().decoder());
            if (wholeBase.isPresent()) {
                CheckpointFiles.write(adapter, wholeBase.get(), folder.resolve("checkpoint"));
                builder.checkpoint(folder.resolve("checkpoint"));
            } else {
                builder.checkpoint(settings.base()).adapter(ADAPTER, adapter);
            }
            BooleanSupplier stops = () ->
                    settings.stop().isRequested() || Thread.currentThread().isInterrupted();
            try (PaliGemmaPipeline pipeline = builder.build()) {
                return asked.of(wholeBase.isPresent() ? pipeline : pipeline.withAdapter(ADAPTER), stops);
            } finally {
                FileTrees.delete(folder);
            }
        } catch (IOException e) {
            throw new FineTuningException(
                    "cannot write what is evaluated to " + folder + ": " + FailureReason.of(e, folder), e);
        }
    }
}
