package dev.paligemma.engine.spi;

import dev.paligemma.engine.EngineException;
import dev.paligemma.engine.EngineOptions;
import dev.paligemma.engine.PaliGemmaException;
import dev.paligemma.engine.graph.Graph;
import dev.paligemma.engine.weights.WeightSource;

/** Turns recorded graphs into programs that run on one device in one precision. Thread-safe. */
public interface Engine {

    /** The name by which users choose this engine, for example {@code "onnx"}. */
    String name();

    /** The version of the runtime underneath, for example {@code "1.28.0"}. */
    String version();

    /** The options this engine was made with. */
    EngineOptions options();

    /**
     * Makes a program of a graph.
     *
     * <p>Weights are read from the files of the source, which must not change while the program lives.
     *
     * @param graph the network
     * @param weights where the weights come from; it may be closed after this call
     * @return the program, to be closed by the caller
     * @throws EngineException if the runtime refuses the program, or a weight has not the size that the graph says
     * @throws PaliGemmaException of the source, if a weight is missing or cannot be read
     */
    Program compile(Graph graph, WeightSource weights);
}
