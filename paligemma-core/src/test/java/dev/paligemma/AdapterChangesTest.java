package dev.paligemma;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import dev.paligemma.checkpoint.Checkpoint;
import dev.paligemma.checkpoint.adapter.LoraAdapter;
import dev.paligemma.checkpoint.adapter.ModuleChange;
import dev.paligemma.engine.spi.HostTensor;
import dev.paligemma.engine.weights.TensorInfo;
import dev.paligemma.network.Networks;
import java.nio.FloatBuffer;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The changes that adapters make, compared with the weights into which PEFT merges them. */
class AdapterChangesTest {
    private static final float TOLERANCE = 1e-6f;

    @ParameterizedTest
    @MethodSource("dev.paligemma.AdapterGolden#originals")
    void changesAreThoseThatPeftMerges(AdapterGolden golden) {
        try (Checkpoint base = Networks.open(golden.base().folder())) {
            Map<String, ModuleChange> changes =
                    LoraAdapter.open(golden.folder(), base).changes();
            golden.merged().forEach((name, tensor) -> {
                float[] expected = golden.read(tensor);
                // Rounded as the base is, whose numbers are the only ones that are not float32.
                float tolerance = switch (tensor.dtype()) {
                    case BF16 -> 0x1p-8f;
                    case F16 -> 0x1p-11f;
                    default -> TOLERANCE;
                };
                float[] actual = merged(base, changes, name, tensor);
                assertThat(actual).as(name).hasSameSizeAs(expected);
                float largest = largest(expected);
                for (int i = 0; i < expected.length; i++) {
                    float rounding = tensor.dtype().byteSize() == 2 ? tolerance * Math.abs(expected[i]) : 0;
                    if (!(Math.abs(actual[i] - expected[i]) <= rounding + TOLERANCE * largest)) {
                        fail("%s[%d]: %s instead of %s", name, i, actual[i], expected[i]);
                    }
                }
            });
        }
    }

    @ParameterizedTest
    @MethodSource("dev.paligemma.AdapterGolden#all")
    void otherNamesGiveTheSameChanges(AdapterGolden golden) {
        if (golden.sameAs() == null) {
            return;
        }
        try (Checkpoint base = Networks.open(golden.base().folder())) {
            LoraAdapter adapter = LoraAdapter.open(golden.folder(), base);
            LoraAdapter original =
                    LoraAdapter.open(AdapterGolden.of(golden.sameAs()).folder(), base);
            assertThat(adapter.modules()).containsExactlyInAnyOrderElementsOf(original.modules());
            Map<String, ModuleChange> expected = original.changes();
            Map<String, ModuleChange> actual = adapter.changes();
            assertThat(actual.keySet()).isEqualTo(expected.keySet());
            actual.forEach((name, change) -> {
                ModuleChange other = Objects.requireNonNull(expected.get(name));
                assertThat(numbers(change.down())).as(name).isEqualTo(numbers(other.down()));
                assertThat(numbers(change.up())).as(name).isEqualTo(numbers(other.up()));
                assertThat(numbers(change.scale())).as(name).isEqualTo(numbers(other.scale()));
                assertThat(numbers(change.shift())).as(name).isEqualTo(numbers(other.shift()));
            });
        }
    }

    @ParameterizedTest
    @MethodSource("dev.paligemma.AdapterGolden#originals")
    void changesTheModulesOfTheFile(AdapterGolden golden) {
        try (Checkpoint base = Networks.open(golden.base().folder())) {
            LoraAdapter adapter = LoraAdapter.open(golden.folder(), base);
            Set<String> expected = new LinkedHashSet<>(adapter.modules());
            if (golden.toString().equals("tokens")) {
                expected.add("lm_head");
            }
            assertThat(adapter.changes().keySet()).isEqualTo(expected);
        }
    }

    @Test
    void aBiasOfTheFactorsShiftsLayersThatHaveNone() {
        AdapterGolden golden = AdapterGolden.of("lora-bias-text");
        try (Checkpoint base = Networks.open(golden.base().folder())) {
            ModuleChange change = Objects.requireNonNull(
                    LoraAdapter.open(golden.folder(), base).changes().get("language_model.layers.0.mlp.gate_proj"));
            assertThat(Objects.requireNonNull(change.shift()).shape()).containsExactly(48);
            assertThat(largest(Objects.requireNonNull(numbers(change.shift())))).isPositive();
        }
    }

    /** A tensor of the base with the change to its module, of a large table the stored rows only. */
    private static float[] merged(Checkpoint base, Map<String, ModuleChange> changes, String name, TensorInfo stored) {
        int dot = name.lastIndexOf('.');
        String module = name.substring(0, dot);
        ModuleChange change = Objects.requireNonNull(changes.get(module), name);
        float[] values = tensor(base, module.equals("lm_head") ? "language_model.embed_tokens.weight" : name);
        boolean norm = module.contains("norm");
        boolean bias = name.endsWith(".bias");
        if (bias || norm || module.endsWith("position_embedding")) {
            float[] scale = bias && !norm ? null : numbers(change.scale());
            float[] shift = norm && !bias ? null : numbers(change.shift());
            float offset = norm && !bias && module.startsWith("language_model") ? 1 : 0;
            for (int i = 0; i < values.length; i++) {
                double factor = scale == null ? 1 : scale[i];
                values[i] = (float) ((offset + values[i]) * factor - offset + (shift == null ? 0 : shift[i]));
            }
            return values;
        }
        boolean table = module.endsWith("embed_tokens");
        int rows = Math.toIntExact(Objects.requireNonNull(
                        base.weights().get(module.equals("lm_head") ? "language_model.embed_tokens.weight" : name))
                .size(0));
        int columns = values.length / rows;
        float[] left = numbers(table ? change.down() : change.up());
        float[] right = numbers(table ? change.up() : change.down());
        if (left != null && right != null) {
            int rank = left.length / rows;
            for (int row = 0; row < rows; row++) {
                for (int column = 0; column < columns; column++) {
                    double sum = 0;
                    for (int k = 0; k < rank; k++) {
                        sum += (double) left[row * rank + k] * right[table ? column * rank + k : k * columns + column];
                    }
                    values[row * columns + column] += (float) sum;
                }
            }
        }
        float[] scale = numbers(change.scale());
        for (int i = 0; scale != null && i < values.length; i++) {
            values[i] *= scale[table ? i % columns : i / columns];
        }
        return stored.elementCount() == values.length ? values : everyRowStored(values, columns);
    }

    private static float[] everyRowStored(float[] values, int columns) {
        int rows = values.length / columns;
        float[] some = new float[(rows + AdapterGolden.ROW_STEP - 1) / AdapterGolden.ROW_STEP * columns];
        for (int row = 0, to = 0; row < rows; row += AdapterGolden.ROW_STEP, to += columns) {
            System.arraycopy(values, row * columns, some, to, columns);
        }
        return some;
    }

    private static float[] tensor(Checkpoint base, String name) {
        TensorInfo tensor = base.tensor(name);
        float[] values = new float[Math.toIntExact(tensor.elementCount())];
        base.readFloats(tensor, 0, FloatBuffer.wrap(values));
        return values;
    }

    private static float @Nullable [] numbers(@Nullable HostTensor tensor) {
        if (tensor == null) {
            return null;
        }
        FloatBuffer numbers = tensor.floats();
        float[] values = new float[numbers.remaining()];
        numbers.get(values);
        return values;
    }

    private static float largest(float[] values) {
        return (float) java.util.stream.IntStream.range(0, values.length)
                .mapToDouble(i -> Math.abs(values[i]))
                .max()
                .orElse(0);
    }
}
