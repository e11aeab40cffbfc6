package dev.paligemma.engine.contract;

import static dev.paligemma.engine.contract.Tensors.fill;
import static dev.paligemma.engine.contract.Tensors.floats;
import static dev.paligemma.engine.contract.Tensors.unwritten;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.paligemma.base.PaliGemmaException;
import dev.paligemma.engine.Device;
import dev.paligemma.engine.EngineException;
import dev.paligemma.engine.Precision;
import dev.paligemma.engine.graph.ElementType;
import dev.paligemma.engine.graph.Graph;
import dev.paligemma.engine.graph.GraphBuilder;
import dev.paligemma.engine.graph.LinearWeights;
import dev.paligemma.engine.graph.Shape;
import dev.paligemma.engine.graph.Tensor;
import dev.paligemma.engine.graph.Weight;
import dev.paligemma.engine.spi.HostTensor;
import dev.paligemma.engine.spi.Program;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * What every engine must do beside computing: refuse what does not fit, keep runs apart, and close in order.
 *
 * <p>{@link StateContract} is about programs with caches.
 */
@ExtendWith(ContractLedger.class)
public abstract class ProgramContract extends GoldenContract {
    /** The precision of the engine. */
    protected Precision precision() {
        return Precision.FLOAT32;
    }

    // Engine and checkpoint

    @Test
    void saysWhatItIs() {
        assertThat(engine.name()).matches("[a-z]+");
        assertThat(engine.version()).matches("\\d+\\.\\d+.*");
        assertThat(engine.options().device()).isEqualTo(Device.CPU);
        assertThat(engine.options().precision()).isEqualTo(precision());
    }

    @Test
    void programKnowsItsGraph() {
        Graph graph = sum();

        try (Program program = engine.compile(graph, goldens.weights())) {
            assertThat(program.graph()).isSameAs(graph);
        }
    }

    @Test
    void refusesWeightThatTheCheckpointLacks() {
        GraphBuilder g = new GraphBuilder("lacking");
        g.output("y", g.parameter(Weight.of("language_model.layers.7.input_layernorm.weight", 64)));

        assertThatThrownBy(() -> engine.compile(g.build(), goldens.weights()))
                .isInstanceOf(PaliGemmaException.class)
                .hasMessageContaining("language_model.layers.7.input_layernorm.weight");
    }

    @Test
    void refusesWeightOfAnotherSize() {
        GraphBuilder g = new GraphBuilder("misfit");
        g.output("y", g.parameter(Weight.of("language_model.norm.weight", 65)));

        assertThatThrownBy(() -> engine.compile(g.build(), goldens.weights()))
                .isInstanceOf(EngineException.class)
                .hasMessageContaining("language_model.norm.weight")
                .hasMessageContaining("65")
                .hasMessageContaining("64");
    }

    // Inputs and outputs

    @Test
    void refusesMissingInput() {
        assertRefused(Map.of("a", zeros(2, 4)), Map.of("y", zeros(2, 4)), "inputs [a, b]", "got [a]");
    }

    @Test
    void refusesUnknownInput() {
        assertRefused(
                Map.of("a", zeros(2, 4), "b", zeros(2, 4), "other", zeros(2, 4)),
                Map.of("y", zeros(2, 4)),
                "inputs [a, b]",
                "other");
    }

    @Test
    void refusesInputOfAnotherType() {
        HostTensor integers = HostTensor.allocate(ElementType.INT64, 2, 4);

        assertRefused(
                Map.of("a", zeros(2, 4), "b", integers),
                Map.of("y", zeros(2, 4)),
                "expects b to be float32[rows, 4], got int64[2, 4]");
    }

    @Test
    void refusesInputOfAnotherRank() {
        assertRefused(
                Map.of("a", zeros(2, 4), "b", zeros(8)),
                Map.of("y", zeros(2, 4)),
                "expects b to be float32[rows, 4], got float32[8]");
    }

    @Test
    void refusesInputOfAnotherWidth() {
        assertRefused(
                Map.of("a", zeros(2, 4), "b", zeros(2, 3)),
                Map.of("y", zeros(2, 4)),
                "expects b to be float32[rows, 4], got float32[2, 3]");
    }

    /** Which of the two is reported depends on the order of the caller's map. */
    @Test
    void refusesInputsThatDisagreeAboutRows() {
        assertRefused(
                Map.of("a", zeros(2, 4), "b", zeros(3, 4)),
                Map.of("y", zeros(2, 4)),
                "to be float32[rows, 4]",
                "rows=");
    }

    @Test
    void refusesUnknownOutput() {
        assertRefused(
                Map.of("a", zeros(2, 4), "b", zeros(2, 4)),
                Map.of("z", zeros(2, 4)),
                "outputs [y, doubled]",
                "got [z]");
    }

    @Test
    void refusesToComputeNothing() {
        assertRefused(Map.of("a", zeros(2, 4), "b", zeros(2, 4)), Map.of(), "outputs [y, doubled]", "got []");
    }

    @Test
    void refusesOutputOfOtherRowsThanTheInputs() {
        assertRefused(
                Map.of("a", zeros(2, 4), "b", zeros(2, 4)),
                Map.of("y", zeros(3, 4)),
                "expects y to be float32[rows, 4], got float32[3, 4]");
    }

    @Test
    void refusesOutputOfAnotherType() {
        assertRefused(
                Map.of("a", zeros(2, 4), "b", zeros(2, 4)),
                Map.of("y", HostTensor.allocate(ElementType.INT64, 2, 4)),
                "expects y to be float32[rows, 4], got int64[2, 4]");
    }

    /** A refusal leaves the program as it was. */
    private void assertRefused(Map<String, HostTensor> inputs, Map<String, HostTensor> outputs, String... messages) {
        try (Program program = engine.compile(sum(), goldens.weights())) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> program.run(inputs, outputs))
                    .withMessageContainingAll(messages)
                    .withMessageContaining("graph sum");
            HostTensor y = unwritten(2, 4);
            program.run(Map.of("a", fill(zeros(2, 4), 1), "b", fill(zeros(2, 4), 2)), Map.of("y", y));
            assertThat(floats(y)).containsOnly(3);
        }
    }

    @Test
    void fillsOnlyTheOutputsAskedFor() {
        HostTensor y = unwritten(2, 4);
        HostTensor doubled = unwritten(2, 4);

        try (Program program = engine.compile(sum(), goldens.weights())) {
            Map<String, HostTensor> inputs = Map.of("a", fill(zeros(2, 4), 1), "b", fill(zeros(2, 4), 2));
            program.run(inputs, Map.of("doubled", doubled));
            assertThat(floats(y)).containsOnly(Float.NaN);
            assertThat(floats(doubled)).containsOnly(6);
            program.run(inputs, Map.of("y", y, "doubled", doubled));
        }

        assertThat(floats(y)).containsOnly(3);
    }

    @Test
    void runsWithAnyNumberOfRowsInTurn() {
        try (Program program = engine.compile(sum(), goldens.weights())) {
            for (int rows : new int[] {3, 1, 7, 2}) {
                HostTensor y = unwritten(rows, 4);
                program.run(Map.of("a", fill(zeros(rows, 4), rows), "b", zeros(rows, 4)), Map.of("y", y));
                assertThat(floats(y)).containsOnly(rows);
            }
        }
    }

    @Test
    void givesInputsAndParametersAsOutputs() {
        GraphBuilder g = new GraphBuilder("plain");
        Tensor x = g.input("x", ElementType.FLOAT32, Shape.of("rows", 4));
        g.output("same", x);
        g.output("again", x);
        HostTensor same = unwritten(2, 4);
        HostTensor again = unwritten(2, 4);

        try (Program program = engine.compile(g.build(), goldens.weights())) {
            program.run(Map.of("x", fill(zeros(2, 4), 5)), Map.of("same", same, "again", again));
        }

        assertThat(floats(same)).containsOnly(5);
        assertThat(floats(again)).containsOnly(5);
    }

    @Test
    void graphWithoutCachesHasNoState() {
        try (Program program = engine.compile(sum(), goldens.weights())) {
            assertThatIllegalStateException()
                    .isThrownBy(() -> program.newState(1))
                    .withMessageContaining("graph sum");
        }
    }

    @Test
    void threadsRunAStatelessProgramAtOnce() throws Exception {
        ExecutorService pool = Executors.newFixedThreadPool(8);
        try (Program program = engine.compile(sum(), goldens.weights())) {
            List<Future<float[]>> results = new ArrayList<>();
            for (int thread = 0; thread < 8; thread++) {
                int rows = thread + 1;
                results.add(pool.submit(() -> {
                    HostTensor y = unwritten(rows, 4);
                    for (int run = 0; run < 50; run++) {
                        program.run(Map.of("a", fill(zeros(rows, 4), rows), "b", zeros(rows, 4)), Map.of("y", y));
                    }
                    return floats(y);
                }));
            }
            for (int thread = 0; thread < 8; thread++) {
                assertThat(results.get(thread).get()).hasSize((thread + 1) * 4).containsOnly(thread + 1);
            }
        } finally {
            pool.shutdownNow();
        }
    }

    // Closing

    @Test
    void closedProgramRefusesUse() {
        Program program = engine.compile(sum(), goldens.weights());
        program.close();
        program.close();

        assertThatIllegalStateException()
                .isThrownBy(() -> program.run(Map.of("a", zeros(2, 4), "b", zeros(2, 4)), Map.of("y", zeros(2, 4))))
                .withMessageContaining("graph sum")
                .withMessageContaining("closed");
    }

    /** Freeing a program under a running thread would end the whole JVM. */
    @Test
    void closeWaitsForARunInProgress() throws Exception {
        int rows = 2000;
        HostTensor y = unwritten(rows, 64);
        ExecutorService pool = Executors.newSingleThreadExecutor();
        Program program = engine.compile(deep(200), goldens.weights());
        try {
            Thread[] worker = new Thread[1];
            Future<?> run = pool.submit(() -> {
                synchronized (worker) {
                    worker[0] = Thread.currentThread();
                }
                program.run(Map.of("x", fill(zeros(rows, 64), 1)), Map.of("y", y));
            });
            while (!run.isDone() && !computes(program, worker)) {
                Thread.sleep(1);
            }

            program.close();

            assertThat(floats(y)).as("results of the run that was waited for").doesNotContain(Float.NaN);
            run.get();
            assertThatIllegalStateException()
                    .isThrownBy(() -> program.run(Map.of("x", zeros(rows, 64)), Map.of("y", y)));
        } finally {
            program.close();
            pool.shutdownNow();
        }
    }

    /** Whether a thread computes that is where its program called it; an engine without native code says so otherwise. */
    protected boolean computes(StackTraceElement where) {
        return where.isNativeMethod();
    }

    private boolean computes(Program program, Thread[] worker) {
        Thread thread;
        synchronized (worker) {
            thread = worker[0];
        }
        StackTraceElement[] stack = thread == null ? new StackTraceElement[0] : thread.getStackTrace();
        return stack.length > 0
                && computes(stack[0])
                && Arrays.stream(stack)
                        .anyMatch(frame ->
                                frame.getClassName().equals(program.getClass().getName()));
    }

    /** {@code y = a + b}, and twice that. */
    private static Graph sum() {
        GraphBuilder g = new GraphBuilder("sum");
        Tensor a = g.input("a", ElementType.FLOAT32, Shape.of("rows", 4));
        Tensor b = g.input("b", ElementType.FLOAT32, Shape.of("rows", 4));
        Tensor y = g.add(a, b);
        g.output("y", y);
        g.output("doubled", g.scale(y, 2));
        return g.build();
    }

    /** Work for a while: matrix products one after the other, kept in bounds. */
    private static Graph deep(int layers) {
        GraphBuilder g = new GraphBuilder("deep");
        LinearWeights in = new LinearWeights(Weight.of("language_model.layers.0.mlp.gate_proj.weight", 24, 64), null);
        LinearWeights out = new LinearWeights(Weight.of("language_model.layers.0.mlp.down_proj.weight", 64, 24), null);
        Tensor x = g.input("x", ElementType.FLOAT32, Shape.of("rows", 64));
        for (int layer = 0; layer < layers; layer++) {
            x = g.softcap(g.linear(g.linear(x, in), out), 10);
        }
        g.output("y", x);
        return g.build();
    }
}
