package dev.paligemma.engine.graph;

import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/**
 * A learned parameter by name, as the network uses it; in which precision it is stored is the engine's business. Immutable.
 *
 * @param name the name under which it is found
 * @param shape the sizes as used, row-major
 * @param storedShape the sizes of the tensor in a checkpoint, which has the same elements in the same order: mostly
 *     {@code shape}, but a patch convolution is used as a matrix
 */
public record Weight(String name, List<Long> shape, List<Long> storedShape) {
    /**
     * Copies the lists.
     *
     * @throws IllegalArgumentException if a size is below 1, or the shapes differ in the number of elements
     */
    public Weight {
        Objects.requireNonNull(name, "name");
        shape = List.copyOf(shape);
        storedShape = List.copyOf(storedShape);
        for (long size : shape) {
            if (size < 1) {
                throw new IllegalArgumentException("weight " + name + " needs sizes of at least 1, got " + shape);
            }
        }
        if (!storedShape.equals(shape) && product(storedShape) != product(shape)) {
            throw new IllegalArgumentException("weight " + name + shape + " cannot be stored as " + storedShape);
        }
    }

    /** A weight that is stored in the sizes as used. */
    public static Weight of(String name, long... sizes) {
        List<Long> shape = Arrays.stream(sizes).boxed().toList();
        return new Weight(name, shape, shape);
    }

    /**
     * The same weight, whose tensor in a checkpoint has other sizes; as many elements, or it is an {@link
     * IllegalArgumentException}.
     */
    public Weight storedAs(long... sizes) {
        return new Weight(name, shape, Arrays.stream(sizes).boxed().toList());
    }

    /** The number of elements along a dimension, counted from 0. */
    public long size(int axis) {
        return shape.get(axis);
    }

    /** How many numbers it holds: the product of the sizes; an {@link ArithmeticException} if that exceeds 64 bits. */
    public long elementCount() {
        return product(shape);
    }

    private static long product(List<Long> sizes) {
        return sizes.stream().reduce(1L, Math::multiplyExact);
    }

    /** Returns for example {@code language_model.norm.weight[2048]}. */
    @Override
    public String toString() {
        return name + shape;
    }
}
