package dev.paligemma.reference;

import dev.paligemma.engine.EngineOptions;
import dev.paligemma.engine.checkpoint.Checkpoint;
import dev.paligemma.engine.graph.Graph;
import dev.paligemma.engine.spi.Engine;
import dev.paligemma.engine.spi.Program;

/**
 * Runs graphs in plain Java. Immutable and thread-safe.
 *
 * @param options float32 on the CPU
 */
record ReferenceEngine(EngineOptions options) implements Engine {
    @Override
    public String name() {
        return ReferenceEngineProvider.NAME;
    }

    /** The runtime underneath is the virtual machine. */
    @Override
    public String version() {
        Runtime.Version java = Runtime.version();
        return java.feature() + "." + java.interim() + "." + java.update();
    }

    /** Nothing is compiled; the weights are read. */
    @Override
    public Program compile(Graph graph, Checkpoint checkpoint) {
        return new ReferenceProgram(graph, ReferenceWeights.read(graph, checkpoint));
    }
}
