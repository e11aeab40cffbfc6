package dev.paligemma;

import dev.paligemma.engine.Device;
import dev.paligemma.engine.EngineException;
import dev.paligemma.engine.EngineOptions;
import dev.paligemma.engine.Precision;
import dev.paligemma.engine.graph.Graph;
import dev.paligemma.engine.spi.DecodingState;
import dev.paligemma.engine.spi.Engine;
import dev.paligemma.engine.spi.EngineProvider;
import dev.paligemma.engine.spi.HostTensor;
import dev.paligemma.engine.spi.Program;
import dev.paligemma.engine.weights.WeightSource;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;

/** Makes engines that compute nothing and remember what they were asked to compile; they know all precisions but int4. */
public final class RecordingEngineProvider implements EngineProvider {
    static final String NAME = "recording";

    /** What was compiled, by all engines of this kind. */
    static final List<Compiled> COMPILED = new CopyOnWriteArrayList<>();

    record Compiled(String graph, Path folder, Precision stored) {}

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public Set<Precision> precisions(Device.Kind kind) {
        return EnumSet.complementOf(EnumSet.of(Precision.INT4));
    }

    @Override
    public Engine create(EngineOptions options) {
        if (options.precision() == Precision.INT4) {
            throw new EngineException("engine 'recording' does not know int4");
        }
        return new RecordingEngine(options);
    }

    private record RecordingEngine(EngineOptions options) implements Engine {
        @Override
        public String name() {
            return NAME;
        }

        @Override
        public String version() {
            return "1";
        }

        @Override
        public Program compile(Graph graph, WeightSource source) {
            COMPILED.add(new Compiled(graph.name(), source.folder(), source.precision()));
            return new Program() {
                @Override
                public Graph graph() {
                    return graph;
                }

                @Override
                public void run(Map<String, HostTensor> inputs, Map<String, HostTensor> outputs) {
                    throw new UnsupportedOperationException("this engine computes nothing");
                }

                @Override
                public DecodingState newState(int expectedRows) {
                    throw new UnsupportedOperationException("this engine computes nothing");
                }

                @Override
                public DecodingState join(List<DecodingState> states) {
                    throw new UnsupportedOperationException("this engine computes nothing");
                }

                @Override
                public void close() {}
            };
        }
    }
}
