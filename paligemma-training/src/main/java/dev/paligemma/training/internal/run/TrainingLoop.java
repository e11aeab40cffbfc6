package dev.paligemma.training.internal.run;

import dev.paligemma.base.PaliGemmaException;
import dev.paligemma.engine.training.RowLosses;
import dev.paligemma.engine.training.TrainingProgram;
import dev.paligemma.engine.training.UpdateRule;
import dev.paligemma.training.internal.state.CheckpointStore;
import dev.paligemma.training.internal.state.RunState;
import dev.paligemma.training.recipe.Optimizer;
import dev.paligemma.training.recipe.Recipe;
import dev.paligemma.training.run.Evaluation;
import dev.paligemma.training.run.FineTuningException;
import dev.paligemma.training.run.FineTuningListener;
import dev.paligemma.training.run.FineTuningResult;
import dev.paligemma.training.run.FineTuningStoppedException;
import dev.paligemma.training.run.StopSignal;
import dev.paligemma.training.run.UpdateReport;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * Updates, evaluations and checkpoints in their order. What it computes follows from the state at its start and the recipe
 * alone, so that a run which is resumed makes the same updates. Confined to one thread; used once.
 */
public final class TrainingLoop {
    /** A run of long updates must not lose hours when the machine fails. */
    private static final double SECONDS_BETWEEN_CHECKPOINTS = 600;

    /** Writing checkpoints of a large model must not take longer than training. */
    private static final double SHARE_OF_CHECKPOINTS = 20;

    private static final double NANOS = 1e9;

    private final TrainingProgram program;
    private final Recipe recipe;
    private final Updates updates;
    private final CheckpointStore store;
    private final Optional<Evaluator> evaluator;
    private final Pace pace;
    private final StopSignal stop;
    private final FineTuningListener listener;

    private double examplesSeen;
    private double secondsHere;
    private double secondsSinceCheckpoint;
    private double secondsOfCheckpoint;

    /** A loop over a program that holds the state to begin with. */
    public TrainingLoop(
            TrainingProgram program,
            Recipe recipe,
            Updates updates,
            CheckpointStore store,
            Optional<Evaluator> evaluator,
            Pace pace,
            StopSignal stop,
            FineTuningListener listener) {
        this.program = program;
        this.recipe = recipe;
        this.updates = updates;
        this.store = store;
        this.evaluator = evaluator;
        this.pace = pace;
        this.stop = stop;
        this.listener = listener;
    }

    /**
     * Makes all updates that the state lacks, and puts the best state, without evaluations the last one, into the folder.
     *
     * @throws FineTuningException if a loss is no number, or a checkpoint cannot be written
     * @throws FineTuningStoppedException if the run was asked to end; a checkpoint is written then
     */
    public FineTuningResult run(RunState state) {
        try {
            advance(state);
        } catch (PaliGemmaException | UncheckedIOException e) {
            // An interrupt makes whatever reads a file fail; parameters are those of the last update.
            if (e instanceof FineTuningStoppedException || !isStopped()) {
                throw e;
            }
            program.clearGradients();
            throw stopped(state);
        }
        save(state);
        Optional<Evaluation> best = state.best();
        store.publish(best.map(Evaluation::update).orElse(state.updates()));
        return new FineTuningResult(
                state.losses(),
                state.norms(),
                state.rates(),
                state.evaluations(),
                best,
                state.updates() < updates.count(),
                store.folder(),
                state.seconds());
    }

    private void advance(RunState state) {
        // A run that was stopped while it evaluated does so now.
        if (isEvaluationDue(state)) {
            evaluate(state);
        }
        while (state.updates() < updates.count() && !endsEarly(state)) {
            if (isStopped()) {
                throw stopped(state);
            }
            update(state);
            boolean best = isEvaluationDue(state) && evaluate(state);
            if (best || isDue(pace.saveEvery(), state) || isOverdue()) {
                save(state);
            }
        }
    }

    private boolean isStopped() {
        return stop.isRequested() || Thread.currentThread().isInterrupted();
    }

    private boolean isEvaluationDue(RunState state) {
        boolean due = isDue(pace.evaluateEvery(), state) || state.updates() == updates.count();
        boolean done = state.evaluations().stream().anyMatch(evaluation -> evaluation.update() == state.updates());
        return evaluator.isPresent() && due && !done && state.updates() > 0;
    }

    private static boolean isDue(long every, RunState state) {
        return every > 0 && state.updates() % every == 0;
    }

    private boolean isOverdue() {
        return secondsSinceCheckpoint
                > Math.max(SECONDS_BETWEEN_CHECKPOINTS, SHARE_OF_CHECKPOINTS * secondsOfCheckpoint);
    }

    private boolean endsEarly(RunState state) {
        return pace.stopAfter() > 0 && state.evaluationsSinceBest() >= pace.stopAfter();
    }

    private void update(RunState state) {
        long begin = System.nanoTime();
        long number = state.updates();
        List<LabelledBatch> batches = updates.batches(number);
        double loss = 0;
        for (LabelledBatch batch : batches) {
            RowLosses rows = program.step(batch.batch());
            double part = batch.weighted(rows);
            if (!Double.isFinite(part)) {
                throw broken(number, "the loss is " + part, batch.suspect(rows));
            }
            loss += part;
        }
        double rate = recipe.learningRate() * recipe.schedule().factor(number, updates.count());
        double norm = program.update(rule(rate, number + 1));
        if (!Double.isFinite(norm)) {
            String all = String.join(
                    "; ",
                    batches.stream().flatMap(batch -> batch.origins().stream()).toList());
            throw broken(number, "the norm of the gradients is " + norm, all);
        }
        state.addUpdate(loss, norm, rate);
        double seconds = (System.nanoTime() - begin) / NANOS;
        state.addSeconds(seconds);
        secondsHere += seconds;
        secondsSinceCheckpoint += seconds;
        int examples =
                batches.stream().mapToInt(batch -> batch.origins().size()).sum();
        examplesSeen += examples;
        report(state, examples);
    }

    private void report(RunState state, int examples) {
        long made = state.updates();
        double perSecond = secondsHere > 0 ? examplesSeen / secondsHere : 0;
        double left = perSecond > 0 ? (double) (updates.count() - made) * examples / perSecond : 0;
        listener.onUpdate(new UpdateReport(
                made,
                updates.count(),
                updates.epochs(made),
                last(state.losses()),
                last(state.norms()),
                last(state.rates()),
                perSecond,
                left));
    }

    private static double last(List<Double> numbers) {
        return numbers.get(numbers.size() - 1);
    }

    private UpdateRule rule(double rate, long number) {
        double clip = recipe.clip().orElse(Double.POSITIVE_INFINITY);
        return recipe.optimizer() instanceof Optimizer.AdamW adam
                ? new UpdateRule.AdamW(
                        rate, adam.beta1(), adam.beta2(), adam.epsilon(), recipe.weightDecay(), clip, number)
                : new UpdateRule.Sgd(rate, recipe.weightDecay(), clip);
    }

    private FineTuningException broken(long number, String what, String examples) {
        program.clearGradients();
        String kept = CheckpointStore.newest(store.folder())
                .map(path -> "the last checkpoint is " + path)
                .orElse("there is no checkpoint yet");
        return new FineTuningException("update " + (number + 1) + ": " + what + ", with " + examples + "; " + kept
                + "; a lower learningRate, a clip of the gradients or a longer warm-up helps, unless the example is"
                + " wrong");
    }

    private boolean evaluate(RunState state) {
        Evaluation evaluation =
                new Evaluation(state.updates(), evaluator.orElseThrow().evaluate(program));
        boolean best = state.addEvaluation(evaluation);
        listener.onEvaluation(evaluation, best);
        return best;
    }

    /** An interrupt closes files that are being written, so it waits until they are. */
    private Path save(RunState state) {
        boolean interrupted = Thread.interrupted();
        long begin = System.nanoTime();
        boolean isNew = CheckpointStore.newest(store.folder())
                .filter(path -> CheckpointStore.updatesOf(path) == state.updates())
                .isEmpty();
        Path checkpoint;
        try {
            checkpoint = store.save(program, state, updates.epochs(state.updates()));
        } catch (FineTuningException e) {
            if (!Thread.interrupted()) {
                throw e;
            }
            interrupted = true;
            checkpoint = store.save(program, state, updates.epochs(state.updates()));
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
        secondsOfCheckpoint = (System.nanoTime() - begin) / NANOS;
        secondsSinceCheckpoint = 0;
        if (isNew) {
            listener.onCheckpoint(checkpoint);
        }
        return checkpoint;
    }

    private FineTuningStoppedException stopped(RunState state) {
        Path checkpoint = save(state);
        return new FineTuningStoppedException(
                "the run was stopped after update " + state.updates() + " of " + updates.count()
                        + "; it can be resumed from " + checkpoint,
                checkpoint);
    }
}
