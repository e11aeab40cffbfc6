package dev.paligemma.checkpoint.internal.safetensors;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paligemma.checkpoint.Resources;
import dev.paligemma.engine.weights.DType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class FloatWideningTest {
    private static final int PATTERNS = 1 << 16;

    /** Against the hash of what torch and numpy make of all patterns; NaNs are one in it. */
    @ParameterizedTest
    @EnumSource(names = {"BF16", "F16"})
    void widensEveryPatternLikeTheReference(DType dtype) throws IOException, NoSuchAlgorithmException {
        FloatBuffer wide = widenAll(dtype);
        ByteBuffer bits = ByteBuffer.allocate(PATTERNS * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < PATTERNS; i++) {
            // Unlike floatToRawIntBits this turns every NaN into 0x7fc00000.
            bits.putInt(Float.floatToIntBits(wide.get(i)));
        }
        String hash =
                HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bits.array()));
        assertThat(Files.readAllLines(Resources.golden("widening.txt"))).contains(dtype + " " + hash);
    }

    @Test
    void keepsSignAndPayloadOfNaNs() {
        FloatBuffer bf16 = widenAll(DType.BF16);
        FloatBuffer f16 = widenAll(DType.F16);
        for (int i = 0; i < PATTERNS; i++) {
            if (Float.isNaN(bf16.get(i))) {
                assertThat(Float.floatToRawIntBits(bf16.get(i)) >>> 16).isEqualTo(i);
            }
            if (Float.isNaN(f16.get(i))) {
                int bits = Float.floatToRawIntBits(f16.get(i));
                assertThat(bits >>> 31).isEqualTo(i >>> 15);
                assertThat(bits >>> 13 & 0x3ff).isEqualTo(i & 0x3ff);
            }
        }
    }

    private static FloatBuffer widenAll(DType dtype) {
        ByteBuffer patterns = ByteBuffer.allocate(PATTERNS * Short.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < PATTERNS; i++) {
            patterns.putShort((short) i);
        }
        FloatBuffer wide = FloatBuffer.allocate(PATTERNS);
        FloatWidening.widen(dtype, patterns.flip(), wide);
        assertThat(wide.remaining()).isZero();
        return wide;
    }
}
