package dev.paligemma.engine.spi;

import dev.paligemma.engine.EngineException;
import java.util.Map;

/**
 * The key/value caches of one or more sequences, between the runs of a {@link Program}. Confined to one thread at a time.
 *
 * <p>The first run holds the rows of the prefix of one sequence. Each later run holds one row of every sequence, in their
 * order. Sequences become several by {@link #select}, which repeats one, and by {@link Program#join}.
 */
public interface DecodingState extends AutoCloseable {

    /**
     * Runs the program on the next rows and remembers their keys and values.
     *
     * @param inputs one tensor per input of the graph, of its type and shape
     * @param outputs tensors to be filled, by the name of the output
     * @throws IllegalArgumentException if a tensor is missing, unknown or does not fit the graph, or a later run does not
     *     hold one row of every sequence
     * @throws IllegalStateException if the state or its program is closed, or an earlier run failed
     * @throws EngineException if the runtime fails; the state is then unusable and should be closed
     */
    void run(Map<String, HostTensor> inputs, Map<String, HostTensor> outputs);

    /** How many sequences there are, at least 1. */
    int sequences();

    /**
     * How many rows of a sequence have been run, at least 0.
     *
     * @throws IndexOutOfBoundsException if there is no such sequence
     */
    int length(int sequence);

    /**
     * Replaces the sequences by some of them, in any order. One that is named several times goes on as several, which
     * share the prefix; one that is not named ends.
     *
     * @param chosen the indices of the sequences to go on with, at least one
     * @throws IllegalArgumentException if none is chosen
     * @throws IndexOutOfBoundsException if there is no such sequence
     * @throws IllegalStateException if nothing has been run yet, the state or its program is closed, or an earlier run
     *     failed
     */
    void select(int... chosen);

    /** Frees the caches. Does nothing the second time. */
    @Override
    void close();
}
