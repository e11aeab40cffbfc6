package dev.paligemma.training.recipe;

import dev.paligemma.engine.training.FrozenFormat;
import dev.paligemma.network.DecoderOptions;
import dev.paligemma.training.data.ExampleOrder;
import dev.paligemma.training.data.LossAverage;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * All that decides what a fine-tuning computes. Immutable: each setter gives another recipe, and refuses what is out of range
 * with an {@link IllegalArgumentException}.
 *
 * <pre>{@code
 * Recipe.lora(8).learningRate(2e-4).epochs(5).batch(4).accumulate(4)
 * Recipe.decoderAndProjector().learningRate(2e-5).schedule(Schedule.linear().warmup(2))
 * Recipe.attentionOnly()
 * }</pre>
 */
public final class Recipe {
    private static final int MAX_BATCH = 1 << 16;
    private static final double LORA_RATE = 2e-4;
    private static final double FULL_RATE = 2e-5;
    private static final double ATTENTION_RATE = 0.03;
    private static final double COLAB_WARMUP = 0.1;

    /** The methods. */
    private enum Kind {
        LORA,
        DECODER_AND_PROJECTOR,
        ATTENTION
    }

    private final Settings settings;

    private Recipe(Settings settings) {
        this.settings = settings;
    }

    /** LoRA of a rank on the seven projections of each block of the decoder, with alpha twice the rank. */
    public static Recipe lora(int rank) {
        return new Recipe(new Settings(Kind.LORA, LORA_RATE)).lora(copy -> {
            copy.rank = rank;
            copy.alpha = 2.0 * rank;
        });
    }

    /** Goes on with an adapter that PEFT or this library saved; rank, alpha, targets and the like are its own. */
    public static Recipe adapter(Path folder) {
        Path initial = folder.toAbsolutePath().normalize();
        return lora(1).lora(copy -> copy.initial = initial);
    }

    /** The language model and the projector as a whole, while the image encoder stays as it is. */
    public static Recipe decoderAndProjector() {
        return new Recipe(new Settings(Kind.DECODER_AND_PROJECTOR, FULL_RATE));
    }

    /**
     * The attention of the language model by plain gradient descent, as the notebook of big_vision: rate 0.03, a cosine with a
     * warm-up of a tenth, no clipping, every example counted the same.
     */
    public static Recipe attentionOnly() {
        return new Recipe(new Settings(Kind.ATTENTION, ATTENTION_RATE))
                .optimizer(new Optimizer.Sgd())
                .schedule(Schedule.cosine().warmupShare(COLAB_WARMUP))
                .withoutClip()
                .loss(LossAverage.PER_EXAMPLE);
    }

    /** What is trained. */
    public Method method() {
        return switch (settings.kind) {
            case LORA ->
                new Method.Lora(
                        settings.rank,
                        settings.alpha,
                        settings.targets,
                        settings.towers,
                        settings.dropout,
                        settings.rankStabilised,
                        settings.dora,
                        settings.trainedProjector,
                        Optional.ofNullable(settings.initial));
            case DECODER_AND_PROJECTOR -> new Method.DecoderAndProjector();
            case ATTENTION -> new Method.AttentionOnly();
        };
    }

    /** The settings of LoRA; empty for another method. */
    public Optional<Method.Lora> lora() {
        return method() instanceof Method.Lora lora ? Optional.of(lora) : Optional.empty();
    }

    /** What LoRA's product is multiplied by, before it is divided by the rank; above 0. */
    public Recipe alpha(double alpha) {
        return lora(copy -> copy.alpha = alpha);
    }

    /** The modules that LoRA is put on; see {@link Method.Lora}. */
    public Recipe targets(List<String> targets) {
        return lora(copy -> copy.targets = List.copyOf(targets));
    }

    /** The parts of the model in which targets are looked for; at first the decoder alone. */
    public Recipe towers(Set<Tower> towers) {
        return lora(copy -> copy.towers = Set.copyOf(towers));
    }

    /** With which probability LoRA drops a number that enters it, from 0 on and below 1. At first 0. */
    public Recipe dropout(double probability) {
        return lora(copy -> copy.dropout = probability);
    }

    /** Whether LoRA's product is divided by the root of the rank instead of the rank: rsLoRA. */
    public Recipe rankStabilised(boolean on) {
        return lora(copy -> copy.rankStabilised = on);
    }

    /** Whether LoRA trains lengths of rows apart from their directions: DoRA. */
    public Recipe dora(boolean on) {
        return lora(copy -> copy.dora = on);
    }

    /** Whether the projector is trained as a whole beside LoRA. */
    public Recipe trainedProjector(boolean on) {
        return lora(copy -> copy.trainedProjector = on);
    }

    private Recipe lora(Consumer<Settings> change) {
        if (settings.kind != Kind.LORA) {
            throw new IllegalArgumentException("this is a setting of LoRA, and the recipe trains "
                    + settings.kind.name().toLowerCase(Locale.ROOT).replace('_', ' '));
        }
        Recipe changed = with(change);
        changed.method(); // it checks its numbers
        return changed;
    }

    /** Tokens of the vocabulary whose rows of the embedding are trained besides; none at first. */
    public Recipe newTokens(List<String> tokens) {
        List<String> kept = List.copyOf(tokens);
        if (kept.stream().anyMatch(String::isEmpty)) {
            throw new IllegalArgumentException("a new token must not be empty, got " + kept);
        }
        return with(copy -> copy.newTokens = kept);
    }

    /** Tokens whose rows of the embedding are trained besides. */
    public List<String> newTokens() {
        return settings.newTokens;
    }

    /** The rule that changes parameters; at first AdamW, with {@link #attentionOnly} plain gradient descent. */
    public Recipe optimizer(Optimizer optimizer) {
        Objects.requireNonNull(optimizer, "optimizer");
        return with(copy -> copy.optimizer = optimizer);
    }

    /** The rule that changes parameters. */
    public Optimizer optimizer() {
        return settings.optimizer;
    }

    /** The largest learning rate, above 0 and at most 1000. */
    public Recipe learningRate(double rate) {
        require(rate > 0 && rate <= 1000, "learningRate must be above 0 and at most 1000", rate);
        return with(copy -> copy.learningRate = rate);
    }

    /** The largest learning rate. */
    public double learningRate() {
        return settings.learningRate;
    }

    /** What a parameter loses besides in each update: {@code rate * weightDecay} of itself; from 0 to 1. */
    public Recipe weightDecay(double share) {
        require(share >= 0 && share <= 1, "weightDecay must be from 0 to 1", share);
        return with(copy -> copy.weightDecay = share);
    }

    /** What a parameter loses besides in each update. */
    public double weightDecay() {
        return settings.weightDecay;
    }

    /** How the learning rate changes; at first a cosine without a warm-up. */
    public Recipe schedule(Schedule schedule) {
        Objects.requireNonNull(schedule, "schedule");
        return with(copy -> copy.schedule = schedule);
    }

    /** How the learning rate changes. */
    public Schedule schedule() {
        return settings.schedule;
    }

    /** The largest norm of all gradients together; longer ones are shortened to it; above 0. At first 1. */
    public Recipe clip(double norm) {
        require(norm > 0 && norm < Double.POSITIVE_INFINITY, "clip must be above 0", norm);
        return with(copy -> copy.clip = OptionalDouble.of(norm));
    }

    /** The same without a limit on the norm of gradients. */
    public Recipe withoutClip() {
        return with(copy -> copy.clip = OptionalDouble.empty());
    }

    /** The largest norm of all gradients together; empty for no limit. */
    public OptionalDouble clip() {
        return settings.clip;
    }

    /** How many examples are computed at once, from 1 to 65,536. At first 4. */
    public Recipe batch(int examples) {
        require(examples >= 1 && examples <= MAX_BATCH, "batch must be from 1 to " + MAX_BATCH, examples);
        return with(copy -> copy.batch = examples);
    }

    /** How many examples are computed at once. */
    public int batch() {
        return settings.batch;
    }

    /** How many batches make one update, from 1 to 65,536. At first 1. */
    public Recipe accumulate(int batches) {
        require(batches >= 1 && batches <= MAX_BATCH, "accumulate must be from 1 to " + MAX_BATCH, batches);
        return with(copy -> copy.accumulate = batches);
    }

    /** How many batches make one update. */
    public int accumulate() {
        return settings.accumulate;
    }

    /** How many updates the run makes, at least 1; in place of epochs. */
    public Recipe steps(int updates) {
        require(updates >= 1, "steps must be at least 1", updates);
        return with(copy -> {
            copy.steps = OptionalInt.of(updates);
            copy.epochs = OptionalDouble.empty();
        });
    }

    /** How many updates the run makes; empty if epochs say how long it is. */
    public OptionalInt steps() {
        return settings.steps;
    }

    /** How often the run sees every example, above 0 and at most 100,000; in place of steps. At first 3. */
    public Recipe epochs(double epochs) {
        require(epochs > 0 && epochs <= 100_000, "epochs must be above 0 and at most 100000", epochs);
        return with(copy -> {
            copy.epochs = OptionalDouble.of(epochs);
            copy.steps = OptionalInt.empty();
        });
    }

    /** How often the run sees every example; empty if steps say how long it is. */
    public OptionalDouble epochs() {
        return settings.epochs;
    }

    /** In which order an epoch shows the examples; at first shuffled. */
    public Recipe order(ExampleOrder order) {
        Objects.requireNonNull(order, "order");
        return with(copy -> copy.order = order);
    }

    /** In which order an epoch shows the examples. */
    public ExampleOrder order() {
        return settings.order;
    }

    /** What the tokens of a batch count; at first every token the same. */
    public Recipe loss(LossAverage loss) {
        Objects.requireNonNull(loss, "loss");
        return with(copy -> copy.loss = loss);
    }

    /** What the tokens of a batch count. */
    public LossAverage loss() {
        return settings.loss;
    }

    /** Fixes all that is drawn by chance: the order of examples, first values, dropout. At first 0. */
    public Recipe seed(long seed) {
        return with(copy -> copy.seed = seed);
    }

    /** Fixes all that is drawn by chance. */
    public long seed() {
        return settings.seed;
    }

    /** Whether blocks are computed again in the backward pass, which takes a third more time and far less memory. */
    public Recipe recompute(boolean on) {
        return with(copy -> copy.recompute = on);
    }

    /** Whether blocks are computed again; empty, as at first, for: with models of a billion parameters or long prompts. */
    public Optional<Boolean> recompute() {
        return Optional.ofNullable(settings.recompute);
    }

    /** How many rows of logits exist at once, from 1 to 65,536. At first 256. */
    public Recipe headRows(int rows) {
        require(rows >= 1 && rows <= MAX_BATCH, "headRows must be from 1 to " + MAX_BATCH, rows);
        return with(copy -> copy.headRows = rows);
    }

    /** How many rows of logits exist at once. */
    public int headRows() {
        return settings.headRows;
    }

    /** How matrices are kept that are not trained; {@link FrozenFormat#NF4} with LoRA is QLoRA. */
    public Recipe frozen(FrozenFormat format) {
        Objects.requireNonNull(format, "format");
        return with(copy -> copy.frozen = format);
    }

    /**
     * How matrices are kept that are not trained; empty, as at first, for: bfloat16 if the
     * file is and the model has a billion parameters, else float32.
     */
    public Optional<FrozenFormat> frozen() {
        return Optional.ofNullable(settings.frozen);
    }

    /** Where implementations of the decoder differ: the final soft-cap above all, which changes the loss. */
    public Recipe decoder(DecoderOptions options) {
        Objects.requireNonNull(options, "options");
        return with(copy -> copy.decoder = options);
    }

    /** Where implementations of the decoder differ. */
    public DecoderOptions decoder() {
        return settings.decoder;
    }

    private Recipe with(Consumer<Settings> change) {
        Settings copy = new Settings(settings);
        change.accept(copy);
        return new Recipe(copy);
    }

    private static void require(boolean condition, String rule, Number got) {
        if (!condition) {
            throw new IllegalArgumentException(rule + ", got " + got);
        }
    }

    /** Changed only before it is in a recipe. */
    private static final class Settings {
        private final Kind kind;
        private int rank;
        private double alpha;
        private List<String> targets = Method.Lora.PROJECTIONS;
        private Set<Tower> towers = Set.of(Tower.DECODER);
        private double dropout;
        private boolean rankStabilised;
        private boolean dora;
        private boolean trainedProjector;

        @Nullable
        private Path initial;

        private Optimizer optimizer = Optimizer.AdamW.DEFAULT;
        private double learningRate;
        private double weightDecay;
        private Schedule schedule = Schedule.cosine();
        private OptionalDouble clip = OptionalDouble.of(1);
        private int batch = 4;
        private int accumulate = 1;
        private OptionalInt steps = OptionalInt.empty();
        private OptionalDouble epochs = OptionalDouble.of(3);
        private ExampleOrder order = ExampleOrder.SHUFFLED;
        private LossAverage loss = LossAverage.PER_TOKEN;
        private List<String> newTokens = List.of();
        private long seed;

        @Nullable
        private Boolean recompute;

        private int headRows = 256;

        @Nullable
        private FrozenFormat frozen;

        private DecoderOptions decoder = DecoderOptions.defaults();

        Settings(Kind kind, double learningRate) {
            this.kind = kind;
            this.learningRate = learningRate;
        }

        Settings(Settings other) {
            kind = other.kind;
            rank = other.rank;
            alpha = other.alpha;
            targets = other.targets;
            towers = other.towers;
            dropout = other.dropout;
            rankStabilised = other.rankStabilised;
            dora = other.dora;
            trainedProjector = other.trainedProjector;
            initial = other.initial;
            optimizer = other.optimizer;
            learningRate = other.learningRate;
            weightDecay = other.weightDecay;
            schedule = other.schedule;
            clip = other.clip;
            batch = other.batch;
            accumulate = other.accumulate;
            steps = other.steps;
            epochs = other.epochs;
            order = other.order;
            loss = other.loss;
            newTokens = other.newTokens;
            seed = other.seed;
            recompute = other.recompute;
            headRows = other.headRows;
            frozen = other.frozen;
            decoder = other.decoder;
        }
    }
}
