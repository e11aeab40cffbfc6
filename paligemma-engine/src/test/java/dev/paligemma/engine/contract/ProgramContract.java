package dev.paligemma.engine.contract;

import static dev.paligemma.engine.contract.Tensors.assertClose;
import static dev.paligemma.engine.contract.Tensors.fill;
import static dev.paligemma.engine.contract.Tensors.floats;
import static dev.paligemma.engine.contract.Tensors.unwritten;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.paligemma.engine.Device;
import dev.paligemma.engine.EngineException;
import dev.paligemma.engine.Precision;
import dev.paligemma.engine.checkpoint.CheckpointException;
import dev.paligemma.engine.graph.ElementType;
import dev.paligemma.engine.graph.Graph;
import dev.paligemma.engine.graph.GraphBuilder;
import dev.paligemma.engine.graph.LinearWeights;
import dev.paligemma.engine.graph.Shape;
import dev.paligemma.engine.graph.Tensor;
import dev.paligemma.engine.graph.Weight;
import dev.paligemma.engine.spi.DecodingState;
import dev.paligemma.engine.spi.Engine;
import dev.paligemma.engine.spi.HostTensor;
import dev.paligemma.engine.spi.Program;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What every engine must do beside computing: refuse what does not fit, keep requests apart, and close in order.
 *
 * <p>Results are compared with the golden values of {@link EngineContract}, or with another run of the same numbers
 * where the two must be equal.
 */
@ExtendWith(ContractLedger.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
public abstract class ProgramContract {
    private static final double ATTENDED = 1e-5;

    private OperationGoldens goldens;
    private Engine engine;

    /** Makes the engine that the class is annotated with, or another one on the CPU; fails if it is not available. */
    protected Engine createEngine() {
        return TestedEngine.of(getClass()).create();
    }

    /** The precision of that engine. */
    protected Precision precision() {
        return Precision.FLOAT32;
    }

    /**
     * How far a result may be from the golden one.
     *
     * @param single how far it may be in single precision, as a part of the largest magnitude in its row
     */
    protected double tolerance(double single) {
        return single;
    }

    @BeforeAll
    void open(@TempDir Path folder) {
        goldens = new OperationGoldens(folder);
        engine = createEngine();
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

        try (Program program = engine.compile(graph, goldens.checkpoint())) {
            assertThat(program.graph()).isSameAs(graph);
        }
    }

    @Test
    void refusesWeightThatTheCheckpointLacks() {
        GraphBuilder g = new GraphBuilder("lacking");
        g.output("y", g.parameter(Weight.of("language_model.layers.7.input_layernorm.weight", 64)));

        assertThatThrownBy(() -> engine.compile(g.build(), goldens.checkpoint()))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining("language_model.layers.7.input_layernorm.weight");
    }

    @Test
    void refusesWeightOfAnotherSize() {
        GraphBuilder g = new GraphBuilder("misfit");
        g.output("y", g.parameter(Weight.of("language_model.norm.weight", 65)));

        assertThatThrownBy(() -> engine.compile(g.build(), goldens.checkpoint()))
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
        try (Program program = engine.compile(sum(), goldens.checkpoint())) {
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

        try (Program program = engine.compile(sum(), goldens.checkpoint())) {
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
        try (Program program = engine.compile(sum(), goldens.checkpoint())) {
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

        try (Program program = engine.compile(g.build(), goldens.checkpoint())) {
            program.run(Map.of("x", fill(zeros(2, 4), 5)), Map.of("same", same, "again", again));
        }

        assertThat(floats(same)).containsOnly(5);
        assertThat(floats(again)).containsOnly(5);
    }

    // States

    @Test
    void graphWithoutCachesHasNoState() {
        try (Program program = engine.compile(sum(), goldens.checkpoint())) {
            assertThatIllegalStateException()
                    .isThrownBy(() -> program.newState(1))
                    .withMessageContaining("graph sum");
        }
    }

    @Test
    void graphWithCachesRunsOnlyInAState() {
        CachedCase test = CachedCase.named("one_kv_head");

        try (Program program = compile(test)) {
            assertThatIllegalStateException()
                    .isThrownBy(() -> program.run(test.inputs(goldens), Map.of("y", zeros(12, 32))))
                    .withMessageContaining("graph " + test.golden());
        }
    }

    @Test
    void refusesNegativeNumberOfExpectedRows() {
        try (Program program = compile(CachedCase.named("one_kv_head"))) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> program.newState(-1))
                    .withMessageContaining("-1");
        }
    }

    @Test
    void countsRows() {
        CachedCase test = CachedCase.named("one_kv_head");
        Map<String, HostTensor> inputs = test.inputs(goldens);

        try (Program program = compile(test);
                DecodingState state = program.newState(2)) {
            assertThat(state.length(0)).isZero();
            state.run(CachedCase.rows(inputs, 0, 7), Map.of("y", zeros(7, 32)));
            assertThat(state.length(0)).isEqualTo(7);
            state.run(CachedCase.rows(inputs, 7, 1), Map.of("y", zeros(1, 32)));
            assertThat(state.length(0)).isEqualTo(8);
        }
    }

    @Test
    void refusesSeveralRowsAfterThePrefixAndGoesOn() {
        CachedCase test = CachedCase.named("shared_kv_heads");
        Map<String, HostTensor> inputs = test.inputs(goldens);
        HostTensor expected = goldens.tensor(test.golden() + ".y");
        HostTensor y = unwritten(expected.shape());

        try (Program program = compile(test);
                DecodingState state = program.newState(2)) {
            state.run(CachedCase.rows(inputs, 0, 7), Map.of("y", y.rows(0, 7)));
            for (int rows : new int[] {2, 0}) {
                assertThatIllegalArgumentException()
                        .isThrownBy(() -> state.run(CachedCase.rows(inputs, 7, rows), Map.of("y", y.rows(7, rows))))
                        .withMessageContaining("one row")
                        .withMessageContaining("got " + rows);
            }
            for (int row = 7; row < y.shape()[0]; row++) {
                state.run(CachedCase.rows(inputs, row, 1), Map.of("y", y.rows(row, 1)));
            }
        }

        assertClose("y", y, expected, tolerance(ATTENDED));
    }

    @Test
    void refusesEmptyPrefix() {
        CachedCase test = CachedCase.named("one_kv_head");

        try (Program program = compile(test);
                DecodingState state = program.newState(2)) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> state.run(CachedCase.rows(test.inputs(goldens), 0, 0), Map.of("y", zeros(0, 32))))
                    .withMessageContaining("at least one row");
        }
    }

    /** A window moves with each row, so the attempt that is refused must not count. */
    @Test
    void refusedRunsLeaveTheStateAsItWas() {
        CachedCase test = CachedCase.named("window_and_softcap");
        Map<String, HostTensor> inputs = test.inputs(goldens);
        HostTensor expected = goldens.tensor(test.golden() + ".y");
        HostTensor y = unwritten(expected.shape());

        try (Program program = compile(test);
                DecodingState state = program.newState(0)) {
            assertRefusesWrongOutput(state, CachedCase.rows(inputs, 0, test.prefix()));
            state.run(CachedCase.rows(inputs, 0, test.prefix()), Map.of("y", y.rows(0, test.prefix())));
            for (int row = test.prefix(); row < y.shape()[0]; row++) {
                assertRefusesWrongOutput(state, CachedCase.rows(inputs, row, 1));
                assertRefusesWrongOutput(state, CachedCase.rows(inputs, row, 1));
                assertThat(state.length(0)).isEqualTo(row);
                state.run(CachedCase.rows(inputs, row, 1), Map.of("y", y.rows(row, 1)));
            }
        }

        assertClose("y", y, expected, tolerance(ATTENDED));
    }

    private static void assertRefusesWrongOutput(DecodingState state, Map<String, HostTensor> inputs) {
        assertThatIllegalArgumentException().isThrownBy(() -> state.run(inputs, Map.of("y", zeros(1, 5))));
    }

    /** More than rounding must not depend on the hint: sums over more room may be taken in another order. */
    @ParameterizedTest
    @ValueSource(strings = {"many_steps", "many_steps_in_window"})
    void growsWithoutChangingResults(String name) {
        CachedCase test = CachedCase.named(name);

        try (Program program = compile(test)) {
            HostTensor grown = decode(program, test, 0, 100);

            assertClose("rows", grown, decode(program, test, 1000, 100), tolerance(2e-6));
            assertClose("rows", grown, decode(program, test, 0, 100), 0);
        }
    }

    /** The results of a sequence of random rows, always the same. */
    private static HostTensor decode(Program program, CachedCase test, int expectedRows, int steps) {
        Random random = new Random(7);
        HostTensor all = unwritten(
                test.prefix() + steps, (long) test.spec().heads() * test.spec().headDim());
        try (DecodingState state = program.newState(expectedRows)) {
            for (int step = 0; step <= steps; step++) {
                int rows = step == 0 ? test.prefix() : 1;
                Map<String, HostTensor> inputs = new HashMap<>();
                for (String name : List.of("q", "k", "v")) {
                    int heads =
                            name.equals("q") ? test.spec().heads() : test.spec().kvHeads();
                    HostTensor tensor = zeros(rows, (long) heads * test.spec().headDim());
                    FloatBuffer buffer = tensor.floats();
                    while (buffer.hasRemaining()) {
                        buffer.put((float) random.nextGaussian());
                    }
                    inputs.put(name, tensor);
                }
                state.run(inputs, Map.of("y", all.rows(state.length(0), rows)));
            }
        }
        return all;
    }

    /** A hidden row still meets a factor of 0, and 0 times NaN is NaN. */
    @Test
    void nothingOfAnEarlierRequestReachesALaterOne() {
        CachedCase test = CachedCase.named("window_beyond_prefix");
        HostTensor expected = goldens.tensor(test.golden() + ".y");
        int rows = Math.toIntExact(expected.shape()[0]);

        try (Program program = compile(test)) {
            try (DecodingState poisoned = program.newState(0)) {
                Map<String, HostTensor> inputs = test.inputs(goldens);
                inputs.values().forEach(tensor -> fill(tensor, Float.NaN));
                HostTensor y = zeros(expected.shape());
                poisoned.run(CachedCase.rows(inputs, 0, test.prefix()), Map.of("y", y.rows(0, test.prefix())));
                for (int row = test.prefix(); row < rows; row++) {
                    poisoned.run(CachedCase.rows(inputs, row, 1), Map.of("y", y.rows(row, 1)));
                }
                assertThat(floats(y)).as("the poison works").containsOnly(Float.NaN);
            }
            HostTensor got = unwritten(expected.shape());
            try (DecodingState state = program.newState(0)) {
                test.run(goldens, state, got);
            }
            assertClose("y", got, expected, tolerance(ATTENDED));
        }
    }

    @Test
    void interleavedStatesKeepApart() {
        CachedCase test = CachedCase.named("window_below_prefix");
        HostTensor expected = goldens.tensor(test.golden() + ".y");
        Map<String, HostTensor> inputs = test.inputs(goldens);
        Map<String, HostTensor> others = test.inputs(goldens);
        others.values().forEach(tensor -> fill(tensor, 2));
        HostTensor y = unwritten(expected.shape());

        try (Program program = compile(test);
                DecodingState state = program.newState(0);
                DecodingState other = program.newState(0)) {
            for (int row = 0; row < y.shape()[0]; row += row == 0 ? test.prefix() : 1) {
                int rows = row == 0 ? test.prefix() : 1;
                other.run(CachedCase.rows(others, row, rows), Map.of("y", unwritten(rows, expected.shape()[1])));
                state.run(CachedCase.rows(inputs, row, rows), Map.of("y", y.rows(row, rows)));
            }
        }

        assertClose("y", y, expected, tolerance(ATTENDED));
    }

    @Test
    void threadsGetTheResultsOfOne() throws Exception {
        CachedCase test = CachedCase.named("many_steps_in_window");
        int threads = 8;
        ExecutorService pool = Executors.newFixedThreadPool(threads);
        try (Program program = compile(test)) {
            HostTensor alone = decode(program, test, 0, 30);

            List<Future<?>> together = new ArrayList<>();
            for (int thread = 0; thread < threads; thread++) {
                together.add(pool.submit(() -> {
                    for (int request = 0; request < 5; request++) {
                        assertClose("request", decode(program, test, 0, 30), alone, 0);
                    }
                }));
            }

            for (Future<?> result : together) {
                result.get();
            }
        } finally {
            pool.shutdownNow();
        }
    }

    @Test
    void threadsRunAStatelessProgramAtOnce() throws Exception {
        ExecutorService pool = Executors.newFixedThreadPool(8);
        try (Program program = engine.compile(sum(), goldens.checkpoint())) {
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
        Program program = engine.compile(sum(), goldens.checkpoint());
        program.close();
        program.close();

        assertThatIllegalStateException()
                .isThrownBy(() -> program.run(Map.of("a", zeros(2, 4), "b", zeros(2, 4)), Map.of("y", zeros(2, 4))))
                .withMessageContaining("graph sum")
                .withMessageContaining("closed");
    }

    @Test
    void closedProgramMakesNoState() {
        Program program = compile(CachedCase.named("one_kv_head"));
        program.close();

        assertThatIllegalStateException().isThrownBy(() -> program.newState(0)).withMessageContaining("closed");
    }

    @Test
    void closedStateRefusesUse() {
        CachedCase test = CachedCase.named("one_kv_head");

        try (Program program = compile(test)) {
            DecodingState state = program.newState(0);
            state.run(CachedCase.rows(test.inputs(goldens), 0, 7), Map.of("y", zeros(7, 32)));
            state.close();
            state.close();

            assertThatIllegalStateException()
                    .isThrownBy(() -> state.run(CachedCase.rows(test.inputs(goldens), 7, 1), Map.of("y", zeros(1, 32))))
                    .withMessageContaining("closed");
        }
    }

    /** Closing one state twice must not hand its memory to two others. */
    @Test
    void stateClosedTwiceGivesItsMemoryBackOnce() {
        CachedCase test = CachedCase.named("shared_kv_heads");
        HostTensor expected = goldens.tensor(test.golden() + ".y");

        try (Program program = compile(test)) {
            DecodingState first = program.newState(0);
            test.run(goldens, first, unwritten(expected.shape()));
            first.close();
            first.close();

            try (DecodingState one = program.newState(0);
                    DecodingState two = program.newState(0)) {
                Map<String, HostTensor> inputs = test.inputs(goldens);
                Map<String, HostTensor> others = test.inputs(goldens);
                others.values().forEach(tensor -> fill(tensor, Float.NaN));
                HostTensor y = unwritten(expected.shape());
                one.run(CachedCase.rows(inputs, 0, 7), Map.of("y", y.rows(0, 7)));
                two.run(CachedCase.rows(others, 0, 7), Map.of("y", unwritten(7, expected.shape()[1])));
                for (int row = 7; row < y.shape()[0]; row++) {
                    one.run(CachedCase.rows(inputs, row, 1), Map.of("y", y.rows(row, 1)));
                }
                assertClose("y", y, expected, tolerance(ATTENDED));
            }
        }
    }

    @Test
    void stateOfAClosedProgramRefusesUseAndCloses() {
        CachedCase test = CachedCase.named("one_kv_head");
        Program program = compile(test);
        try (DecodingState state = program.newState(0);
                DecodingState unused = program.newState(0)) {
            state.run(CachedCase.rows(test.inputs(goldens), 0, 7), Map.of("y", zeros(7, 32)));
            program.close();

            assertThatIllegalStateException()
                    .isThrownBy(() -> state.run(CachedCase.rows(test.inputs(goldens), 7, 1), Map.of("y", zeros(1, 32))))
                    .withMessageContaining("closed");
            assertThatIllegalStateException()
                    .isThrownBy(
                            () -> unused.run(CachedCase.rows(test.inputs(goldens), 0, 7), Map.of("y", zeros(7, 32))))
                    .withMessageContaining("closed");
        }
    }

    // Several sequences

    /** Rows of one sequence are the same in a copy of it, and in one that goes another way. */
    @ParameterizedTest
    @ValueSource(strings = {"one_kv_head", "shared_kv_heads", "window_and_softcap"})
    void copiesOfASequenceGoTheirOwnWays(String name) {
        CachedCase test = CachedCase.named(name);
        Map<String, HostTensor> inputs = test.inputs(goldens);
        HostTensor expected = goldens.tensor(test.golden() + ".y");
        int rows = Math.toIntExact(expected.shape()[0]);
        HostTensor y = unwritten(expected.shape());

        try (Program program = compile(test);
                DecodingState state = program.newState(1)) {
            state.run(CachedCase.rows(inputs, 0, test.prefix()), Map.of("y", y.rows(0, test.prefix())));
            state.select(0, 0, 0);
            assertThat(state.sequences()).isEqualTo(3);
            for (int row = test.prefix(); row < rows; row++) {
                HostTensor three = unwritten(3, expected.shape()[1]);
                // The one in the middle is fed with the first generated row for ever.
                state.run(together(inputs, row, test.prefix(), row), Map.of("y", three));
                assertThat(floats(three.rows(2, 1))).isEqualTo(floats(three.rows(0, 1)));
                y.rows(row, 1).floats().put(three.rows(2, 1).floats());
            }
            assertThat(state.length(1)).isEqualTo(rows);
        }

        assertClose("y", y, expected, tolerance(ATTENDED));
    }

    @ParameterizedTest
    @ValueSource(strings = {"one_kv_head", "shared_kv_heads", "window_and_softcap"})
    void chosenSequencesGoOnInTheOrderChosen(String name) {
        CachedCase test = CachedCase.named(name);
        Map<String, HostTensor> inputs = test.inputs(goldens);
        HostTensor expected = goldens.tensor(test.golden() + ".y");
        int rows = Math.toIntExact(expected.shape()[0]);
        HostTensor y = unwritten(expected.shape());

        try (Program program = compile(test);
                DecodingState state = program.newState(0)) {
            state.run(CachedCase.rows(inputs, 0, test.prefix()), Map.of("y", y.rows(0, test.prefix())));
            state.select(0, 0);
            int right = 0;
            for (int row = test.prefix(); row < rows; row++) {
                HostTensor two = unwritten(2, expected.shape()[1]);
                int wrong = test.prefix();
                state.run(right == 0 ? together(inputs, row, wrong) : together(inputs, wrong, row), Map.of("y", two));
                y.rows(row, 1).floats().put(two.rows(right, 1).floats());
                // The right one changes places, and the wrong one is now and then replaced by it.
                state.select(row % 2 == 0 ? new int[] {1, 0} : new int[] {right, right});
                right = row % 2 == 0 ? 1 - right : 0;
            }
            state.select(right);
            assertThat(state.sequences()).isEqualTo(1);
        }

        assertClose("y", y, expected, tolerance(ATTENDED));
    }

    /** The prefixes differ in length; the shorter one is padded. */
    @ParameterizedTest
    @ValueSource(strings = {"one_kv_head", "shared_kv_heads", "window_and_softcap"})
    void joinedSequencesDoNotSeeEachOther(String name) {
        CachedCase test = CachedCase.named(name);
        Map<String, HostTensor> inputs = test.inputs(goldens);
        HostTensor expected = goldens.tensor(test.golden() + ".y");
        int rows = Math.toIntExact(expected.shape()[0]);
        int shorter = test.prefix() - 2;
        HostTensor y = unwritten(expected.shape());
        HostTensor alone = unwritten(expected.shape());
        HostTensor joined = unwritten(expected.shape());

        try (Program program = compile(test)) {
            try (DecodingState other = program.newState(9)) {
                other.run(CachedCase.rows(inputs, 1, shorter), Map.of("y", alone.rows(0, shorter)));
                for (int row = test.prefix(); row < rows; row++) {
                    other.run(CachedCase.rows(inputs, row, 1), Map.of("y", alone.rows(row, 1)));
                }
            }
            DecodingState first = program.newState(0);
            DecodingState second = program.newState(0);
            first.run(CachedCase.rows(inputs, 1, shorter), Map.of("y", joined.rows(0, shorter)));
            second.run(CachedCase.rows(inputs, 0, test.prefix()), Map.of("y", y.rows(0, test.prefix())));
            try (DecodingState both = program.join(List.of(first, second))) {
                assertThat(both.sequences()).isEqualTo(2);
                assertThat(List.of(both.length(0), both.length(1))).containsExactly(shorter, test.prefix());
                for (int row = test.prefix(); row < rows; row++) {
                    HostTensor two = unwritten(2, expected.shape()[1]);
                    both.run(together(inputs, row, row), Map.of("y", two));
                    joined.rows(row, 1).floats().put(two.rows(0, 1).floats());
                    y.rows(row, 1).floats().put(two.rows(1, 1).floats());
                }
                both.select(1);
                assertThat(both.length(0)).isEqualTo(rows);
            }
            assertThatIllegalStateException()
                    .isThrownBy(() ->
                            first.run(CachedCase.rows(inputs, 7, 1), Map.of("y", zeros(1, expected.shape()[1]))));
        }

        assertClose("y", y, expected, tolerance(ATTENDED));
        int generated = rows - test.prefix();
        assertClose(
                "joined",
                joined.rows(test.prefix(), generated),
                alone.rows(test.prefix(), generated),
                tolerance(ATTENDED));
    }

    /** A sequence that is ahead of another one keeps its own rows. */
    @Test
    void sequencesOfAnyLengthCanBeJoined() {
        CachedCase test = CachedCase.named("window_and_softcap");
        Map<String, HostTensor> inputs = test.inputs(goldens);
        HostTensor expected = goldens.tensor(test.golden() + ".y");
        int rows = Math.toIntExact(expected.shape()[0]);
        HostTensor y = unwritten(expected.shape());
        int half = test.prefix() + 2;

        try (Program program = compile(test)) {
            DecodingState ahead = program.newState(0);
            ahead.run(CachedCase.rows(inputs, 0, test.prefix()), Map.of("y", y.rows(0, test.prefix())));
            for (int row = test.prefix(); row < half; row++) {
                ahead.run(CachedCase.rows(inputs, row, 1), Map.of("y", y.rows(row, 1)));
            }
            DecodingState behind = program.newState(0);
            behind.run(
                    CachedCase.rows(inputs, 0, test.prefix()),
                    Map.of("y", unwritten(test.prefix(), expected.shape()[1])));
            try (DecodingState both = program.join(List.of(behind, ahead))) {
                for (int row = half; row < rows; row++) {
                    HostTensor two = unwritten(2, expected.shape()[1]);
                    both.run(together(inputs, test.prefix(), row), Map.of("y", two));
                    y.rows(row, 1).floats().put(two.rows(1, 1).floats());
                }
            }
        }

        assertClose("y", y, expected, tolerance(ATTENDED));
    }

    @Test
    void refusesToSelectOrJoinWhatIsNotThere() {
        CachedCase test = CachedCase.named("one_kv_head");
        Map<String, HostTensor> inputs = test.inputs(goldens);

        try (Program program = compile(test);
                Program another = compile(test);
                DecodingState state = program.newState(0);
                DecodingState empty = program.newState(0);
                DecodingState foreign = another.newState(0)) {
            state.run(CachedCase.rows(inputs, 0, 7), Map.of("y", zeros(7, 32)));
            foreign.run(CachedCase.rows(inputs, 0, 7), Map.of("y", zeros(7, 32)));

            assertThatIllegalStateException().isThrownBy(() -> empty.select(0)).withMessageContaining("prefix");
            assertThatIllegalArgumentException().isThrownBy(state::select).withMessageContaining("at least one");
            assertThatThrownBy(() -> state.select(0, 1)).isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> state.length(1)).isInstanceOf(IndexOutOfBoundsException.class);
            assertThatIllegalArgumentException().isThrownBy(() -> program.join(List.of()));
            assertThatIllegalArgumentException().isThrownBy(() -> program.join(List.of(state, empty)));
            assertThatIllegalArgumentException().isThrownBy(() -> program.join(List.of(state, state)));
            assertThatIllegalArgumentException().isThrownBy(() -> program.join(List.of(state, foreign)));

            state.select(0, 0);
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> state.run(CachedCase.rows(inputs, 7, 1), Map.of("y", zeros(1, 32))))
                    .withMessageContaining("2 sequences")
                    .withMessageContaining("got 1");
            state.run(together(inputs, 7, 7), Map.of("y", zeros(2, 32)));
        }
    }

    /** Some rows of all inputs, in any order. */
    private static Map<String, HostTensor> together(Map<String, HostTensor> inputs, int... rows) {
        Map<String, HostTensor> chosen = new HashMap<>();
        inputs.forEach((name, tensor) -> {
            HostTensor copy = HostTensor.allocate(ElementType.FLOAT32, rows.length, tensor.shape()[1]);
            for (int i = 0; i < rows.length; i++) {
                copy.rows(i, 1).floats().put(tensor.rows(rows[i], 1).floats());
            }
            chosen.put(name, copy);
        });
        return chosen;
    }

    /** Freeing a program under a running thread would end the whole JVM. */
    @Test
    void closeWaitsForARunInProgress() throws Exception {
        int rows = 2000;
        HostTensor y = unwritten(rows, 64);
        ExecutorService pool = Executors.newSingleThreadExecutor();
        Program program = engine.compile(deep(200), goldens.checkpoint());
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

    private Program compile(CachedCase test) {
        return engine.compile(test.graph(), goldens.checkpoint());
    }

    private static HostTensor zeros(long... shape) {
        return HostTensor.allocate(ElementType.FLOAT32, shape);
    }
}
