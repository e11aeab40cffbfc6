package dev.paligemma.checkpoint.adapter;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paligemma.checkpoint.internal.safetensors.FloatWidening;
import dev.paligemma.engine.weights.DType;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class FloatNarrowingTest {
    /** Lines of the bits of a number in float32, bfloat16 and float16, by src/reference/adapters/narrowing.py. */
    private static List<String> golden() throws IOException {
        try (BufferedReader lines = new BufferedReader(new InputStreamReader(
                Objects.requireNonNull(FloatNarrowingTest.class.getResourceAsStream("/adapter/narrowing.txt")),
                StandardCharsets.US_ASCII))) {
            return lines.lines().toList();
        }
    }

    @Test
    void roundsAsTorchDoes() throws IOException {
        List<String> lines = golden();
        assertThat(lines).hasSizeGreaterThan(500);
        for (String line : lines) {
            String[] parts = line.split(" ", -1);
            float value = Float.intBitsToFloat(Integer.parseUnsignedInt(parts[0], 16));
            assertThat(FloatNarrowing.bits(DType.BF16, value) & 0xffff)
                    .as(line)
                    .isEqualTo(Integer.parseInt(parts[1], 16));
            assertThat(FloatNarrowing.bits(DType.F16, value) & 0xffff)
                    .as(line)
                    .isEqualTo(Integer.parseInt(parts[2], 16));
        }
    }

    @Property(tries = 500)
    void narrowedNumbersStayAsTheyAre(@ForAll short bits) {
        for (DType type : List.of(DType.BF16, DType.F16)) {
            float value = FloatWidening.widen(type, bits);
            if (!Float.isNaN(value)) {
                assertThat((short) FloatNarrowing.bits(type, value)).isEqualTo(bits);
            }
        }
    }
}
