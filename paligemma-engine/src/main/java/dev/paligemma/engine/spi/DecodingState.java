package dev.paligemma.engine.spi;

import dev.paligemma.engine.EngineException;
import java.util.Map;

/**
 * The key/value caches of one sequence, between the runs of a {@link Program}. Confined to one thread at a time.
 *
 * <p>The first run holds the rows of the prefix, each later run one row.
 */
public interface DecodingState extends AutoCloseable {

    /**
     * Runs the program on the next rows and remembers their keys and values.
     *
     * @param inputs one tensor per input of the graph, of its type and shape
     * @param outputs tensors to be filled, by the name of the output
     * @throws IllegalArgumentException if a tensor is missing, unknown or does not fit the graph, or a later run holds
     *     more than one row
     * @throws IllegalStateException if the state or its program is closed, or an earlier run failed
     * @throws EngineException if the runtime fails; the state is then unusable and should be closed
     */
    void run(Map<String, HostTensor> inputs, Map<String, HostTensor> outputs);

    /**
     * How many rows have been run.
     *
     * @return at least 0
     */
    int length();

    /** Frees the caches. Does nothing the second time. */
    @Override
    void close();
}
