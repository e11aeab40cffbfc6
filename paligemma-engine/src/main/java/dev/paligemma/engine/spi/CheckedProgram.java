package dev.paligemma.engine.spi;

import dev.paligemma.engine.graph.Graph;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/**
 * A program that refuses whatever does not fit before native code sees it, and that nobody can close while it runs: either
 * would end the JVM. An engine adds how to compute. Thread-safe as long as {@link #compute} is.
 *
 * @param <S> the engine's states
 */
public abstract class CheckedProgram<S extends CheckedDecodingState> implements Program {
    private final Graph graph;
    private final Class<S> stateClass;
    private final Signature signature;
    /** Runs hold the read side, closing the write side. */
    private final ReadWriteLock lock = new ReentrantReadWriteLock();

    private volatile boolean closed;

    /**
     * Something that needs the program open.
     *
     * @param <T> what it gives
     * @param <X> how it fails
     */
    @FunctionalInterface
    protected interface Action<T, X extends Exception> {
        /** Does it. */
        T run() throws X;
    }

    /** A program of a graph, whose states have the class {@code stateClass}. */
    protected CheckedProgram(Graph graph, Class<S> stateClass) {
        this.graph = Objects.requireNonNull(graph, "graph");
        this.stateClass = Objects.requireNonNull(stateClass, "stateClass");
        this.signature = new Signature(graph);
    }

    /** Runs a graph that keeps no state, with inputs and outputs that fit it. */
    protected abstract void compute(Map<String, HostTensor> inputs, Map<String, HostTensor> outputs);

    /** Makes an empty state; {@code expectedRows} is at least 0. */
    protected abstract S start(int expectedRows);

    /**
     * Makes a state of all sequences of others, which stay as they are: different usable states of this program, each with
     * a prefix; at least one.
     */
    protected abstract S gather(List<S> states);

    /** Frees what the program holds. Called once, while nothing runs. */
    protected abstract void free();

    @Override
    public final Graph graph() {
        return graph;
    }

    final Signature signature() {
        return signature;
    }

    @Override
    public final void run(Map<String, HostTensor> inputs, Map<String, HostTensor> outputs) {
        if (signature.keepsState()) {
            throw new IllegalStateException("graph " + graph.name() + " has caches: run it through newState()");
        }
        signature.check(inputs, outputs);
        compute(inputs, outputs);
    }

    @Override
    public final DecodingState newState(int expectedRows) {
        if (!signature.keepsState()) {
            throw new IllegalStateException("graph " + graph.name() + " has no caches");
        }
        if (expectedRows < 0) {
            throw new IllegalArgumentException("expectedRows must be at least 0, got " + expectedRows);
        }
        requireOpen();
        return start(expectedRows);
    }

    @Override
    public final DecodingState join(List<DecodingState> states) {
        if (states.isEmpty()) {
            throw new IllegalArgumentException("at least one state must be joined");
        }
        List<S> own = new ArrayList<>();
        for (DecodingState state : states) {
            if (!stateClass.isInstance(state) || !stateClass.cast(state).isOf(this)) {
                throw new IllegalArgumentException(
                        "only states of this program of graph " + graph.name() + " can be joined, got " + state);
            }
            S each = stateClass.cast(state);
            each.requireUsable();
            if (each.length(0) == 0) {
                throw new IllegalArgumentException("a state can be joined once its prefix has been run");
            }
            if (own.contains(each)) {
                throw new IllegalArgumentException("a state can be joined with others, not with itself");
            }
            own.add(each);
        }
        requireOpen();
        S joined = gather(own);
        own.forEach(CheckedDecodingState::close);
        return joined;
    }

    /** Does something while nobody can close the program; an {@link IllegalStateException} if it is closed. */
    protected final <T, X extends Exception> T whileOpen(Action<T, X> action) throws X {
        lock.readLock().lock();
        try {
            requireOpen();
            return action.run();
        } finally {
            lock.readLock().unlock();
        }
    }

    final void requireOpen() {
        if (closed) {
            throw new IllegalStateException("the program of graph " + graph.name() + " is closed");
        }
    }

    @Override
    public final void close() {
        lock.writeLock().lock();
        try {
            if (!closed) {
                closed = true;
                free();
            }
        } finally {
            lock.writeLock().unlock();
        }
    }
}
