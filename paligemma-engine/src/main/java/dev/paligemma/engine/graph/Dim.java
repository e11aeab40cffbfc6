package dev.paligemma.engine.graph;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One dimension of a symbolic tensor: a fixed size, or a name for a size that is known only when the program runs.
 * Immutable.
 *
 * <p>Two symbolic dimensions are equal when their names are.
 */
public final class Dim {
    private final @Nullable String symbol;
    private final long size;

    private Dim(@Nullable String symbol, long size) {
        this.symbol = symbol;
        this.size = size;
    }

    /**
     * A dimension of known size.
     *
     * @param size the number of elements along it, at least 1
     * @throws IllegalArgumentException if the size is below 1
     */
    public static Dim of(long size) {
        if (size < 1) {
            throw new IllegalArgumentException("a fixed dimension must be at least 1, got " + size);
        }
        return new Dim(null, size);
    }

    /**
     * A dimension whose size is known only at run time; it may then be 0.
     *
     * @param symbol its name, for example {@code "tokens"}
     */
    public static Dim symbol(String symbol) {
        return new Dim(Objects.requireNonNull(symbol, "symbol"), -1);
    }

    /** Whether the size is known now; true for a fixed dimension. */
    public boolean isFixed() {
        return symbol == null;
    }

    /**
     * The size of a fixed dimension.
     *
     * @return the size, at least 1
     * @throws IllegalStateException if the dimension is symbolic
     */
    public long size() {
        if (symbol != null) {
            throw new IllegalStateException("the size of dimension '" + symbol + "' is known only at run time");
        }
        return size;
    }

    /**
     * The name of a symbolic dimension.
     *
     * @throws IllegalStateException if the dimension is fixed
     */
    public String symbol() {
        if (symbol == null) {
            throw new IllegalStateException("dimension of fixed size " + size + " has no name");
        }
        return symbol;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Dim that && size == that.size && Objects.equals(symbol, that.symbol);
    }

    @Override
    public int hashCode() {
        return Objects.hash(symbol, size);
    }

    /** Returns the size, or the name of a symbolic dimension. */
    @Override
    public String toString() {
        return symbol == null ? Long.toString(size) : symbol;
    }
}
