package dev.paligemma.engine.training;

import dev.paligemma.base.PaliGemmaException;
import dev.paligemma.engine.EngineException;
import dev.paligemma.engine.graph.Graph;
import dev.paligemma.engine.spi.Engine;
import dev.paligemma.engine.weights.WeightSource;

/** An engine that also makes training programs of recorded graphs. Thread-safe. */
public interface TrainingEngine extends Engine {

    /**
     * An engine as one that trains.
     *
     * @throws EngineException if it cannot
     */
    static TrainingEngine of(Engine engine) {
        if (engine instanceof TrainingEngine trainer) {
            return trainer;
        }
        throw new EngineException("engine '" + engine.name() + "' computes answers only; engine 'pytorch' trains");
    }

    /**
     * Makes a training program of a graph that ends in logits.
     *
     * <p>The output named {@code logits} is what the loss is computed of; other outputs, and what only they need, are left
     * out. Trained weights start as the source has them; trained inputs start as zeros.
     *
     * @param graph the network; its cached attentions see what {@link SequenceRows} says, and keep no cache
     * @param weights where the weights come from; it may be closed after this call
     * @param parts what is trained
     * @param options how the rest is kept and computed
     * @return the program, to be closed by the caller
     * @throws EngineException if the engine cannot train like that, or the runtime refuses the program
     * @throws IllegalArgumentException if the graph has no such weights or inputs, or no output {@code logits}
     * @throws PaliGemmaException of the source, if a weight is missing or cannot be read
     */
    TrainingProgram compileTraining(Graph graph, WeightSource weights, TrainedParts parts, TrainingOptions options);
}
