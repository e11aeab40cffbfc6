package dev.paligemma.engine;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/** How an engine stores weights and computes with them. */
public enum Precision {
    /** Weights as stored, widened to single precision; all arithmetic in single precision. */
    FLOAT32,
    /** Weights in bfloat16; norms and softmax in single precision. */
    BFLOAT16,
    /** Weights in 8 bits; activations quantised row by row while running. */
    INT8,
    /** Weights of the decoder in 4 bits, the rest in 8. */
    INT4;

    /**
     * Finds a precision by its name in any case, such as {@code "float32"}; an {@link IllegalArgumentException} if there is
     * none.
     */
    public static Precision parse(String name) {
        return Arrays.stream(values())
                .filter(precision -> precision.name().equalsIgnoreCase(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("unknown precision '" + name + "', expected one of "
                        + Arrays.stream(values()).map(Precision::toString).collect(Collectors.joining(", "))));
    }

    /** Returns the name in lower case, for example {@code float32}. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }

    /**
     * Tells whether an original checkpoint must be converted to codes and scales before it runs in this precision; true
     * for {@link #INT8} and {@link #INT4}.
     */
    public boolean isQuantised() {
        return switch (this) {
            case FLOAT32, BFLOAT16 -> false;
            case INT8, INT4 -> true;
        };
    }
}
