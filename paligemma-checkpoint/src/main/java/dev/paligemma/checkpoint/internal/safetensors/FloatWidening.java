package dev.paligemma.checkpoint.internal.safetensors;

import dev.paligemma.engine.weights.DType;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.ShortBuffer;

/**
 * Turns little-endian weights into float32. Every value of the narrower types is a float32 value, so nothing is rounded;
 * the sign and payload of a NaN are kept. Stateless.
 */
public final class FloatWidening {
    private FloatWidening() {}

    /**
     * The number that the lower bits stand for as an element of {@link DType#F32}, {@link DType#BF16} or {@link
     * DType#F16}.
     */
    public static float widen(DType dtype, int bits) {
        return switch (dtype) {
            case F32 -> Float.intBitsToFloat(bits);
            case BF16 -> bfloat16((short) bits);
            case F16 -> float16((short) bits);
            default -> throw notFloat(dtype);
        };
    }

    private static IllegalArgumentException notFloat(DType dtype) {
        return new IllegalArgumentException(dtype + " is not a type of float weights");
    }

    /** Widens all remaining bytes, whole elements, to the position of the destination, which has room for them. */
    public static void widen(DType dtype, ByteBuffer littleEndian, FloatBuffer destination) {
        switch (dtype) {
            case F32 -> destination.put(littleEndian.asFloatBuffer());
            case BF16 -> {
                ShortBuffer from = littleEndian.asShortBuffer();
                if (destination.hasArray()) {
                    bfloat16(from, destination);
                    return;
                }
                while (from.hasRemaining()) {
                    destination.put(bfloat16(from.get()));
                }
            }
            case F16 -> {
                ShortBuffer from = littleEndian.asShortBuffer();
                while (from.hasRemaining()) {
                    destination.put(float16(from.get()));
                }
            }
            default -> throw notFloat(dtype);
        }
    }

    /** Straight into the array, which the compiler makes several times faster than relative puts. */
    private static void bfloat16(ShortBuffer from, FloatBuffer destination) {
        float[] to = destination.array();
        int start = destination.arrayOffset() + destination.position();
        int count = from.remaining();
        for (int i = 0; i < count; i++) {
            to[start + i] = Float.intBitsToFloat(from.get(i) << 16);
        }
        destination.position(destination.position() + count);
    }

    public static float bfloat16(short bits) {
        return Float.intBitsToFloat(bits << 16);
    }

    public static float float16(short bits) {
        int sign = (bits & 0x8000) << 16;
        int exponent = (bits >>> 10) & 0x1f;
        int fraction = bits & 0x3ff;
        if (exponent == 0) {
            // Zero or subnormal: fraction * 2^-24, exact in float32.
            float magnitude = fraction * 0x1p-24f;
            return Float.intBitsToFloat(sign | Float.floatToRawIntBits(magnitude));
        }
        // Infinity and NaN keep the largest exponent, everything else moves from bias 15 to bias 127.
        int wide = exponent == 0x1f ? 0xff : exponent + (127 - 15);
        return Float.intBitsToFloat(sign | wide << 23 | fraction << 13);
    }
}
