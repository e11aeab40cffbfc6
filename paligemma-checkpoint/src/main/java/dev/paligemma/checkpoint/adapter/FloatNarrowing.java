package dev.paligemma.checkpoint.adapter;

import dev.paligemma.engine.weights.DType;

/** Rounds float32 to the types of stored weights, to the nearest and halves to even, as torch does. */
final class FloatNarrowing {
    private static final int INFINITY = 0x7f800000;

    private FloatNarrowing() {}

    /** The bits of a number in a type of float weights, in the lower bytes. */
    static int bits(DType type, float value) {
        return switch (type) {
            case F32 -> Float.floatToRawIntBits(value);
            case BF16 -> bfloat16(value);
            case F16 -> float16(value);
            default -> throw new IllegalArgumentException(type + " is not a type of float weights");
        };
    }

    private static int bfloat16(float value) {
        int bits = Float.floatToRawIntBits(value);
        if ((bits & 0x7fffffff) > INFINITY) {
            return (bits >>> 16) | 0x40;
        }
        return (bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16;
    }

    private static int float16(float value) {
        int bits = Float.floatToRawIntBits(value);
        int sign = (bits >>> 16) & 0x8000;
        int magnitude = bits & 0x7fffffff;
        if (magnitude > INFINITY) {
            return sign | 0x7e00;
        }
        if (magnitude < 0x38800000) {
            // Below the normal numbers of float16, whose steps there are 2^-24: the product is exact.
            return sign | (int) Math.rint(Float.intBitsToFloat(magnitude) * 0x1p24f);
        }
        // From 65520 on, half a step above the largest finite number, it is infinite.
        if (magnitude >= 0x477ff000) {
            return sign | 0x7c00;
        }
        int rounded = magnitude + 0xfff + ((magnitude >>> 13) & 1);
        return sign | ((rounded - ((127 - 15) << 23)) >>> 13);
    }
}
