package dev.paligemma.engine.contract;

import static dev.paligemma.engine.contract.Tensors.assertClose;
import static dev.paligemma.engine.contract.Tensors.fill;
import static dev.paligemma.engine.contract.Tensors.floats;
import static dev.paligemma.engine.contract.Tensors.unwritten;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.paligemma.engine.graph.ElementType;
import dev.paligemma.engine.spi.DecodingState;
import dev.paligemma.engine.spi.HostTensor;
import dev.paligemma.engine.spi.Program;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What every engine must do with the state of a sequence: count its rows, keep it apart from others, copy and join it, and
 * close it in order.
 *
 * <p>Results are compared with the golden values of {@link EngineContract}, or with another run of the same numbers, which
 * is the same up to the order of sums: no library promises one order for memory at any alignment.
 */
@ExtendWith(ContractLedger.class)
public abstract class StateContract extends GoldenContract {
    private static final double ATTENDED = 1e-5;

    /** How far two orders of one sum may be apart, as a part of the largest magnitude in a row. */
    private static final double SUM_ORDER = 2e-6;

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

    /** Sums over more room, or over memory at another alignment, may be taken in another order. */
    @ParameterizedTest
    @ValueSource(strings = {"many_steps", "many_steps_in_window"})
    void growsWithoutChangingResults(String name) {
        CachedCase test = CachedCase.named(name);

        try (Program program = compile(test)) {
            HostTensor grown = decode(program, test, 0, 100);

            assertClose("rows", grown, decode(program, test, 1000, 100), tolerance(SUM_ORDER));
            assertClose("rows", grown, decode(program, test, 0, 100), tolerance(SUM_ORDER));
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
                        assertClose("request", decode(program, test, 0, 30), alone, tolerance(SUM_ORDER));
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

    // Closing

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
                assertClose("copy", three.rows(2, 1), three.rows(0, 1), tolerance(SUM_ORDER));
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

    private Program compile(CachedCase test) {
        return engine.compile(test.graph(), goldens.weights());
    }
}
