package dev.paligemma.engine.spi;

import dev.paligemma.engine.EngineException;
import dev.paligemma.engine.EngineOptions;
import dev.paligemma.engine.checkpoint.Checkpoint;
import dev.paligemma.engine.graph.Graph;

/** Turns recorded graphs into programs that run on one device in one precision. Thread-safe. */
public interface Engine {

    /**
     * The name by which users choose this engine.
     *
     * @return for example {@code "onnx"}
     */
    String name();

    /**
     * The version of the runtime underneath.
     *
     * @return for example {@code "1.28.0"}
     */
    String version();

    /**
     * The options this engine was made with.
     *
     * @return the options
     */
    EngineOptions options();

    /**
     * Makes a program of a graph.
     *
     * <p>Weights are read from the checkpoint's files, which must not change while the program lives.
     *
     * @param graph the network
     * @param checkpoint the weights, which stay open only during this call
     * @return the program, to be closed by the caller
     * @throws EngineException if the runtime refuses the program
     */
    Program compile(Graph graph, Checkpoint checkpoint);
}
