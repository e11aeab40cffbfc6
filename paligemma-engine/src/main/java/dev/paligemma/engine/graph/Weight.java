package dev.paligemma.engine.graph;

import java.util.List;
import java.util.Objects;

/**
 * A learned parameter by name, as the network uses it; what is stored and in which precision is the engine's business.
 * Immutable.
 *
 * @param name the name under which the checkpoint finds it
 * @param shape the sizes as used, row-major; the stored tensor has the same elements in the same order, perhaps under
 *     another shape (a patch convolution is used as a matrix)
 */
public record Weight(String name, List<Long> shape) {
    /** Copies the list. */
    public Weight {
        Objects.requireNonNull(name, "name");
        shape = List.copyOf(shape);
        for (long size : shape) {
            if (size < 1) {
                throw new IllegalArgumentException("weight " + name + " needs sizes of at least 1, got " + shape);
            }
        }
    }

    /**
     * A weight of the given sizes.
     *
     * @param name the name under which the checkpoint finds it
     * @param sizes the sizes as used
     * @return the weight
     */
    public static Weight of(String name, long... sizes) {
        return new Weight(name, java.util.Arrays.stream(sizes).boxed().toList());
    }

    /**
     * One size.
     *
     * @param axis the index of the dimension
     * @return the number of elements along it
     */
    public long size(int axis) {
        return shape.get(axis);
    }

    /**
     * How many numbers it holds.
     *
     * @return the product of the sizes
     * @throws ArithmeticException if that exceeds 64 bits
     */
    public long elementCount() {
        long count = 1;
        for (long size : shape) {
            count = Math.multiplyExact(count, size);
        }
        return count;
    }

    /** Returns for example {@code language_model.norm.weight[2048]}. */
    @Override
    public String toString() {
        return name + shape;
    }
}
