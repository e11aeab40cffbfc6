package dev.paligemma.reference;

import dev.paligemma.engine.graph.Graph;
import dev.paligemma.engine.graph.Weight;
import dev.paligemma.engine.spi.CheckedProgram;
import dev.paligemma.engine.spi.HostTensor;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** A graph with its weights. Thread-safe: each run has an interpreter of its own. */
final class ReferenceProgram extends CheckedProgram<ReferenceDecodingState> {
    private final Map<Weight, Array> weights;

    ReferenceProgram(Graph graph, Map<Weight, Array> weights) {
        super(graph, ReferenceDecodingState.class);
        this.weights = weights;
    }

    @Override
    protected void compute(Map<String, HostTensor> inputs, Map<String, HostTensor> outputs) {
        run(List.of(), inputs, outputs);
    }

    /** One run, which adds to the caches of some sequences; a graph without caches has none. */
    void run(List<Map<String, KeysAndValues>> caches, Map<String, HostTensor> inputs, Map<String, HostTensor> outputs) {
        whileOpen(() -> {
            new Interpreter(graph(), weights, new CachedSight(caches)).run(inputs, outputs);
            return true;
        });
    }

    /** The hint has no use here: caches grow row by row. */
    @Override
    protected ReferenceDecodingState start(int expectedRows) {
        return new ReferenceDecodingState(this, List.of(new HashMap<>()));
    }

    @Override
    protected ReferenceDecodingState gather(List<ReferenceDecodingState> states) {
        Stream<Map<String, KeysAndValues>> all = states.stream()
                .flatMap(state -> IntStream.range(0, state.sequences()).mapToObj(state::copy));
        return new ReferenceDecodingState(this, all.toList());
    }

    @Override
    protected void free() {
        weights.clear();
    }
}
