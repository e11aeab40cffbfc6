package dev.paligemma.engine.training;

import dev.paligemma.engine.EngineException;
import dev.paligemma.engine.graph.Graph;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.Map;

/**
 * A graph made ready to train. Parameters, their gradients and the optimiser's moments live inside the engine, in float32.
 *
 * <p>Thread-safe, but one call at a time: others wait. A call after {@link #close} is an {@link IllegalStateException}.
 */
public interface TrainingProgram extends AutoCloseable {

    /** What can be read and written of each parameter. */
    enum Numbers {
        /** The parameter itself. */
        VALUE,
        /** The sum of the gradients since the last update. */
        GRADIENT,
        /** AdamW's mean of gradients. */
        FIRST_MOMENT,
        /** AdamW's mean of squared gradients. */
        SECOND_MOMENT
    }

    /** The graph this program was made of. */
    Graph graph();

    /** The parameters in a fixed order: trained inputs and weights by name, with their sizes; unmodifiable. */
    Map<String, List<Long>> parameters();

    /**
     * Computes {@code sum over rows of factor * loss} and adds its gradients to those that are there.
     *
     * @return the losses of the rows, without factors
     * @throws IllegalArgumentException if a tensor is missing, unknown or does not fit, or a target is no token
     * @throws EngineException if the runtime fails, for want of memory for example; gradients are then those of before this
     *     step or not, so {@link #clearGradients} comes next
     */
    RowLosses step(TrainingBatch batch);

    /** The losses of the rows as {@link #step} has them, without dropout; nothing changes. Fails as that does. */
    RowLosses evaluate(TrainingBatch batch);

    /**
     * Changes all parameters by the gradients that were added up, and sets gradients to zero.
     *
     * <p>If the norm is not a number or infinite nothing changes but that.
     *
     * @return the Euclidean norm of all gradients together, before clipping
     */
    double update(UpdateRule rule);

    /** Sets gradients to zero. */
    void clearGradients();

    /**
     * Copies numbers of a parameter out, row-major.
     *
     * @param into exactly as many elements remain as the parameter has; its position moves to its limit
     * @throws IllegalArgumentException if there is no such parameter, or the buffer has another size
     */
    void read(String parameter, Numbers which, FloatBuffer into);

    /** Copies numbers of a parameter in, as {@link #read} copies them out. */
    void write(String parameter, Numbers which, FloatBuffer from);

    /** Frees everything once no call is in progress. Does nothing the second time. */
    @Override
    void close();
}
