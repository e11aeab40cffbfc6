package dev.paligemma.training.recipe;

import java.util.Objects;

/**
 * How the learning rate changes, exactly as {@code get_constant_schedule_with_warmup}, {@code
 * get_linear_schedule_with_warmup} and {@code get_cosine_schedule_with_warmup} of transformers: update k, counted from 0, has
 * the rate times {@link #factor}. So with a warm-up the first update has the rate 0. Immutable.
 *
 * @param shape what comes after the warm-up
 * @param warmupSteps how many updates the rate rises from 0, at least 0
 * @param warmupShare instead of a number, the share of all updates, from 0 to 1; 0 if there is a number
 */
public record Schedule(Shape shape, int warmupSteps, double warmupShare) {
    /** What the rate does after the warm-up. */
    public enum Shape {
        /** It stays as it is. */
        CONSTANT,
        /** It falls to 0 along a line. */
        LINEAR,
        /** It falls to 0 along half a period of a cosine. */
        COSINE
    }

    /** Checks the numbers; an {@link IllegalArgumentException} if one is out of range. */
    public Schedule {
        Objects.requireNonNull(shape, "shape");
        if (warmupSteps < 0) {
            throw new IllegalArgumentException("the warm-up must be at least 0 updates, got " + warmupSteps);
        }
        if (!(warmupShare >= 0 && warmupShare <= 1)) {
            throw new IllegalArgumentException("the warm-up must be a share from 0 to 1, got " + warmupShare);
        }
        if (warmupSteps > 0 && warmupShare > 0) {
            throw new IllegalArgumentException("the warm-up is a number of updates or a share of them, not both");
        }
    }

    /** The same rate all the time. */
    public static Schedule constant() {
        return new Schedule(Shape.CONSTANT, 0, 0);
    }

    /** A rate that falls to 0 along a line. */
    public static Schedule linear() {
        return new Schedule(Shape.LINEAR, 0, 0);
    }

    /** A rate that falls to 0 along half a period of a cosine. */
    public static Schedule cosine() {
        return new Schedule(Shape.COSINE, 0, 0);
    }

    /** The same after a warm-up of so many updates. */
    public Schedule warmup(int steps) {
        return new Schedule(shape, steps, 0);
    }

    /** The same after a warm-up of a share of all updates, from 0 to 1, rounded up. */
    public Schedule warmupShare(double share) {
        return new Schedule(shape, 0, share);
    }

    /** How many updates of a run of {@code total} are its warm-up. */
    public long warmupOf(long total) {
        return warmupShare > 0 ? (long) Math.ceil((double) total * warmupShare) : warmupSteps;
    }

    /** What the rate is multiplied by in update {@code k}, from 0, of a run of {@code total} updates. */
    public double factor(long k, long total) {
        long warmup = warmupOf(total);
        if (k < warmup) {
            return (double) k / (double) Math.max(1, warmup);
        }
        return switch (shape) {
            case CONSTANT -> 1;
            case LINEAR -> Math.max(0, (double) (total - k) / (double) Math.max(1, total - warmup));
            case COSINE -> {
                double progress = (double) (k - warmup) / (double) Math.max(1, total - warmup);
                yield Math.max(0, 0.5 * (1 + Math.cos(Math.PI * progress)));
            }
        };
    }
}
