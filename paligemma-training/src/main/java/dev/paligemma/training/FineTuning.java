package dev.paligemma.training;

import dev.paligemma.base.PaliGemmaException;
import dev.paligemma.engine.Device;
import dev.paligemma.engine.EngineOptions;
import dev.paligemma.training.data.Examples;
import dev.paligemma.training.internal.run.Pace;
import dev.paligemma.training.internal.setup.FineTuningRun;
import dev.paligemma.training.internal.setup.RunSettings;
import dev.paligemma.training.internal.state.CheckpointStore;
import dev.paligemma.training.internal.state.StateJson;
import dev.paligemma.training.recipe.Recipe;
import dev.paligemma.training.run.FineTuningException;
import dev.paligemma.training.run.FineTuningListener;
import dev.paligemma.training.run.FineTuningPlan;
import dev.paligemma.training.run.FineTuningResult;
import dev.paligemma.training.run.FineTuningStoppedException;
import dev.paligemma.training.run.Metric;
import dev.paligemma.training.run.ShownExample;
import dev.paligemma.training.run.StopSignal;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Teaches a model by examples. What comes out is an adapter, or a checkpoint if weights as a whole are trained.
 *
 * <pre>{@code
 * FineTuningResult result = FineTuning.of(base)
 *         .examples(Examples.jsonl(data.resolve("train/annotations.jsonl")))
 *         .validation(Examples.jsonl(data.resolve("valid/annotations.jsonl")))
 *         .recipe(Recipe.lora(8).learningRate(2e-4).epochs(5).batch(4).accumulate(4))
 *         .evaluateEvery(100, Metric.LOSS, Metric.EXACT_ANSWERS)
 *         .stopAfter(3)
 *         .output(Path.of("receipts-lora"))
 *         .run();
 * }</pre>
 *
 * <p>It needs the engine {@code paligemma-pytorch} on the class path. The output folder gets checkpoints while the run goes
 * on, each complete or not there, and at its end the result. A run that was ended by whatever goes on with {@link #resume} or
 * {@link #resuming}, and computes what it would have computed without the interruption.
 *
 * <p>A builder, confined to one thread; {@link #run} may be called again. Setters refuse what is out of range with an {@link
 * IllegalArgumentException}.
 */
public final class FineTuning {
    /** How many tokens an example may have if nothing else is said: {@value}. */
    public static final int MOST_TOKENS = 8192;

    private static final int SAVE_EVERY = 200;

    private final Path base;
    private @Nullable String baseName;
    private @Nullable Examples examples;
    private Optional<Examples> validation = Optional.empty();
    private Recipe recipe = Recipe.lora(8);
    private List<Metric> metrics = List.of(Metric.LOSS, Metric.TOKEN_ACCURACY, Metric.EXACT_ANSWERS);
    private int evaluateEvery;
    private int saveEvery = SAVE_EVERY;
    private int stopAfter;
    private @Nullable Path output;
    private boolean resumes;
    private Device device = Device.CPU;
    private int threads = EngineOptions.defaults().threads();
    private int mostTokens = MOST_TOKENS;
    private boolean skipBad;
    private StopSignal stop = new StopSignal();

    private FineTuning(Path base) {
        this.base = Objects.requireNonNull(base, "base");
    }

    /** Begins with a model: a folder in Hugging Face format, or a checkpoint of big_vision. */
    public static FineTuning of(Path base) {
        return new FineTuning(base);
    }

    /**
     * Goes on with the run in an output folder, with the model and the recipe that it was begun with; {@link #examples} and
     * {@link #validation} must be given again, as they were.
     *
     * @throws FineTuningException if there is no checkpoint in the folder, or it cannot be read
     */
    public static FineTuning resume(Path output) {
        Path checkpoint = CheckpointStore.newest(output)
                .orElseThrow(() -> new FineTuningException("there is no checkpoint in " + output
                        + ", so no run can be resumed there; begin one with FineTuning.of(...)"));
        StateJson begun = StateJson.read(checkpoint.resolve(CheckpointStore.STATE));
        return of(Path.of(begun.identity().base()))
                .recipe(begun.identity().recipe())
                .output(output)
                .resuming(true);
    }

    /** What the model is called in the files of an adapter, such as its name on the hub; at first its path. */
    public FineTuning baseName(String name) {
        this.baseName = Objects.requireNonNull(name, "name");
        return this;
    }

    /** The examples to learn from. */
    public FineTuning examples(Examples newExamples) {
        this.examples = Objects.requireNonNull(newExamples, "examples");
        return this;
    }

    /** The examples that are held out, by which the best state is chosen. */
    public FineTuning validation(Examples heldOut) {
        this.validation = Optional.of(heldOut);
        return this;
    }

    /** What is trained, and how; at first {@code Recipe.lora(8)}. */
    public FineTuning recipe(Recipe newRecipe) {
        this.recipe = Objects.requireNonNull(newRecipe, "recipe");
        return this;
    }

    /**
     * After how many updates the examples held out are evaluated, besides at the end, and by what: the first metric decides
     * which state is the best.
     *
     * @param updates at least 1, or 0 for at the end only
     * @param some none for loss, token accuracy and exact answers
     */
    public FineTuning evaluateEvery(int updates, Metric... some) {
        require(updates >= 0, "evaluateEvery must be at least 0", updates);
        this.evaluateEvery = updates;
        if (some.length > 0) {
            this.metrics = List.of(some).stream().distinct().toList();
        }
        return this;
    }

    /** Ends the run after so many evaluations without an improvement, at least 1, or 0 for never, as at first. */
    public FineTuning stopAfter(int evaluations) {
        require(evaluations >= 0, "stopAfter must be at least 0", evaluations);
        this.stopAfter = evaluations;
        return this;
    }

    /** After how many updates a checkpoint is written, at least 1; at first 200, and whenever ten minutes have gone by. */
    public FineTuning saveEvery(int updates) {
        require(updates >= 1, "saveEvery must be at least 1", updates);
        this.saveEvery = updates;
        return this;
    }

    /** The folder that gets checkpoints and the result: not there yet, or empty, unless a run in it is resumed. */
    public FineTuning output(Path folder) {
        this.output = Objects.requireNonNull(folder, "folder");
        return this;
    }

    /** Whether a run that is in the output folder goes on; without a checkpoint in it, it begins. */
    public FineTuning resuming(boolean on) {
        this.resumes = on;
        return this;
    }

    /** Where to compute; the CPU at first. */
    public FineTuning device(Device newDevice) {
        this.device = Objects.requireNonNull(newDevice, "device");
        return this;
    }

    /** Threads of one operation, from 1 to {@value EngineOptions#MAX_THREADS}; at first as many as there are cores. */
    public FineTuning threads(int newThreads) {
        require(
                newThreads >= 1 && newThreads <= EngineOptions.MAX_THREADS,
                "threads must be from 1 to " + EngineOptions.MAX_THREADS,
                newThreads);
        this.threads = newThreads;
        return this;
    }

    /** How many tokens an example may have, those of pictures among them, at least 1; nothing is ever cut off. */
    public FineTuning maxTokens(int most) {
        require(most >= 1, "maxTokens must be at least 1", most);
        this.mostTokens = most;
        return this;
    }

    /** Whether examples that cannot be used, as they are too long for example, are left out instead of being an error. */
    public FineTuning skipBad(boolean skip) {
        this.skipBad = skip;
        return this;
    }

    /** What ends the run from another thread. */
    public FineTuning stopSignal(StopSignal signal) {
        this.stop = Objects.requireNonNull(signal, "signal");
        return this;
    }

    /**
     * What a run would do and the memory it would take. No weights are loaded, and nothing is written.
     *
     * @throws PaliGemmaException as {@link #run}, for what is found out before weights are loaded
     */
    public FineTuningPlan plan() {
        try (FineTuningRun run = open(FineTuningListener.NONE)) {
            return run.plan();
        }
    }

    /**
     * The first examples as the model sees them.
     *
     * @param count at most so many, at least 1
     * @throws PaliGemmaException as {@link #plan}
     */
    public List<ShownExample> show(int count) {
        require(count >= 1, "count must be at least 1", count);
        try (FineTuningRun run = open(FineTuningListener.NONE)) {
            return run.view().first(count);
        }
    }

    /** As {@link #run(FineTuningListener)}, heard by nobody. */
    public FineTuningResult run() {
        return run(FineTuningListener.NONE);
    }

    /**
     * Makes the run. It takes from minutes to days; {@link #stopSignal} or an interrupt ends it.
     *
     * @param listener hears how it gets on
     * @throws FineTuningException if examples or recipe cannot be used, the output folder is in use or not empty, the run
     *     cannot be resumed as it was begun, a loss is no number, or a file cannot be written
     * @throws FineTuningStoppedException if it was stopped; a checkpoint is written then
     * @throws IllegalStateException if examples or the output folder are missing
     * @throws PaliGemmaException of another kind, if the model cannot be read or the engine fails, for want of memory for
     *     example; checkpoints that were written stay
     */
    public FineTuningResult run(FineTuningListener listener) {
        if (output == null) {
            throw new IllegalStateException("no output folder was chosen; output(...) chooses one");
        }
        try (FineTuningRun run = open(Objects.requireNonNull(listener, "listener"))) {
            return run.run();
        }
    }

    private FineTuningRun open(FineTuningListener listener) {
        Examples given = examples;
        if (given == null) {
            throw new IllegalStateException("there are no examples; examples(...) gives them");
        }
        return FineTuningRun.open(new RunSettings(
                base,
                baseName == null ? base.toString() : baseName,
                given,
                validation,
                recipe,
                metrics,
                new Pace(evaluateEvery, saveEvery, stopAfter),
                output == null ? Path.of("") : output,
                resumes,
                device,
                threads,
                mostTokens,
                skipBad,
                stop,
                listener));
    }

    private static void require(boolean condition, String rule, int got) {
        if (!condition) {
            throw new IllegalArgumentException(rule + ", got " + got);
        }
    }
}
