package dev.paligemma.training.internal.state;

import dev.paligemma.base.internal.Json;
import dev.paligemma.base.internal.JsonObject;
import dev.paligemma.training.run.Evaluation;
import dev.paligemma.training.run.FineTuningException;
import dev.paligemma.training.run.Metric;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What is in {@code training_state.json}: where a run was begun with what, and what has happened since.
 *
 * @param identity what must not change
 * @param state what has happened
 */
public record StateJson(RunIdentity identity, RunState state) {
    private static final long MAX_BYTES = 1L << 27;
    private static final int FORMAT = 1;
    private static final double MAX_NUMBER = 1e300;

    /** Writes the file; {@code versions} says what ran, and is not read again. */
    void write(Path file, double epochs, Map<String, String> versions) throws IOException {
        Map<String, @Nullable Object> json = new LinkedHashMap<>();
        json.put("format", FORMAT);
        json.put("step", state.updates());
        json.put("epoch", epochs);
        json.put("seed", identity.recipe().seed());
        json.put("recipe", RecipeJson.of(identity.recipe()));
        json.put("finalSoftcap", identity.softcap());
        json.put("base", Map.of("path", identity.base(), "sha256", identity.baseHash()));
        json.put("data", Map.of("source", identity.data(), "sha256", identity.dataHash()));
        json.put("trained", identity.trained());
        json.put("versions", versions);
        json.put("best", state.best().map(StateJson::of).orElse(null));
        json.put("evaluations", state.evaluations().stream().map(StateJson::of).toList());
        json.put("seconds", state.seconds());
        json.put("losses", state.losses());
        json.put("gradientNorms", state.norms());
        json.put("learningRates", state.rates());
        Files.write(file, (Json.text(json, false) + "\n").getBytes(StandardCharsets.UTF_8));
    }

    private static Map<String, Object> of(Evaluation evaluation) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("update", evaluation.update());
        evaluation.values().forEach((metric, value) -> json.put(metric.label(), value));
        return json;
    }

    /**
     * Reads the file.
     *
     * @throws FineTuningException if it is missing, damaged or of another format
     */
    public static StateJson read(Path file) {
        JsonObject json = Json.readObject(file, MAX_BYTES, FineTuningException::new);
        if (json.integer("format", 0, 0, Integer.MAX_VALUE) != FORMAT) {
            throw new FineTuningException(file + " was written by another version: its format must be " + FORMAT
                    + ", got " + json.members().get("format"));
        }
        RunState state = new RunState();
        List<Double> losses = numbers(json, "losses");
        List<Double> norms = numbers(json, "gradientNorms");
        List<Double> rates = numbers(json, "learningRates");
        int step = json.integer("step", 0, 0, Integer.MAX_VALUE);
        if (losses.size() != step || norms.size() != step || rates.size() != step) {
            throw new FineTuningException(file + " is damaged: expected figures of " + step + " updates, got "
                    + losses.size() + " losses, " + norms.size() + " norms and " + rates.size() + " rates");
        }
        for (int i = 0; i < step; i++) {
            state.addUpdate(losses.get(i), norms.get(i), rates.get(i));
        }
        json.objects("evaluations").forEach(each -> state.addEvaluation(evaluation(each)));
        state.addSeconds(json.number("seconds", 0, 0, MAX_NUMBER));
        JsonObject base = json.object("base");
        JsonObject data = json.object("data");
        RunIdentity identity = new RunIdentity(
                text(base, "path"),
                text(base, "sha256"),
                text(data, "source"),
                text(data, "sha256"),
                text(json, "trained"),
                RecipeJson.read(json.object("recipe")),
                json.number("finalSoftcap", 0, 0, MAX_NUMBER));
        return new StateJson(identity, state);
    }

    private static Evaluation evaluation(JsonObject json) {
        Map<Metric, Double> values = new LinkedHashMap<>();
        for (String name : json.members().keySet()) {
            if (!name.equals("update")) {
                values.put(Metric.named(name), json.number(name, 0, -MAX_NUMBER, MAX_NUMBER));
            }
        }
        if (values.isEmpty()) {
            throw json.wrong("update", "followed by a metric");
        }
        return new Evaluation(json.integer("update", 0, 0, Integer.MAX_VALUE), values);
    }

    private static List<Double> numbers(JsonObject json, String name) {
        List<Double> numbers = new ArrayList<>();
        for (Object value : Objects.requireNonNullElse(json.listOrNull(name), List.<@Nullable Object>of())) {
            if (!(value instanceof Number number)) {
                throw json.wrong(name, "a list of numbers");
            }
            numbers.add(number.doubleValue());
        }
        return numbers;
    }

    private static String text(JsonObject json, String name) {
        String text = json.stringOrNull(name);
        if (text == null) {
            throw json.wrong(name, "a text");
        }
        return text;
    }
}
