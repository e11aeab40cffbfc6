package dev.paligemma.constraint;

import dev.paligemma.tokenizer.PaliGemmaTokenizer;
import java.util.Arrays;
import java.util.Objects;

/**
 * How likely each of the 1024 locations was where the model wrote one: a softmax over the locations alone, and the
 * probability that the model writes a location at all. Immutable and thread-safe; takes 4 kB.
 */
public final class LocationDistribution {
    /** Room for what single precision adds to a sum of 1. */
    private static final double TOLERANCE = 1e-3;

    private final float[] probabilities;
    private final double mass;
    private final double mean;
    private final double deviation;

    /**
     * A distribution of these figures; the array is copied.
     *
     * @param probabilities those of the locations 0 to 1023 among locations alone, {@code float32[1024]}
     * @param mass the probability of all locations together among all tokens, 0 to 1
     * @throws IllegalArgumentException if there are not 1024 probabilities, one is negative or no number, the sum is not 1,
     *     or the mass is out of its range
     */
    public LocationDistribution(float[] probabilities, double mass) {
        this.probabilities = probabilities.clone();
        this.mass = mass;
        double total = 0;
        double sum = 0;
        double squares = 0;
        boolean valid = probabilities.length == PaliGemmaTokenizer.LOCATIONS;
        for (int i = 0; i < probabilities.length; i++) {
            double probability = probabilities[i];
            valid &= probability >= 0;
            total += probability;
            sum += probability * i;
            squares += probability * i * i;
        }
        if (!valid || !(Math.abs(total - 1) <= TOLERANCE)) {
            throw new IllegalArgumentException("expected " + PaliGemmaTokenizer.LOCATIONS
                    + " probabilities, none negative, whose sum is 1, got " + probabilities.length + " of the sum "
                    + total);
        }
        if (!(mass >= 0 && mass <= 1)) {
            throw new IllegalArgumentException("mass must be 0 to 1, not " + mass);
        }
        this.mean = sum / total;
        this.deviation = Math.sqrt(Math.max(0, squares / total - mean * mean));
    }

    /**
     * The probability of a location among locations alone, 0 to 1; an {@link IndexOutOfBoundsException} if it is not 0 to
     * 1023.
     */
    public double probability(int location) {
        return probabilities[Objects.checkIndex(location, PaliGemmaTokenizer.LOCATIONS)];
    }

    /** The probability that the model writes a location here, whichever, 0 to 1. */
    public double mass() {
        return mass;
    }

    /** The mean location, in codes (1/1024 of the side). */
    public double mean() {
        return mean;
    }

    /** The standard deviation of the location, in codes. */
    public double deviation() {
        return deviation;
    }

    /** Whether the other has the same figures. */
    @Override
    public boolean equals(Object other) {
        return other instanceof LocationDistribution same
                && mass == same.mass
                && Arrays.equals(probabilities, same.probabilities);
    }

    /** Fits {@link #equals}. */
    @Override
    public int hashCode() {
        return Arrays.hashCode(probabilities) + Double.hashCode(mass);
    }

    /** Returns the mean, the deviation and the mass. */
    @Override
    public String toString() {
        return "LocationDistribution[mean=" + mean + ", deviation=" + deviation + ", mass=" + mass + "]";
    }
}
