package dev.paligemma.checkpoint.adapter;

import static dev.paligemma.checkpoint.adapter.AdapterFolder.GATE;
import static dev.paligemma.checkpoint.adapter.AdapterFolder.PREFIX;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.within;

import dev.paligemma.checkpoint.Checkpoint;
import dev.paligemma.checkpoint.TestNetwork;
import dev.paligemma.checkpoint.internal.convert.CheckpointConverter;
import dev.paligemma.checkpoint.internal.convert.Sources;
import dev.paligemma.engine.Precision;
import dev.paligemma.engine.spi.HostTensor;
import dev.paligemma.engine.weights.MatrixFormat;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Changes to a base whose matrices are codes and scales. */
class ConvertedBaseTest {
    private static final int OUT = 300;
    private static final int IN = 160;

    @TempDir
    private Path folder;

    @ParameterizedTest
    @EnumSource(names = {"INT8", "INT4"})
    void aSavedModuleMakesUpForTheRoundingOfTheBase(Precision precision) throws IOException {
        String name = PREFIX + GATE + ".weight";
        AdapterFolder written = AdapterFolder.in(folder.resolve("adapter")).tensor(name, OUT, IN);
        try (Checkpoint base = converted(precision)) {
            ModuleChange change = change(base, written);
            float[] weights = dequantised(base);
            float[] difference = numbers(change.up());
            assertThat(numbers(change.down())).hasSize(IN * IN);
            for (int i = 0; i < weights.length; i++) {
                assertThat(weights[i] + difference[i]).isEqualTo(AdapterFolder.number(name, i), within(1e-6f));
            }
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"INT8", "INT4"})
    void normsAreThoseOfTheCodes(Precision precision) throws IOException {
        AdapterFolder written = AdapterFolder.in(folder.resolve("adapter"))
                .config("use_dora", "true")
                .lora(GATE, OUT, IN)
                .tensor(PREFIX + GATE + ".lora_magnitude_vector", OUT);
        float[] down = written.numbers(PREFIX + GATE + ".lora_A.weight");
        float[] up = written.numbers(PREFIX + GATE + ".lora_B.weight");
        try (Checkpoint base = converted(precision)) {
            float[] scale = numbers(change(base, written).scale());
            float[] weights = dequantised(base);
            for (int row = 0; row < OUT; row++) {
                double sum = 0;
                for (int i = 0; i < IN; i++) {
                    double value = weights[row * IN + i]
                            + 2 * ((double) up[row * 2] * down[i] + (double) up[row * 2 + 1] * down[IN + i]);
                    sum += value * value;
                }
                double expected = AdapterFolder.number(PREFIX + GATE + ".lora_magnitude_vector", row) / Math.sqrt(sum);
                assertThat((double) scale[row]).isEqualTo(expected, within(1e-6 * Math.abs(expected)));
            }
        }
    }

    @Test
    void acceptsACopyOfTheEmbeddingUpToRounding() throws IOException {
        String table = "language_model.embed_tokens.weight";
        float[] copy = new float[40 * IN];
        try (Checkpoint source = TestNetwork.open(Sources.write(folder.resolve("source")))) {
            source.readFloats(source.tensor(table), 0, FloatBuffer.wrap(copy));
        }
        String name = PREFIX + "language_model.embed_tokens.base_layer.weight";
        AdapterFolder written =
                AdapterFolder.in(folder.resolve("adapter")).lora(GATE, OUT, IN).tensor(name, copy, 40, IN);
        try (Checkpoint base = converted(Precision.INT8)) {
            assertThat(LoraAdapter.open(written.write(), base).changes()).containsOnlyKeys(GATE);
            copy[77] += 1;
            LoraAdapter other =
                    LoraAdapter.open(written.tensor(name, copy, 40, IN).write(), base);
            assertThatExceptionOfType(AdapterException.class)
                    .isThrownBy(other::changes)
                    .withMessageContaining("another embedding");
        }
    }

    @Test
    void nothingIsMergedIntoIt() throws IOException {
        Path written =
                AdapterFolder.in(folder.resolve("adapter")).lora(GATE, OUT, IN).write();
        try (Checkpoint base = converted(Precision.INT8)) {
            LoraAdapter adapter = LoraAdapter.open(written, base);
            assertThatExceptionOfType(AdapterException.class)
                    .isThrownBy(() -> AdapterMerger.merge(adapter, folder.resolve("merged")))
                    .withMessageContaining("int8")
                    .withMessageContaining("original checkpoint");
        }
        assertThat(folder.resolve("merged")).doesNotExist();
    }

    private Checkpoint converted(Precision precision) throws IOException {
        Path target = folder.resolve("converted");
        try (Checkpoint source = TestNetwork.open(Sources.write(folder.resolve("source")))) {
            CheckpointConverter.convert(source, Sources.plan(precision, source), target, progress -> {});
        }
        return TestNetwork.open(target);
    }

    private static ModuleChange change(Checkpoint base, AdapterFolder written) throws IOException {
        return Objects.requireNonNull(
                LoraAdapter.open(written.write(), base).changes().get(GATE));
    }

    /** The gate projection, whose most exact format is that with a scale per channel. */
    private static float[] dequantised(Checkpoint base) {
        MatrixFormat format = MatrixFormat.INT8_CHANNELS;
        String name = GATE + ".weight";
        long bytes = base.tensor(format.codes(name)).byteLength();
        ByteBuffer codes = base.map(base.tensor(format.codes(name)), 0, bytes);
        float[] scales = new float[(int) base.tensor(format.scales(name)).elementCount()];
        base.readFloats(base.tensor(format.scales(name)), 0, FloatBuffer.wrap(scales));
        float[] values = new float[OUT * IN];
        int padded = (int) bytes / OUT;
        for (int i = 0; i < values.length; i++) {
            int code = (codes.get(i / IN * padded + i % IN) & 0xff) - 128;
            values[i] = code * scales[i / IN * (scales.length / OUT)];
        }
        return values;
    }

    private static float[] numbers(@org.jspecify.annotations.Nullable HostTensor tensor) {
        FloatBuffer numbers = Objects.requireNonNull(tensor).floats();
        float[] values = new float[numbers.remaining()];
        numbers.get(values);
        return values;
    }
}
