package dev.paligemma.engine.spi;

import dev.paligemma.engine.EngineException;
import dev.paligemma.engine.graph.Graph;
import java.util.List;
import java.util.Map;

/**
 * A graph made ready to run, with its weights. Thread-safe: several threads may run it at once.
 *
 * <p>{@link #close} waits for runs in progress; a run that starts later is an {@link IllegalStateException}.
 */
public interface Program extends AutoCloseable {

    /** The graph this program was made of. */
    Graph graph();

    /**
     * Runs a graph that keeps no state.
     *
     * @param inputs one tensor per input of the graph, of its type and shape
     * @param outputs tensors to be filled, by the name of the output; outputs that are not named are not returned
     * @throws IllegalArgumentException if a tensor is missing, unknown or does not fit the graph
     * @throws IllegalStateException if the graph has caches, or the program is closed
     * @throws EngineException if the runtime fails
     */
    void run(Map<String, HostTensor> inputs, Map<String, HostTensor> outputs);

    /**
     * Starts a sequence: the empty key/value caches of one request.
     *
     * <p>Sums over caches of another capacity may run in another order, so another hint may change the last bits of a
     * result; the same hint gives the same bits.
     *
     * @param expectedRows about how many rows will be run after the prefix; a hint for the first allocation, at least 0
     * @return the state, to be closed by the caller
     * @throws IllegalArgumentException if {@code expectedRows} is negative
     * @throws IllegalStateException if the graph has no caches, or the program is closed
     */
    DecodingState newState(int expectedRows);

    /**
     * Puts the sequences of several states into one state, so that one run reads the weights once for all of them. The
     * given states are closed; their prefixes and lengths may differ.
     *
     * <p>Sums over longer caches run in another order, so the last bits of a result may differ from those of the sequences
     * run apart.
     *
     * @param states states of this program of which each has run its prefix; at least one
     * @return a state of all sequences, in the order of the states, to be closed by the caller
     * @throws IllegalArgumentException if there is none, one is given twice, belongs to another program, or has run nothing
     * @throws IllegalStateException if a state or the program is closed, or an earlier run of a state failed
     */
    DecodingState join(List<DecodingState> states);

    /** Frees the program once no run is in progress. Does nothing the second time. */
    @Override
    void close();
}
