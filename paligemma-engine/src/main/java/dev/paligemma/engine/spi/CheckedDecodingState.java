package dev.paligemma.engine.spi;

import java.util.Arrays;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;

/**
 * A state that refuses whatever does not fit, and every use after a change of its caches that failed. An engine adds the
 * caches. Confined to one thread at a time.
 */
public abstract class CheckedDecodingState implements DecodingState {
    private final CheckedProgram<?> program;
    /** Set while the caches change. Stays set if that fails, as nobody knows what is in them then. */
    private boolean broken;

    private boolean closed;

    /**
     * Something that changes the caches.
     *
     * @param <X> how it fails
     */
    @FunctionalInterface
    protected interface Change<X extends Exception> {
        /** Does it. */
        void run() throws X;
    }

    /** A state of a program. */
    protected CheckedDecodingState(CheckedProgram<?> program) {
        this.program = Objects.requireNonNull(program, "program");
    }

    /** Runs the prefix of {@code rows} rows, at least 1, with inputs and outputs that fit the graph. */
    protected abstract void runPrefix(int rows, Map<String, HostTensor> inputs, Map<String, HostTensor> outputs);

    /** Runs one more row of each sequence, with inputs and outputs that fit the graph. */
    protected abstract void runNext(Map<String, HostTensor> inputs, Map<String, HostTensor> outputs);

    /** Replaces the sequences by some of them: indices, at least one, and not just all in their order. */
    protected abstract void keep(int[] chosen);

    /** Frees the caches. Called once. */
    protected abstract void free();

    /** Changes the caches; if that fails the state can only be closed. */
    protected final <X extends Exception> void change(Change<X> change) throws X {
        broken = true;
        change.run();
        broken = false;
    }

    final boolean isOf(CheckedProgram<?> other) {
        return program == other;
    }

    final void requireUsable() {
        if (closed) {
            throw new IllegalStateException("the decoding state is closed");
        }
        if (broken) {
            throw new IllegalStateException("the decoding state failed in an earlier run and can only be closed");
        }
    }

    @Override
    public final void run(Map<String, HostTensor> inputs, Map<String, HostTensor> outputs) {
        requireUsable();
        int rows = program.signature().cachedRows(inputs);
        boolean first = length(0) == 0;
        if (first ? rows < 1 : rows != sequences()) {
            throw new IllegalArgumentException("expected "
                    + (first
                            ? "at least one row"
                            : sequences() == 1 ? "one row" : "one row of each of " + sequences() + " sequences")
                    + " after " + length(0) + " rows, got " + rows);
        }
        program.signature().check(inputs, outputs);
        program.requireOpen();
        if (first) {
            runPrefix(rows, inputs, outputs);
        } else {
            runNext(inputs, outputs);
        }
    }

    @Override
    public final void select(int... chosen) {
        requireUsable();
        program.requireOpen();
        if (length(0) == 0) {
            throw new IllegalStateException("sequences can be selected once the prefix has been run");
        }
        if (chosen.length == 0) {
            throw new IllegalArgumentException("at least one sequence must be selected");
        }
        for (int sequence : chosen) {
            Objects.checkIndex(sequence, sequences());
        }
        if (!Arrays.equals(chosen, IntStream.range(0, sequences()).toArray())) {
            keep(chosen.clone());
        }
    }

    @Override
    public final void close() {
        if (!closed) {
            closed = true;
            free();
        }
    }
}
