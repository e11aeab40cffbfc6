package dev.paligemma.training.internal.setup;

import dev.paligemma.checkpoint.Checkpoint;
import dev.paligemma.checkpoint.config.PaliGemmaConfig;
import dev.paligemma.engine.EngineOptions;
import dev.paligemma.engine.Precision;
import dev.paligemma.engine.spi.Engines;
import dev.paligemma.engine.training.FrozenFormat;
import dev.paligemma.engine.training.TrainingEngine;
import dev.paligemma.engine.training.TrainingOptions;
import dev.paligemma.engine.training.TrainingProgram;
import dev.paligemma.engine.weights.DType;
import dev.paligemma.engine.weights.TensorInfo;
import dev.paligemma.network.Networks;
import dev.paligemma.tokenizer.PaliGemmaTokenizer;
import dev.paligemma.training.data.Example;
import dev.paligemma.training.data.ExampleOrder;
import dev.paligemma.training.data.Examples;
import dev.paligemma.training.internal.batch.BatchPlan;
import dev.paligemma.training.internal.batch.TokenisedExample;
import dev.paligemma.training.internal.batch.TrainingTokens;
import dev.paligemma.training.internal.figures.AnswerFigures;
import dev.paligemma.training.internal.network.TrainingNetwork;
import dev.paligemma.training.internal.report.RunFiles;
import dev.paligemma.training.internal.run.TrainingLoop;
import dev.paligemma.training.internal.state.CheckpointStore;
import dev.paligemma.training.internal.state.ProgramState;
import dev.paligemma.training.internal.state.RunFolder;
import dev.paligemma.training.internal.state.RunIdentity;
import dev.paligemma.training.internal.state.RunState;
import dev.paligemma.training.internal.state.StateJson;
import dev.paligemma.training.recipe.Method;
import dev.paligemma.training.recipe.Recipe;
import dev.paligemma.training.run.FineTuningException;
import dev.paligemma.training.run.FineTuningListener;
import dev.paligemma.training.run.FineTuningPlan;
import dev.paligemma.training.run.FineTuningResult;
import dev.paligemma.training.run.Metric;
import dev.paligemma.training.run.TrainingMemory;
import java.nio.file.Path;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A fine-tuning from its settings to its result. Confined to one thread; closed by the caller. */
public final class FineTuningRun implements AutoCloseable {
    /** The only engine that trains at any speed. */
    private static final String ENGINE = "pytorch";

    /** From here on weights as they are stored and activations computed again are worth their price. */
    private static final long LARGE = 1_000_000_000;

    private static final long LONG_ROWS = 2000;

    private final RunSettings settings;
    private final Recipe recipe;
    private final Checkpoint base;
    private final PaliGemmaConfig config;
    private final PaliGemmaTokenizer tokenizer;
    private final RecipeNetwork network;
    private final TrainingTokens tokens;
    private final Examples examples;
    private final Optional<Examples> validation;
    private final BatchPlan plan;
    private final long updates;
    private final long longestRows;
    private final FrozenFormat frozen;
    private final boolean recompute;

    private FineTuningRun(RunSettings settings, Checkpoint base) {
        this.settings = settings;
        this.recipe = settings.recipe();
        this.base = base;
        this.config = base.config();
        this.tokenizer = PaliGemmaTokenizer.load(base.folder());
        requireWritable();
        Networks networks = Networks.record(config, recipe.decoder());
        this.network = RecipeNetwork.of(recipe, networks, base, tokenizer);
        this.tokens = new TrainingTokens(
                tokenizer, config.vision().patches(), config.text().sizes().vocabSize(), settings.mostTokens());
        Longest longest = new Longest(tokens);
        this.examples = settings.examples().checked(longest, settings.skipBad());
        this.examples.validate();
        this.validation = settings.validation().map(each -> each.checked(longest, settings.skipBad()));
        this.validation.ifPresent(Examples::validate);
        checkEvaluation();
        this.longestRows = longest.rows;
        boolean endless = recipe.steps().isPresent() && recipe.order() == ExampleOrder.GIVEN;
        this.plan = new BatchPlan(
                recipe.seed(), examples.size(), recipe.batch(), recipe.accumulate(), recipe.order(), endless);
        this.updates = recipe.steps().isPresent()
                ? recipe.steps().getAsInt()
                : plan.updates(recipe.epochs().orElseThrow());
        long numbers = Networks.parameterCount(config);
        this.frozen = recipe.frozen().orElseGet(() -> usualFormat(base.tensors().values(), numbers));
        this.recompute = recipe.recompute().orElse(numbers >= LARGE || longestRows >= LONG_ROWS);
    }

    /** Reads and checks all that can be checked without weights. */
    public static FineTuningRun open(RunSettings settings) {
        Checkpoint base = Networks.open(settings.base());
        try {
            return new FineTuningRun(settings, base);
        } catch (RuntimeException e) {
            base.close();
            throw e;
        }
    }

    /** How many rows the longest of some examples has. */
    private static final class Longest implements Consumer<Example> {
        private final TrainingTokens tokens;
        private long rows;

        Longest(TrainingTokens tokens) {
            this.tokens = tokens;
        }

        @Override
        public void accept(Example example) {
            TokenisedExample encoded = tokens.encode(example);
            rows = Math.max(rows, encoded.rows());
        }
    }

    private void checkEvaluation() {
        if (validation.isEmpty()
                && (settings.pace().evaluateEvery() > 0 || settings.pace().stopAfter() > 0)) {
            throw new FineTuningException("there are no examples held out to be evaluated; give some, in valid/ beside"
                    + " train/ for example, or do not ask for evaluations");
        }
        if (settings.metrics().stream().anyMatch(Metric::needsAnswers)) {
            validation.ifPresent(heldOut -> new AnswerFigures(heldOut, settings.metrics()));
        }
    }

    /** Found out before hours of training, not after. */
    private void requireWritable() {
        if (base.precision() != Precision.FLOAT32) {
            throw new FineTuningException(base.folder() + " holds weights converted for " + base.precision()
                    + ", which are not trained; take the original checkpoint");
        }
        boolean quantised = base.tensors().values().stream()
                .anyMatch(tensor -> tensor.dtype().isQuantised());
        if (isWhole() && (base.isBigVision() || quantised)) {
            throw new FineTuningException("the result of this recipe is a checkpoint in the format of the base, and "
                    + base.folder() + " is " + (quantised ? "quantised" : "an archive of big_vision")
                    + ", which is not written; train an adapter with Recipe.lora(...), or take a base in Hugging Face"
                    + " format");
        }
    }

    private ModelOutput output() {
        return new ModelOutput(network.network(), settings.baseName(), base, isWhole());
    }

    private boolean isWhole() {
        return !(recipe.method() instanceof Method.Lora);
    }

    private static FrozenFormat usualFormat(Collection<TensorInfo> tensors, long numbers) {
        for (TensorInfo tensor : tensors) {
            if (tensor.dtype() == DType.BNB_NF4) {
                return FrozenFormat.NF4;
            } else if (tensor.dtype() == DType.BNB_INT8) {
                return FrozenFormat.INT8;
            }
        }
        boolean narrow =
                tensors.stream().anyMatch(tensor -> tensor.dtype() == DType.BF16 || tensor.dtype() == DType.NPZ_BF16);
        return narrow && numbers >= LARGE ? FrozenFormat.BFLOAT16 : FrozenFormat.FLOAT32;
    }

    /** What the run is going to do. */
    public FineTuningPlan plan() {
        return plan(0);
    }

    private FineTuningPlan plan(long startsAfter) {
        TrainingNetwork trained = network.network();
        MemoryRules rules = new MemoryRules(recipe, trained, config.text(), frozen);
        long imageBytes = ImageEncoding.bytes(trained.images(), examples, validation, config);
        TrainingMemory memory = rules.of(recompute, longestRows, imageBytes);
        return new FineTuningPlan(
                examples.size(),
                validation.map(Examples::size).orElse(0),
                updates,
                startsAfter,
                longestRows,
                trained.trainedNumbers(),
                MemoryRules.frozenNumbers(trained.graph(), trained.parts().weights()),
                frozen,
                recompute,
                memory);
    }

    /** Makes the run. */
    public FineTuningResult run() {
        try (RunFolder folder = RunFolder.take(settings.output(), settings.resumes())) {
            RunIdentity identity = identity();
            Optional<Path> checkpoint = settings.resumes() ? CheckpointStore.newest(folder.path()) : Optional.empty();
            RunState state = checkpoint.map(path -> begun(path, identity)).orElseGet(RunState::new);
            settings.listener().onStart(plan(state.updates()));
            TrainingEngine engine = TrainingEngine.of(Engines.require(ENGINE)
                    .create(new EngineOptions(settings.device(), Precision.FLOAT32, settings.threads())));
            CheckpointStore store = new CheckpointStore(folder.path(), identity, output(), versions(engine));
            try (ImageEncoding images =
                            ImageEncoding.of(engine, base, network.network().images(), config, settings);
                    RunFiles files = RunFiles.open(folder.path(), state)) {
                images.encode(examples, validation);
                TrainingOptions options = new TrainingOptions(
                        frozen, recompute, recipe.headRows(), network.network().dropout());
                try (TrainingProgram program = engine.compileTraining(
                        network.network().graph(), base, network.network().parts(), options)) {
                    begin(program, checkpoint);
                    FineTuningResult result =
                            loop(program, images, store, files).run(state);
                    files.finish(result, recipe, settings.baseName(), plan(state.updates()), isWhole());
                    settings.listener().onEnd(result);
                    return result;
                }
            }
        }
    }

    private TrainingLoop loop(
            TrainingProgram program, ImageEncoding images, CheckpointStore store, FineTuningListener files) {
        ExampleUpdates batches = new ExampleUpdates(
                examples,
                tokens,
                images.batcher(),
                plan,
                recipe.loss(),
                network.network().given(),
                updates);
        return new TrainingLoop(
                program,
                recipe,
                batches,
                store,
                validation.map(heldOut -> new Figures(
                        settings,
                        new HeldOut(
                                heldOut,
                                tokens,
                                images.batcher(),
                                recipe.batch(),
                                network.network().given()),
                        output(),
                        isWhole() ? Optional.of(base) : Optional.empty())),
                settings.pace(),
                settings.stop(),
                new BothListeners(files, settings.listener()));
    }

    private void begin(TrainingProgram program, Optional<Path> checkpoint) {
        if (checkpoint.isPresent()) {
            ProgramState.read(
                    checkpoint.get().resolve(CheckpointStore.NUMBERS), CheckpointStore.hasMoments(recipe), program);
        } else {
            network.network().writeStart(program, base, recipe.seed(), network.start());
        }
    }

    private static RunState begun(Path checkpoint, RunIdentity identity) {
        StateJson found = StateJson.read(checkpoint.resolve(CheckpointStore.STATE));
        identity.difference(found.identity()).ifPresent(difference -> {
            throw new FineTuningException("the run in " + checkpoint.getParent() + " cannot be resumed: " + difference
                    + "; begin a new run in another output folder");
        });
        return found.state();
    }

    private RunIdentity identity() {
        return new RunIdentity(
                settings.base().toAbsolutePath().normalize().toString(),
                BaseHash.of(base),
                examples.source(),
                examples.fingerprint() + validation.map(Examples::fingerprint).orElse(""),
                network.description(),
                recipe,
                recipe.decoder().finalSoftcap().orElse(config.text().finalLogitSoftcap()));
    }

    private static Map<String, String> versions(TrainingEngine engine) {
        Map<String, String> versions = new LinkedHashMap<>();
        @Nullable String own = FineTuningRun.class.getPackage().getImplementationVersion();
        versions.put("paligemma", own == null ? "unknown" : own);
        versions.put(engine.name(), engine.version());
        versions.put("java", Runtime.version().toString());
        return versions;
    }

    /** The model, its tokenizer and the examples, to be looked at. */
    public ExampleView view() {
        return new ExampleView(tokenizer, tokens, examples);
    }

    @Override
    public void close() {
        base.close();
    }
}
