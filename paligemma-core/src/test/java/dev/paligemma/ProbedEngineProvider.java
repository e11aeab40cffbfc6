package dev.paligemma;

import dev.paligemma.engine.Device;
import dev.paligemma.engine.EngineException;
import dev.paligemma.engine.EngineOptions;
import dev.paligemma.engine.Precision;
import dev.paligemma.engine.contract.TestedEngine;
import dev.paligemma.engine.graph.Graph;
import dev.paligemma.engine.spi.DecodingState;
import dev.paligemma.engine.spi.Engine;
import dev.paligemma.engine.spi.EngineProvider;
import dev.paligemma.engine.spi.Engines;
import dev.paligemma.engine.spi.HostTensor;
import dev.paligemma.engine.spi.Program;
import dev.paligemma.engine.weights.WeightSource;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.UnaryOperator;

/** Makes engines that compute as another engine does and tell a {@link Probe} about it. */
public final class ProbedEngineProvider implements EngineProvider {
    private static final String NAME = "probed";

    /** What the engine that this thread makes is made of. */
    private static final ThreadLocal<Made> MADE = new ThreadLocal<>();

    private record Made(TestedEngine engine, Probe probe) {}

    /** Loads a stored checkpoint with the default engine. */
    static PaliGemmaPipeline load(Golden golden, Probe probe, int maxConcurrentRequests) {
        return load(TestedEngine.ONNX_FLOAT32, golden, probe, maxConcurrentRequests);
    }

    /** Loads a stored checkpoint with an engine. */
    static PaliGemmaPipeline load(TestedEngine engine, Golden golden, Probe probe, int maxConcurrentRequests) {
        return load(engine, golden, probe, builder -> builder.maxConcurrentRequests(maxConcurrentRequests));
    }

    /** Loads a stored checkpoint with the default engine and further options. */
    static PaliGemmaPipeline load(Golden golden, Probe probe, UnaryOperator<PipelineBuilder> options) {
        return load(TestedEngine.ONNX_FLOAT32, golden, probe, options);
    }

    private static PaliGemmaPipeline load(
            TestedEngine engine, Golden golden, Probe probe, UnaryOperator<PipelineBuilder> options) {
        MADE.set(new Made(engine, probe));
        try {
            return options.apply(PaliGemmaPipeline.builder()
                            .checkpoint(golden.folder())
                            .engine(NAME)
                            .precision(engine.precision()))
                    .build();
        } finally {
            MADE.remove();
        }
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public Set<Precision> precisions(Device.Kind kind) {
        return EnumSet.of(Precision.FLOAT32, Precision.INT8, Precision.INT4);
    }

    @Override
    public Engine create(EngineOptions options) {
        Made made = MADE.get();
        if (made == null) {
            throw new EngineException("engine '" + NAME + "' is made by ProbedEngineProvider.load");
        }
        return new ProbedEngine(Engines.create(made.engine.engine(), options), made.probe);
    }

    private record ProbedEngine(Engine engine, Probe probe) implements Engine {
        @Override
        public String name() {
            return NAME;
        }

        @Override
        public String version() {
            return engine.version();
        }

        @Override
        public EngineOptions options() {
            return engine.options();
        }

        @Override
        public Program compile(Graph graph, WeightSource source) {
            return new ProbedProgram(engine.compile(graph, source), probe);
        }
    }

    private record ProbedProgram(Program program, Probe probe) implements Program {
        @Override
        public Graph graph() {
            return program.graph();
        }

        @Override
        public void run(Map<String, HostTensor> inputs, Map<String, HostTensor> outputs) {
            probe.encoding();
            program.run(inputs, outputs);
        }

        @Override
        public DecodingState newState(int expectedRows) {
            return new ProbedState(program.newState(expectedRows), probe);
        }

        @Override
        public DecodingState join(List<DecodingState> states) {
            List<ProbedState> probed =
                    states.stream().map(ProbedState.class::cast).toList();
            DecodingState joined =
                    program.join(probed.stream().map(each -> each.state).toList());
            probed.forEach(ProbedState::close);
            return new ProbedState(joined, probe);
        }

        @Override
        public void close() {
            program.close();
        }
    }

    private static final class ProbedState implements DecodingState {
        private final DecodingState state;
        private final Probe probe;
        private final AtomicBoolean closed = new AtomicBoolean();

        ProbedState(DecodingState state, Probe probe) {
            this.state = state;
            this.probe = probe;
            probe.opened();
        }

        @Override
        public void run(Map<String, HostTensor> inputs, Map<String, HostTensor> outputs) {
            probe.run();
            state.run(inputs, outputs);
        }

        @Override
        public int sequences() {
            return state.sequences();
        }

        @Override
        public int length(int sequence) {
            return state.length(sequence);
        }

        @Override
        public void select(int... chosen) {
            state.select(chosen);
        }

        @Override
        public void close() {
            if (closed.compareAndSet(false, true)) {
                probe.closed();
                state.close();
            }
        }
    }
}
