package dev.paligemma.training.internal.network;

import dev.paligemma.Golden;
import dev.paligemma.tiny.TinyModel;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A run of transformers and peft, step by step; from src/reference/training/make_goldens.py. */
record TrainingGolden(String model, String run, Map<?, ?> json) {
    private static final Path ROOT = Golden.root("/training");
    private static final Map<String, String> BASES = Map.of("pg1", "pg1-mqa-fp32", "window", "pg2-window");

    static TrainingGolden of(String model, String run) {
        return new TrainingGolden(model, run, Golden.readJson(folder(model, run).resolve("golden.json")));
    }

    private static Path folder(String model, String run) {
        return ROOT.resolve(model).resolve(run);
    }

    static Path data() {
        return ROOT.resolve("data");
    }

    Path base() {
        String name = BASES.get(model);
        return name == null ? TinyModel.folder() : Golden.of(name).folder();
    }

    @Nullable
    Path start() {
        Object start = recipe().get("start");
        return start == null ? null : ROOT.resolve(model).resolve(start.toString());
    }

    Map<?, ?> recipe() {
        return (Map<?, ?>) Objects.requireNonNull(json.get("recipe"));
    }

    List<?> list(String name) {
        return (List<?>) Objects.requireNonNull(json.get(name));
    }

    double[] numbers(String name) {
        return list(name).stream()
                .mapToDouble(each -> ((Number) each).doubleValue())
                .toArray();
    }

    double number(String name) {
        return ((Number) Objects.requireNonNull(recipe().get(name))).doubleValue();
    }

    /** The batches of an update, each a list of lines of the data. */
    List<List<Integer>> batches(int update) {
        return ((List<?>) list("batches").get(update))
                .stream()
                        .map(batch -> ((List<?>) batch)
                                .stream()
                                        .map(line -> ((Number) line).intValue())
                                        .toList())
                        .toList();
    }

    /** What is known of a parameter: its norm and its largest magnitude. */
    record Size(double norm, double largest) {}

    Size size(String parameter, String what) {
        for (Object each : list("parameters")) {
            Map<?, ?> entry = (Map<?, ?>) each;
            if (entry.get("name").equals(parameter)) {
                Map<?, ?> size = (Map<?, ?>) entry.get(what);
                return new Size(
                        ((Number) size.get("norm")).doubleValue(), ((Number) size.get("largest")).doubleValue());
            }
        }
        throw new IllegalArgumentException(parameter);
    }

    /** Whether it is one of the three kinds of runs that every other is a variation of. */
    boolean isPlain() {
        return Set.of("lora", "full", "attention-sgd").contains(run);
    }

    /** The largest magnitude among all parameters. */
    double largest(String what) {
        return list("parameters").stream()
                .map(each -> (Map<?, ?>) ((Map<?, ?>) each).get(what))
                .mapToDouble(size -> ((Number) size.get("largest")).doubleValue())
                .max()
                .orElseThrow();
    }

    /** Element {@code 7919 i mod n} of n elements, row-major, for i up to 48. */
    float @Nullable [] sample(String name) {
        return new Golden(folder(model, run), List.of()).tensor(name);
    }

    @Override
    public String toString() {
        return model + "/" + run;
    }
}
