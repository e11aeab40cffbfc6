package dev.paligemma.cli.option;

import dev.paligemma.engine.training.FrozenFormat;
import dev.paligemma.network.DecoderOptions;
import dev.paligemma.training.data.ExampleOrder;
import dev.paligemma.training.data.LossAverage;
import dev.paligemma.training.recipe.Optimizer;
import dev.paligemma.training.recipe.Recipe;
import dev.paligemma.training.recipe.Schedule;
import dev.paligemma.training.recipe.Tower;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.TypeConversionException;

/** The options that choose a recipe of fine-tuning. */
public final class RecipeOptions {
    private static final int DEFAULT_RANK = 8;

    /** What is trained. */
    enum Trained {
        LORA,
        PROJECTOR_DECODER,
        ATTENTION
    }

    /** When blocks are computed again. */
    enum Recompute {
        AUTO,
        ON,
        OFF
    }

    /** Rules of optimisers. */
    enum Rule {
        ADAMW,
        SGD
    }

    @Option(
            names = "--train",
            paramLabel = "WHAT",
            converter = TrainedConverter.class,
            description =
                    "lora: slim matrices beside the model's; projector-decoder: the language model and the projector as a "
                            + "whole; attention: the attention of the language model (default: lora).")
    Trained trained = Trained.LORA;

    @Option(names = "--lora", paramLabel = "R", description = "Rank of LoRA (default: 8).")
    @Nullable
    Integer rank;

    @Option(
            names = "--init-adapter",
            paramLabel = "ADAPTER",
            description = "Go on with an adapter that PEFT or this program saved; rank, alpha and targets are its own.")
    @Nullable
    String initialAdapter;

    @Option(
            names = "--alpha",
            paramLabel = "N",
            description = "LoRA's product counts alpha / rank (default: twice the rank).")
    @Nullable
    Double alpha;

    @Option(
            names = "--targets",
            paramLabel = "NAMES",
            split = ",",
            description =
                    "Modules with LoRA, as target_modules of PEFT: ends of names, all-linear, or one regular expression "
                            + "(default: the seven projections of each block, q_proj to down_proj).")
    @Nullable
    List<String> targets;

    @Option(
            names = "--towers",
            paramLabel = "PARTS",
            split = ",",
            description = "Where targets are looked for: decoder, projector, vision (default: decoder).")
    @Nullable
    List<Tower> towers;

    @Option(
            names = "--dropout",
            paramLabel = "P",
            description = "How often LoRA drops a number that enters it, from 0 to 1 (default: 0).")
    @Nullable
    Double dropout;

    @Option(names = "--dora", description = "Train lengths of rows apart from directions.")
    boolean dora;

    @Option(names = "--rslora", description = "Let LoRA's product count alpha / root of the rank.")
    boolean rankStabilised;

    @Option(names = "--train-projector", description = "Train the projector as a whole beside LoRA.")
    boolean trainedProjector;

    @Option(
            names = "--new-tokens",
            paramLabel = "TOKENS",
            split = ",",
            description = "Tokens of the vocabulary whose rows of the embedding are trained besides.")
    List<String> newTokens = List.of();

    @Option(
            names = "--optimizer",
            paramLabel = "NAME",
            description = "adamw or sgd (default: adamw, for --train attention sgd).")
    @Nullable
    Rule optimizer;

    @Option(
            names = "--learning-rate",
            paramLabel = "RATE",
            description = "The largest rate (default: 2e-4, for projector-decoder 2e-5, for attention 0.03).")
    @Nullable
    Double learningRate;

    @Option(names = "--beta1", paramLabel = "N", description = "AdamW's mean of gradients (default: 0.9).")
    @Nullable
    Double beta1;

    @Option(names = "--beta2", paramLabel = "N", description = "AdamW's mean of squares (default: 0.999).")
    @Nullable
    Double beta2;

    @Option(names = "--epsilon", paramLabel = "N", description = "AdamW's small number (default: 1e-8).")
    @Nullable
    Double epsilon;

    @Option(
            names = "--weight-decay",
            paramLabel = "N",
            description = "What parameters lose besides, times the rate (default: 0).")
    @Nullable
    Double weightDecay;

    @Option(
            names = "--clip",
            paramLabel = "NORM",
            description = "Largest norm of all gradients together, or off (default: 1, for attention off).")
    @Nullable
    String clip;

    @Option(
            names = "--schedule",
            paramLabel = "NAME",
            description = "How the rate goes on after the warm-up: constant, linear or cosine (default: cosine).")
    Schedule.@Nullable Shape schedule;

    @Option(
            names = "--warmup",
            paramLabel = "N",
            description =
                    "Updates of the warm-up, or below 1 a share of all (default: 0; for attention without --schedule 0.1).")
    @Nullable
    Double warmup;

    @Option(names = "--batch", paramLabel = "N", description = "Examples computed at once (default: 4).")
    @Nullable
    Integer batch;

    @Option(names = "--accumulate", paramLabel = "N", description = "Batches of an update (default: 1).")
    @Nullable
    Integer accumulate;

    @Option(names = "--steps", paramLabel = "N", description = "Updates to make, in place of --epochs.")
    @Nullable
    Integer steps;

    @Option(names = "--epochs", paramLabel = "N", description = "How often every example is seen (default: 3).")
    @Nullable
    Double epochs;

    @Option(
            names = "--order",
            paramLabel = "NAME",
            description = "Order of examples in an epoch, given or shuffled (default: shuffled).")
    @Nullable
    ExampleOrder order;

    @Option(
            names = "--loss",
            paramLabel = "NAME",
            converter = LossConverter.class,
            description = "What is averaged, per-token or per-example (default: per-token, for attention per-example).")
    @Nullable
    LossAverage loss;

    @Option(names = "--seed", paramLabel = "N", description = "Fixes all that is drawn by chance (default: 0).")
    @Nullable
    Long seed;

    @Option(
            names = "--frozen",
            paramLabel = "FORMAT",
            description =
                    "How matrices are kept that are not trained: float32, bfloat16, int8 or nf4, which with LoRA is QLoRA "
                            + "(default: as stored for models of a billion parameters, else float32).")
    @Nullable
    FrozenFormat frozen;

    @Option(
            names = "--recompute",
            paramLabel = "WHEN",
            arity = "0..1",
            fallbackValue = "on",
            description =
                    "Compute blocks again in the backward pass, which takes a third more time and far less memory: on, off "
                            + "or auto, for large models (default: auto).")
    Recompute recompute = Recompute.AUTO;

    @Option(names = "--head-rows", paramLabel = "N", description = "Rows of logits at once (default: 256).")
    @Nullable
    Integer headRows;

    @Option(
            names = "--final-softcap",
            paramLabel = "CAP",
            converter = ModelOptions.SoftcapConverter.class,
            description =
                    "Soft-cap on the logits, as when answers are written: config, off or a number (default: config).")
    DecoderOptions decoder = DecoderOptions.defaults();

    /**
     * The recipe.
     *
     * @param command for messages
     * @param adapter finds the folder of an adapter to go on with
     */
    public Recipe recipe(CommandLine command, Function<String, Path> adapter) {
        Chosen chosen = new Chosen(command, begin(command, adapter));
        chosen.set("--new-tokens", newTokens.isEmpty() ? null : newTokens, Recipe::newTokens);
        chosen.set("--alpha", alpha, Recipe::alpha);
        chosen.set("--targets", targets, Recipe::targets);
        chosen.set("--towers", towers, (recipe, parts) -> recipe.towers(EnumSet.copyOf(parts)));
        chosen.set("--dropout", dropout, Recipe::dropout);
        chosen.set("--dora", dora ? dora : null, Recipe::dora);
        chosen.set("--rslora", rankStabilised ? rankStabilised : null, Recipe::rankStabilised);
        chosen.set("--train-projector", trainedProjector ? trainedProjector : null, Recipe::trainedProjector);
        chosen.set(
                "--optimizer",
                optimizer,
                (recipe, rule) -> recipe.optimizer(rule == Rule.SGD ? new Optimizer.Sgd() : Optimizer.AdamW.DEFAULT));
        chosen.set("--beta1", beta1, (recipe, value) -> adam(recipe, value, null, null));
        chosen.set("--beta2", beta2, (recipe, value) -> adam(recipe, null, value, null));
        chosen.set("--epsilon", epsilon, (recipe, value) -> adam(recipe, null, null, value));
        chosen.set("--learning-rate", learningRate, Recipe::learningRate);
        chosen.set("--weight-decay", weightDecay, Recipe::weightDecay);
        chosen.set("--clip", clip, RecipeOptions::clipped);
        chosen.set("--schedule", schedule, (recipe, shape) -> recipe.schedule(new Schedule(shape, 0, 0)));
        chosen.set("--warmup", warmup, RecipeOptions::warmedUp);
        chosen.set("--batch", batch, Recipe::batch);
        chosen.set("--accumulate", accumulate, Recipe::accumulate);
        if (steps != null && epochs != null) {
            throw new ParameterException(
                    command, "--steps and --epochs both say how long the run is; give one of them");
        }
        chosen.set("--steps", steps, Recipe::steps);
        chosen.set("--epochs", epochs, Recipe::epochs);
        chosen.set("--order", order, Recipe::order);
        chosen.set("--loss", loss, Recipe::loss);
        chosen.set("--seed", seed, Recipe::seed);
        chosen.set("--frozen", frozen, Recipe::frozen);
        chosen.set("--recompute", recompute == Recompute.AUTO ? null : recompute == Recompute.ON, Recipe::recompute);
        chosen.set("--head-rows", headRows, Recipe::headRows);
        return chosen.recipe.decoder(decoder);
    }

    private Recipe begin(CommandLine command, Function<String, Path> adapter) {
        String initial = initialAdapter;
        if (trained != Trained.LORA && (rank != null || initial != null)) {
            throw new ParameterException(
                    command,
                    (rank != null ? "--lora" : "--init-adapter") + " is for --train lora, not for --train "
                            + trained.name().toLowerCase(Locale.ROOT).replace('_', '-'));
        }
        if (initial != null) {
            if (rank != null || alpha != null || targets != null || dora || rankStabilised || towers != null) {
                throw new ParameterException(
                        command,
                        "--init-adapter goes on with an adapter as it is: --lora, --alpha, --targets, --towers, --dora and"
                                + " --rslora are its own");
            }
            return Recipe.adapter(adapter.apply(initial));
        }
        try {
            return switch (trained) {
                case LORA -> Recipe.lora(rank == null ? DEFAULT_RANK : rank);
                case PROJECTOR_DECODER -> Recipe.decoderAndProjector();
                case ATTENTION -> Recipe.attentionOnly();
            };
        } catch (IllegalArgumentException e) {
            throw new ParameterException(command, "--lora: " + e.getMessage(), e);
        }
    }

    private static Recipe adam(Recipe recipe, @Nullable Double first, @Nullable Double second, @Nullable Double small) {
        if (!(recipe.optimizer() instanceof Optimizer.AdamW adam)) {
            throw new IllegalArgumentException("this is a setting of AdamW, and the optimizer is sgd");
        }
        return recipe.optimizer(new Optimizer.AdamW(
                first == null ? adam.beta1() : first,
                second == null ? adam.beta2() : second,
                small == null ? adam.epsilon() : small));
    }

    private static Recipe clipped(Recipe recipe, String text) {
        if (text.equalsIgnoreCase("off")) {
            return recipe.withoutClip();
        }
        try {
            return recipe.clip(Double.parseDouble(text));
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("expected a number or off, got '" + text + "'", e);
        }
    }

    private static Recipe warmedUp(Recipe recipe, double warmup) {
        if (warmup < 1) {
            return recipe.schedule(recipe.schedule().warmupShare(warmup));
        }
        if (warmup != Math.rint(warmup) || warmup > Integer.MAX_VALUE) {
            throw new IllegalArgumentException("expected a whole number of updates or a share below 1, got " + warmup);
        }
        return recipe.schedule(recipe.schedule().warmup((int) warmup));
    }

    /** A recipe that grows by the options that were given; what it refuses is told by the name of the option. */
    private static final class Chosen {
        private final CommandLine command;
        private Recipe recipe;

        Chosen(CommandLine command, Recipe recipe) {
            this.command = command;
            this.recipe = recipe;
        }

        <T> void set(String option, @Nullable T value, BiFunction<Recipe, T, Recipe> setter) {
            if (value == null) {
                return;
            }
            try {
                recipe = setter.apply(recipe, value);
            } catch (IllegalArgumentException e) {
                throw new ParameterException(command, option + ": " + e.getMessage(), e);
            }
        }
    }

    /** Reads what is trained. */
    static final class TrainedConverter implements ITypeConverter<Trained> {
        @Override
        public Trained convert(String text) {
            return constant(text, Trained.values());
        }
    }

    /** Reads what is averaged. */
    static final class LossConverter implements ITypeConverter<LossAverage> {
        @Override
        public LossAverage convert(String text) {
            return constant(text, LossAverage.values());
        }
    }

    private static <E extends Enum<E>> E constant(String text, E[] values) {
        for (E value : values) {
            if (value.name().replace('_', '-').equalsIgnoreCase(text)) {
                return value;
            }
        }
        throw new TypeConversionException("expected one of "
                + String.join(
                        ", ",
                        Arrays.stream(values)
                                .map(value ->
                                        value.name().toLowerCase(Locale.ROOT).replace('_', '-'))
                                .toList())
                + ", got '" + text + "'");
    }
}
