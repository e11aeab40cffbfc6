package dev.paligemma.training.internal.random;

import java.util.stream.IntStream;

/**
 * Random numbers from a seed and the place where they are used, so that a run that goes on in the middle draws what an
 * uninterrupted one would have drawn. Confined to one thread.
 *
 * <p>The generator is SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators"), written here
 * because no class of the JDK promises its numbers for ever to come.
 */
public final class Draws {
    private static final long STEP = 0x9E3779B97F4A7C15L;
    /** Odd, so that different parts of a place stay different. */
    private static final long PART = 0xD1342543DE82EF95L;

    private long state;

    private Draws(long state) {
        this.state = state;
    }

    /** The numbers of a place: equal arguments give equal numbers, others give unrelated ones. */
    public static Draws of(long seed, long... place) {
        long state = mix(seed + STEP);
        for (long part : place) {
            state = mix(state + STEP + part * PART);
        }
        return new Draws(state);
    }

    private static long mix(long z) {
        long x = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        x = (x ^ (x >>> 27)) * 0x94D049BB133111EBL;
        return x ^ (x >>> 31);
    }

    /** Any long. */
    public long nextLong() {
        state += STEP;
        return mix(state);
    }

    /** From 0 on and below 1. */
    public double nextDouble() {
        return (nextLong() >>> 11) * 0x1.0p-53;
    }

    /** From {@code low} to {@code high}; equal to both if they are equal. */
    public double between(double low, double high) {
        return low + (high - low) * nextDouble();
    }

    /** From 0 on and below the bound, which is at least 1. */
    public int nextInt(int bound) {
        // The high half of a 128-bit product is off by less than bound / 2^64 from evenly distributed.
        return (int) Math.multiplyHigh(nextLong() >>> 1, 2L * bound);
    }

    /** The numbers from 0 on and below {@code size}, in a random order. */
    public int[] permutation(int size) {
        int[] order = IntStream.range(0, size).toArray();
        for (int i = size - 1; i > 0; i--) {
            int other = nextInt(i + 1);
            int moved = order[i];
            order[i] = order[other];
            order[other] = moved;
        }
        return order;
    }
}
