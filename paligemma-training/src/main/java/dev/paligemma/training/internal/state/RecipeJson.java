package dev.paligemma.training.internal.state;

import dev.paligemma.base.internal.JsonObject;
import dev.paligemma.engine.training.FrozenFormat;
import dev.paligemma.network.DecoderOptions;
import dev.paligemma.training.data.ExampleOrder;
import dev.paligemma.training.data.LossAverage;
import dev.paligemma.training.recipe.Method;
import dev.paligemma.training.recipe.Optimizer;
import dev.paligemma.training.recipe.Recipe;
import dev.paligemma.training.recipe.Schedule;
import dev.paligemma.training.recipe.Tower;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** A recipe as a JSON object and back. Stateless. */
public final class RecipeJson {
    private static final int MAX_COUNT = Integer.MAX_VALUE;
    private static final double MAX_NUMBER = 1e300;

    /** What says only how long a run is; with a constant rate it may change. */
    private static final Set<String> LENGTH = Set.of("steps", "epochs");

    /** What changes how a result is computed and, but for the last digits, not the result. */
    private static final Set<String> TRADES = Set.of("recompute", "headRows");

    private RecipeJson() {}

    /** Every setting by its name. */
    public static Map<String, @Nullable Object> of(Recipe recipe) {
        Map<String, @Nullable Object> json = new LinkedHashMap<>();
        Method method = recipe.method();
        if (method instanceof Method.Lora lora) {
            json.put("method", "lora");
            json.put("rank", lora.rank());
            json.put("alpha", lora.alpha());
            json.put("targets", lora.targets());
            json.put(
                    "towers",
                    lora.towers().stream().map(RecipeJson::name).sorted().toList());
            json.put("dropout", lora.dropout());
            json.put("rankStabilised", lora.rankStabilised());
            json.put("dora", lora.dora());
            json.put("trainedProjector", lora.trainedProjector());
            json.put("initialAdapter", lora.initial().map(Path::toString).orElse(null));
        } else {
            json.put("method", method instanceof Method.AttentionOnly ? "attention" : "decoderAndProjector");
        }
        json.put("newTokens", recipe.newTokens());
        if (recipe.optimizer() instanceof Optimizer.AdamW adam) {
            json.put("optimizer", "adamw");
            json.put("beta1", adam.beta1());
            json.put("beta2", adam.beta2());
            json.put("epsilon", adam.epsilon());
        } else {
            json.put("optimizer", "sgd");
        }
        json.put("learningRate", recipe.learningRate());
        json.put("weightDecay", recipe.weightDecay());
        json.put("schedule", name(recipe.schedule().shape()));
        json.put("warmupSteps", recipe.schedule().warmupSteps());
        json.put("warmupShare", recipe.schedule().warmupShare());
        json.put("clip", recipe.clip().isPresent() ? (Object) recipe.clip().getAsDouble() : null);
        json.put("batch", recipe.batch());
        json.put("accumulate", recipe.accumulate());
        json.put("steps", recipe.steps().isPresent() ? (Object) recipe.steps().getAsInt() : null);
        json.put(
                "epochs", recipe.epochs().isPresent() ? (Object) recipe.epochs().getAsDouble() : null);
        json.put("order", name(recipe.order()));
        json.put("loss", name(recipe.loss()));
        json.put("seed", recipe.seed());
        json.put("recompute", recipe.recompute().orElse(null));
        json.put("headRows", recipe.headRows());
        json.put("frozen", recipe.frozen().map(RecipeJson::name).orElse(null));
        OptionalDouble cap = recipe.decoder().finalSoftcap();
        json.put("finalSoftcap", cap.isPresent() ? (Object) cap.getAsDouble() : null);
        json.put("slidingWindow", recipe.decoder().slidingWindow());
        return json;
    }

    /** The recipe of an object. */
    static Recipe read(JsonObject json) {
        Recipe recipe = method(json);
        recipe = recipe.newTokens(strings(json, "newTokens"));
        recipe = recipe.optimizer(
                "sgd".equals(json.stringOrNull("optimizer"))
                        ? new Optimizer.Sgd()
                        : new Optimizer.AdamW(number(json, "beta1"), number(json, "beta2"), number(json, "epsilon")));
        recipe = recipe.learningRate(number(json, "learningRate"))
                .weightDecay(number(json, "weightDecay"))
                .schedule(new Schedule(
                        constant(json, "schedule", Schedule.Shape.class),
                        json.integer("warmupSteps", 0, 0, MAX_COUNT),
                        number(json, "warmupShare")))
                .batch(json.integer("batch", 1, 1, MAX_COUNT))
                .accumulate(json.integer("accumulate", 1, 1, MAX_COUNT))
                .order(constant(json, "order", ExampleOrder.class))
                .loss(constant(json, "loss", LossAverage.class))
                .headRows(json.integer("headRows", 1, 1, MAX_COUNT))
                .seed(json.members().get("seed") instanceof Long seed ? seed : 0);
        recipe = json.has("clip") ? recipe.clip(number(json, "clip")) : recipe.withoutClip();
        recipe = json.has("steps")
                ? recipe.steps(json.integer("steps", 1, 1, MAX_COUNT))
                : recipe.epochs(number(json, "epochs"));
        if (json.has("recompute")) {
            recipe = recipe.recompute(json.bool("recompute", false));
        }
        if (json.has("frozen")) {
            recipe = recipe.frozen(constant(json, "frozen", FrozenFormat.class));
        }
        Double cap = json.numberOrNull("finalSoftcap", 0, MAX_NUMBER);
        return recipe.decoder(new DecoderOptions(
                cap == null ? OptionalDouble.empty() : OptionalDouble.of(cap), json.bool("slidingWindow", true)));
    }

    private static Recipe method(JsonObject json) {
        String method = Objects.requireNonNullElse(json.stringOrNull("method"), "");
        switch (method) {
            case "attention" -> {
                return Recipe.attentionOnly();
            }
            case "decoderAndProjector" -> {
                return Recipe.decoderAndProjector();
            }
            case "lora" -> {
                String initial = json.stringOrNull("initialAdapter");
                int rank = json.integer("rank", 1, 1, MAX_COUNT);
                Recipe lora = initial == null ? Recipe.lora(rank) : Recipe.adapter(Path.of(initial));
                EnumSet<Tower> towers = EnumSet.noneOf(Tower.class);
                for (Tower tower : Tower.values()) {
                    if (strings(json, "towers").contains(name(tower))) {
                        towers.add(tower);
                    }
                }
                return lora.alpha(number(json, "alpha"))
                        .targets(strings(json, "targets"))
                        .towers(towers)
                        .dropout(number(json, "dropout"))
                        .rankStabilised(json.bool("rankStabilised", false))
                        .dora(json.bool("dora", false))
                        .trainedProjector(json.bool("trainedProjector", false));
            }
            default -> throw json.wrong("method", "lora, decoderAndProjector or attention");
        }
    }

    /** The first setting in which a run would go on otherwise than it was begun; empty if it may go on. */
    static Optional<String> difference(Recipe begun, Recipe now) {
        Map<String, @Nullable Object> before = of(begun);
        Map<String, @Nullable Object> after = of(now);
        Set<String> names = new TreeSet<>(before.keySet());
        names.addAll(after.keySet());
        names.removeAll(TRADES);
        if (begun.schedule().shape() == Schedule.Shape.CONSTANT
                && begun.schedule().warmupShare() == 0) {
            names.removeAll(LENGTH);
        }
        return names.stream()
                .filter(name -> !Objects.equals(before.get(name), after.get(name)))
                .findFirst()
                .map(name -> "the run was begun with " + name + " " + before.get(name) + ", and now it is "
                        + after.get(name)
                        + (LENGTH.contains(name) ? "; a run gets longer only if its learning rate is constant" : ""));
    }

    private static double number(JsonObject json, String name) {
        return json.number(name, 0, 0, MAX_NUMBER);
    }

    private static List<String> strings(JsonObject json, String name) {
        List<String> strings = new ArrayList<>();
        for (Object value : Objects.requireNonNullElse(json.listOrNull(name), List.<@Nullable Object>of())) {
            if (!(value instanceof String text)) {
                throw json.wrong(name, "a list of strings");
            }
            strings.add(text);
        }
        return strings;
    }

    private static <E extends Enum<E>> E constant(JsonObject json, String name, Class<E> type) {
        String text = json.stringOrNull(name);
        return Arrays.stream(type.getEnumConstants())
                .filter(each -> name(each).equals(text))
                .findFirst()
                .orElseThrow(() -> json.wrong(
                        name,
                        "one of "
                                + Arrays.stream(type.getEnumConstants())
                                        .map(RecipeJson::name)
                                        .toList()));
    }

    private static String name(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
