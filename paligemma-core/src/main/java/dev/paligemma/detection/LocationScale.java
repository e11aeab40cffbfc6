package dev.paligemma.detection;

import dev.paligemma.tokenizer.PaliGemmaTokenizer;
import java.util.Objects;

/**
 * How a location code, 0 to 1023, becomes a fraction of the picture's side.
 *
 * <p>The published demonstrations divide by 1024; models trained for referring expressions (RefCOCO) write
 * {@code round(1023 * fraction)}. The two differ by at most a thousandth of the side.
 */
public enum LocationScale {
    /** Code divided by 1024: the default; no box reaches the last 1/1024 of the picture. */
    OVER_1024(1024),

    /** Code divided by 1023: the code 1023 is the far edge. */
    OVER_1023(1023);

    private final int divisor;

    LocationScale(int divisor) {
        this.divisor = divisor;
    }

    /** The number of codes to a side: 1024 or 1023. */
    public int divisor() {
        return divisor;
    }

    /**
     * The fraction of the side, 0 to 1, that a code stands for; an {@link IndexOutOfBoundsException} if it is not 0 to
     * 1023.
     */
    public double fraction(int code) {
        return (double) Objects.checkIndex(code, PaliGemmaTokenizer.LOCATIONS) / divisor;
    }

    /**
     * The code that stands for a fraction of the side, the nearest one.
     *
     * @param fraction 0 to 1
     * @throws IllegalArgumentException if the fraction is out of range
     */
    public int code(double fraction) {
        if (!(fraction >= 0 && fraction <= 1)) {
            throw new IllegalArgumentException("a fraction of a side must be 0 to 1, not " + fraction);
        }
        return (int) Math.min(PaliGemmaTokenizer.LOCATIONS - 1, Math.round(fraction * divisor));
    }
}
