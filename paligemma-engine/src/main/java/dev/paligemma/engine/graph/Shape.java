package dev.paligemma.engine.graph;

import java.util.ArrayList;
import java.util.List;

/**
 * The dimensions of a symbolic tensor, outermost first. Immutable.
 *
 * @param dims the dimensions; empty for a scalar
 */
public record Shape(List<Dim> dims) {
    /** Copies the list. */
    public Shape {
        dims = List.copyOf(dims);
    }

    /**
     * A shape of the given dimensions.
     *
     * @param dims each a {@link Dim}, a {@link Number} for a fixed size, or a {@link String} for a symbolic one
     * @throws IllegalArgumentException if a dimension is of another type or a fixed size is below 1
     */
    public static Shape of(Object... dims) {
        List<Dim> list = new ArrayList<>(dims.length);
        for (Object dim : dims) {
            if (dim instanceof Dim d) {
                list.add(d);
            } else if (dim instanceof Number n) {
                list.add(Dim.of(n.longValue()));
            } else if (dim instanceof String s) {
                list.add(Dim.symbol(s));
            } else {
                throw new IllegalArgumentException("a dimension is a Dim, a Number or a String, got " + dim);
            }
        }
        return new Shape(list);
    }

    /** How many dimensions there are. */
    public int rank() {
        return dims.size();
    }

    /** One dimension; a negative index counts from the end. */
    public Dim dim(int axis) {
        return dims.get(axis < 0 ? dims.size() + axis : axis);
    }

    /** This shape with one dimension replaced; a negative index counts from the end. */
    public Shape with(int axis, Dim dim) {
        List<Dim> copy = new ArrayList<>(dims);
        copy.set(axis < 0 ? dims.size() + axis : axis, dim);
        return new Shape(copy);
    }

    /** Returns for example {@code [tokens, 2048]}. */
    @Override
    public String toString() {
        return dims.toString();
    }
}
