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

    /** A dimension of known size, at least 1, or it is an {@link IllegalArgumentException}. */
    public static Dim of(long size) {
        if (size < 1) {
            throw new IllegalArgumentException("a fixed dimension must be at least 1, got " + size);
        }
        return new Dim(null, size);
    }

    /** A dimension whose size is known only at run time, and may then be 0, by a name such as {@code "tokens"}. */
    public static Dim symbol(String symbol) {
        return new Dim(Objects.requireNonNull(symbol, "symbol"), -1);
    }

    /** Whether the size is known now; true for a fixed dimension. */
    public boolean isFixed() {
        return symbol == null;
    }

    /** The size of a fixed dimension, at least 1; an {@link IllegalStateException} if it is symbolic. */
    public long size() {
        if (symbol != null) {
            throw new IllegalStateException("the size of dimension '" + symbol + "' is known only at run time");
        }
        return size;
    }

    /** The name of a symbolic dimension; an {@link IllegalStateException} if it is fixed. */
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
