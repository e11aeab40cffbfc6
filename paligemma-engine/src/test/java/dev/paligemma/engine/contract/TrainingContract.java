package dev.paligemma.engine.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatNoException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.paligemma.base.PaliGemmaException;
import dev.paligemma.engine.graph.ElementType;
import dev.paligemma.engine.graph.Graph;
import dev.paligemma.engine.graph.GraphBuilder;
import dev.paligemma.engine.graph.Operation;
import dev.paligemma.engine.graph.Shape;
import dev.paligemma.engine.spi.Engine;
import dev.paligemma.engine.spi.HostTensor;
import dev.paligemma.engine.training.RowLosses;
import dev.paligemma.engine.training.SequenceRows;
import dev.paligemma.engine.training.TrainedParts;
import dev.paligemma.engine.training.TrainedParts.InverseNorm;
import dev.paligemma.engine.training.TrainingBatch;
import dev.paligemma.engine.training.TrainingEngine;
import dev.paligemma.engine.training.TrainingOptions;
import dev.paligemma.engine.training.TrainingProgram;
import dev.paligemma.engine.training.TrainingProgram.Numbers;
import dev.paligemma.engine.training.UpdateRule;
import dev.paligemma.engine.training.UpdateRule.AdamW;
import dev.paligemma.engine.training.UpdateRule.Sgd;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What every engine that trains must do: gradients of every operation, who sees whom, updates, and refusals.
 *
 * <p>Losses and gradients are compared with those of the reference engine, which differentiates nothing; that one is
 * compared with transformers, and with formulas, by tests of its own.
 */
@ExtendWith(ContractLedger.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
public abstract class TrainingContract {
    /** Of finite differences, as a part of the largest gradient of a parameter. */
    private static final double DIFFERENCES = 1e-3;

    /** Of two orders of one sum. */
    private static final double SUM_ORDER = 1e-5;

    private static final double INFINITE = Double.POSITIVE_INFINITY;

    private TrainingEngine engine;
    private TrainingEngine reference;
    private Path folder;

    @BeforeAll
    void open(@TempDir Path empty) {
        folder = empty;
        engine = TrainingEngine.of(createEngine());
        reference = TrainingEngine.of(TestedEngine.REFERENCE_FLOAT32.create());
    }

    /** Makes the engine that the class is annotated with. */
    protected Engine createEngine() {
        return TestedEngine.of(getClass()).create();
    }

    static Stream<TrainingCase> cases() {
        return TrainingCase.all().stream();
    }

    private TrainingProgram compile(TrainingEngine by, TrainingCase test, TrainingOptions options) {
        try (GoldenWeights weights = WeightFiles.random(folder, test.graph())) {
            return by.compileTraining(test.graph(), weights, test.parts(), options);
        }
    }

    /** A program whose trained inputs are no zeros. */
    private TrainingProgram start(TrainingEngine by, TrainingCase test) {
        TrainingProgram program = compile(by, test, TrainingOptions.defaults());
        test.parts().inputs().keySet().forEach(name -> write(program, name, Numbers.VALUE, random(program, name, 0.5)));
        return program;
    }

    private TrainingProgram start(TrainingCase test) {
        return start(engine, test);
    }

    // ---- gradients

    @Test
    void casesHaveEveryOperation() {
        Set<Class<?>> operations = new HashSet<>();
        for (Class<?> type : Operation.class.getPermittedSubclasses()) {
            operations.addAll(type.isInterface() ? List.of(type.getPermittedSubclasses()) : List.of(type));
        }
        Set<Class<?>> used = cases().flatMap(test -> test.graph().nodes().stream())
                .map(node -> node.operation().getClass())
                .collect(Collectors.toSet());

        assertThat(used).isEqualTo(operations);
    }

    @ParameterizedTest
    @MethodSource("cases")
    void lossesAndGradientsAreThoseOfTheDefinition(TrainingCase test) {
        try (TrainingProgram got = start(test);
                TrainingProgram expected = start(reference, test)) {
            RowLosses losses = got.step(test.batch());
            RowLosses expectedLosses = expected.step(test.batch());

            assertClose("losses", losses.losses(), expectedLosses.losses(), SUM_ORDER);
            assertThat(losses.correct()).isEqualTo(expectedLosses.correct());
            double largest = expected.parameters().keySet().stream()
                    .mapToDouble(name -> largest(read(expected, name, Numbers.GRADIENT)))
                    .max()
                    .orElseThrow();
            assertThat(largest).isGreaterThan(0.05);
            for (String name : test.parts().inputs().keySet()) {
                assertThat(largest(read(expected, name, Numbers.GRADIENT)))
                        .as(name)
                        .isGreaterThan(0.01);
            }
            expected.parameters().keySet().forEach(name -> {
                float[] gradient = read(expected, name, Numbers.GRADIENT);
                double tolerance = DIFFERENCES * Math.max(largest(gradient), largest / 50);
                assertThat(read(got, name, Numbers.GRADIENT)).as(name).containsExactly(gradient, within((float)
                        tolerance));
            });
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void whatSavesMemoryChangesNoGradient(TrainingCase test) {
        TrainingOptions small = TrainingOptions.defaults().withRecompute(true).withHeadRows(2);
        try (TrainingProgram got = compile(engine, test, small);
                TrainingProgram expected = start(test)) {
            test.parts().inputs().keySet().forEach(name -> copy(expected, got, name, Numbers.VALUE));
            assertClose(
                    "losses",
                    got.step(test.batch()).losses(),
                    expected.step(test.batch()).losses(),
                    SUM_ORDER);
            assertSameNumbers(got, expected, Numbers.GRADIENT, SUM_ORDER);
        }
    }

    @Test
    void evaluatingIsAStepThatChangesNothing() {
        TrainingCase test = TrainingCase.named("decoder");
        try (TrainingProgram program = start(test)) {
            RowLosses evaluated = program.evaluate(test.batch());
            program.parameters()
                    .keySet()
                    .forEach(name -> assertThat(read(program, name, Numbers.GRADIENT))
                            .as(name)
                            .containsOnly(0));
            RowLosses stepped = program.step(test.batch());
            Map<String, float[]> gradients = all(program, Numbers.GRADIENT);
            RowLosses again = program.evaluate(test.batch());

            assertClose("losses", evaluated.losses(), stepped.losses(), SUM_ORDER);
            assertClose("losses", again.losses(), stepped.losses(), SUM_ORDER);
            assertThat(evaluated.correct()).isEqualTo(stepped.correct());
            gradients.forEach((name, gradient) ->
                    assertThat(read(program, name, Numbers.GRADIENT)).as(name).isEqualTo(gradient));
        }
    }

    @Test
    void gradientsAddUpUntilTheyAreCleared() {
        TrainingCase test = TrainingCase.named("decoder");
        try (TrainingProgram parts = start(test);
                TrainingProgram whole = start(test)) {
            int[] first = {0, 5, 3, 1, 6, 4};
            int[] second = {2, 0, 5};
            TrainingBatch one = test.batch(first, TrainingCase.SEQUENCES.subList(0, 1));
            TrainingBatch other = test.batch(second, TrainingCase.SEQUENCES.subList(1, 2));
            int[] both = IntStream.concat(Arrays.stream(first), Arrays.stream(second))
                    .toArray();
            TrainingBatch together = test.batch(both, TrainingCase.SEQUENCES);
            together.factors()
                    .floats()
                    .put(one.factors().floats())
                    .put(other.factors().floats());

            float[] losses = whole.step(together).losses();
            assertClose("losses", parts.step(one).losses(), Arrays.copyOf(losses, 6), SUM_ORDER);
            assertClose("losses", parts.step(other).losses(), Arrays.copyOfRange(losses, 6, 9), SUM_ORDER);
            assertSameNumbers(parts, whole, Numbers.GRADIENT, SUM_ORDER);

            parts.clearGradients();
            assertThat(all(parts, Numbers.GRADIENT).values())
                    .allSatisfy(gradient -> assertThat(gradient).containsOnly(0));
        }
    }

    @Test
    void lossesCountAsOftenAsTheirFactorsSay() {
        TrainingCase test = TrainingCase.named("linear");
        try (TrainingProgram once = start(test);
                TrainingProgram twice = start(test)) {
            TrainingBatch batch = test.batch();
            TrainingBatch doubled = test.batch();
            for (int row = 0; row < 9; row++) {
                doubled.factors()
                        .floats()
                        .put(row, -2 * batch.factors().floats().get(row));
            }
            assertThat(twice.step(doubled).losses()).isEqualTo(once.step(batch).losses());
            Map<String, float[]> gradients = all(once, Numbers.GRADIENT);
            gradients.forEach((name, gradient) -> {
                for (int i = 0; i < gradient.length; i++) {
                    gradient[i] *= -2;
                }
                assertClose(name, read(twice, name, Numbers.GRADIENT), gradient, DIFFERENCES);
            });
        }
    }

    // ---- who sees whom

    @ParameterizedTest
    @MethodSource("sights")
    void rowsSeeThePrefixAndWhatIsBeforeThem(String name, int window) {
        TrainingCase test = TrainingCase.named(name);
        int[] ids = {0, 5, 3, 1, 6, 4, 2, 0, 5};
        try (TrainingProgram program = start(test)) {
            float[] before =
                    program.evaluate(test.batch(ids, TrainingCase.SEQUENCES)).losses();
            for (int changed = 0; changed < ids.length; changed++) {
                int[] others = ids.clone();
                others[changed] = (ids[changed] + 3) % TrainingCase.TOKENS;
                TrainingBatch batch = test.batch(others, TrainingCase.SEQUENCES);
                batch.targets()
                        .longs()
                        .put(test.batch(ids, TrainingCase.SEQUENCES).targets().longs());
                float[] after = program.evaluate(batch).losses();
                for (int row = 0; row < ids.length; row++) {
                    boolean differs = Math.abs(after[row] - before[row]) > 1e-5;
                    assertThat(differs).as("row %d sees row %d", row, changed).isEqualTo(sees(row, changed, window));
                }
            }
        }
    }

    static Stream<Arguments> sights() {
        return Stream.of(Arguments.of("cached attention", 0), Arguments.of("window", 2));
    }

    /** By the definition of {@link SequenceRows}, and of windows. */
    private static boolean sees(int row, int other, int window) {
        int start = 0;
        for (SequenceRows sequence : TrainingCase.SEQUENCES) {
            int end = start + sequence.rows();
            if (row >= start && row < end) {
                boolean prefix = row < start + sequence.prefix() && other < start + sequence.prefix();
                boolean earlier = other <= row && (window == 0 || other > row - window);
                return other >= start && other < end && (prefix || earlier);
            }
            start = end;
        }
        throw new AssertionError(row);
    }

    // ---- updates

    static Stream<UpdateRule> rules() {
        return Stream.of(
                new AdamW(0.1, 0.9, 0.999, 1e-8, 0, INFINITE, 1),
                new AdamW(0.01, 0.8, 0.95, 1e-3, 0.5, 0.25, 1),
                new Sgd(0.3, 0, INFINITE),
                new Sgd(0.05, 2, 0.5),
                new Sgd(0, 2, 0.5));
    }

    /** Gradients are written, so that nothing but the rule counts; one parameter is spared by weight decay. */
    @ParameterizedTest
    @MethodSource("rules")
    void updatesFollowTheRule(UpdateRule first) {
        TrainingCase test = TrainingCase.named("linear");
        try (TrainingProgram program = start(test)) {
            Map<String, ExpectedParameter> expected = new LinkedHashMap<>();
            program.parameters()
                    .keySet()
                    .forEach(name -> expected.put(
                            name,
                            new ExpectedParameter(
                                    read(program, name, Numbers.VALUE),
                                    test.parts().undecayed().contains(name))));
            for (int update = 1; update <= 4; update++) {
                UpdateRule rule = numbered(first, update);
                double squares = 0;
                for (String name : expected.keySet()) {
                    float[] gradient = random(program, name, 0.1 * update);
                    write(program, name, Numbers.GRADIENT, gradient);
                    for (float g : gradient) {
                        squares += (double) g * g;
                    }
                }
                double norm = Math.sqrt(squares);
                expected.forEach(
                        (name, parameter) -> parameter.update(rule, read(program, name, Numbers.GRADIENT), norm));

                assertThat(program.update(rule)).isCloseTo(norm, within(1e-5 * norm));
                expected.forEach((name, parameter) -> {
                    assertThat(read(program, name, Numbers.GRADIENT)).as(name).containsOnly(0);
                    assertClose(name, read(program, name, Numbers.VALUE), parameter.value(), SUM_ORDER);
                    assertClose(name, read(program, name, Numbers.FIRST_MOMENT), parameter.first(), SUM_ORDER);
                    assertClose(name, read(program, name, Numbers.SECOND_MOMENT), parameter.second(), SUM_ORDER);
                });
            }
        }
    }

    private static UpdateRule numbered(UpdateRule rule, int number) {
        return rule instanceof AdamW a
                ? new AdamW(a.rate(), a.beta1(), a.beta2(), a.epsilon(), a.weightDecay(), a.clip(), number)
                : rule;
    }

    @ParameterizedTest
    @MethodSource("rules")
    void gradientsThatAreNoNumbersChangeNothing(UpdateRule rule) {
        TrainingCase test = TrainingCase.named("linear");
        try (TrainingProgram program = start(test)) {
            for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY}) {
                program.step(test.batch());
                float[] gradient = read(program, "w.bias", Numbers.GRADIENT);
                gradient[1] = bad;
                write(program, "w.bias", Numbers.GRADIENT, gradient);
                Map<String, float[]> before = all(program, Numbers.VALUE);

                assertThat(program.update(rule)).isNotFinite();
                for (Numbers which : List.of(Numbers.FIRST_MOMENT, Numbers.SECOND_MOMENT, Numbers.GRADIENT)) {
                    assertThat(all(program, which).values())
                            .allSatisfy(numbers -> assertThat(numbers).containsOnly(0));
                }
                before.forEach((name, numbers) ->
                        assertThat(read(program, name, Numbers.VALUE)).as(name).isEqualTo(numbers));
            }
        }
    }

    @Test
    void parametersStartAsStoredAndInputsAsZeros() {
        TrainingCase test = TrainingCase.named("adapter");
        try (TrainingProgram program = compile(engine, test, TrainingOptions.defaults())) {
            assertThat(program.parameters().keySet())
                    .containsExactly("down", "up", "table", "frozen.weight", "head.weight");
            assertThat(program.parameters())
                    .containsEntry("up", List.of(8L, 2L))
                    .containsEntry("table", List.of(7L, 8L));
            assertThat(read(program, "down", Numbers.VALUE)).containsOnly(0);
            assertThat(read(program, "table", Numbers.VALUE)).isEqualTo(WeightFiles.numbers("table", 56, 0.5));
        }
    }

    @Test
    void runIsGoneOnWithInAnotherProgram() {
        TrainingCase test = TrainingCase.named("decoder");
        try (TrainingProgram program = start(test);
                TrainingProgram other = start(test)) {
            for (int update = 1; update <= 2; update++) {
                program.step(test.batch());
                program.update(new AdamW(0.02, 0.9, 0.99, 1e-8, 0.1, 1, update));
            }
            for (String name : program.parameters().keySet()) {
                for (Numbers which : Numbers.values()) {
                    copy(program, other, name, which);
                }
            }
            for (TrainingProgram each : List.of(program, other)) {
                each.step(test.batch());
                each.update(new AdamW(0.02, 0.9, 0.99, 1e-8, 0.1, 1, 3));
            }
            assertSameNumbers(other, program, Numbers.VALUE, SUM_ORDER);
            assertSameNumbers(other, program, Numbers.SECOND_MOMENT, SUM_ORDER);
        }
    }

    /** The norms of rows belong to the parameters as they are: those that were written, and those that an update made. */
    @Test
    void normsFollowTheParameters() {
        TrainingCase test = TrainingCase.named("adapter with magnitudes");
        try (TrainingProgram got = start(test);
                TrainingProgram expected = start(reference, test)) {
            for (int update = 1; update <= 3; update++) {
                float[] losses = got.step(test.batch()).losses();
                assertClose("losses", losses, expected.evaluate(test.batch()).losses(), SUM_ORDER);
                for (String name : got.parameters().keySet()) {
                    copy(got, expected, name, Numbers.GRADIENT);
                }
                Sgd rule = new Sgd(0.5, 0, INFINITE);
                assertThat(got.update(rule)).isCloseTo(expected.update(rule), within(1e-5));
            }
            write(got, "up", Numbers.VALUE, random(got, "up", 0.9));
            write(expected, "up", Numbers.VALUE, random(got, "up", 0.9));
            assertClose(
                    "losses",
                    got.evaluate(test.batch()).losses(),
                    expected.evaluate(test.batch()).losses(),
                    SUM_ORDER);
        }
    }

    @Test
    void trainingLowersTheLoss() {
        TrainingCase test = TrainingCase.named("adapter");
        try (TrainingProgram program = start(test)) {
            TrainingBatch batch = test.batch();
            double before = weighted(program.evaluate(batch), batch);
            for (int update = 1; update <= 10; update++) {
                program.step(batch);
                program.update(new AdamW(0.05, 0.9, 0.999, 1e-8, 0, 1, update));
            }
            assertThat(weighted(program.evaluate(batch), batch)).isLessThan(before / 2);
        }
    }

    private static double weighted(RowLosses losses, TrainingBatch batch) {
        return IntStream.range(0, losses.rows())
                .mapToDouble(
                        row -> losses.losses()[row] * batch.factors().floats().get(row))
                .sum();
    }

    // ---- refusals

    @Test
    void refusesBatchesThatDoNotFitAndGoesOn() {
        TrainingCase test = TrainingCase.named("cached attention");
        try (TrainingProgram program = start(test)) {
            TrainingBatch good = test.batch();
            Map<String, HostTensor> more = new HashMap<>(good.inputs());
            more.put("more", HostTensor.ofLongs(1));
            HostTensor none = HostTensor.allocate(ElementType.FLOAT32, 0);
            List<TrainingBatch> bad = List.of(
                    new TrainingBatch(Map.of(), good.targets(), good.factors(), good.sequences(), 0),
                    new TrainingBatch(more, good.targets(), good.factors(), good.sequences(), 0),
                    new TrainingBatch(good.inputs(), HostTensor.ofLongs(1, 2), good.factors(), good.sequences(), 0),
                    new TrainingBatch(good.inputs(), good.factors(), good.factors(), good.sequences(), 0),
                    new TrainingBatch(good.inputs(), good.targets(), good.targets(), good.sequences(), 0),
                    new TrainingBatch(good.inputs(), HostTensor.ofLongs(), none, good.sequences(), 0),
                    new TrainingBatch(good.inputs(), good.targets(), good.factors(), List.of(), 0),
                    new TrainingBatch(
                            good.inputs(),
                            good.targets(),
                            good.factors(),
                            good.sequences().subList(0, 1),
                            0),
                    withTarget(test, -1),
                    withTarget(test, TrainingCase.TOKENS));
            for (TrainingBatch batch : bad) {
                assertThatIllegalArgumentException().isThrownBy(() -> program.step(batch));
                assertThatIllegalArgumentException().isThrownBy(() -> program.evaluate(batch));
            }
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> program.step(withTarget(test, TrainingCase.TOKENS)))
                    .withMessageContaining("from 0 to 6")
                    .withMessageContaining("got 7");
            assertThatNoException().isThrownBy(() -> program.step(good));
        }
    }

    private static TrainingBatch withTarget(TrainingCase test, long target) {
        TrainingBatch batch = test.batch();
        batch.targets().longs().put(3, target);
        return batch;
    }

    /** Java cannot see it in the shapes; whatever the runtime makes of it must be an exception. */
    @Test
    void tokenThatTheTableHasNotIsAnError() {
        TrainingCase test = TrainingCase.named("linear");
        try (TrainingProgram program = start(test)) {
            TrainingBatch batch = test.batch();
            batch.inputs().get(TrainingCase.IDS).longs().put(2, TrainingCase.TOKENS);
            assertThatThrownBy(() -> program.step(batch)).isInstanceOf(PaliGemmaException.class);

            program.clearGradients();
            assertThatNoException().isThrownBy(() -> program.step(test.batch()));
        }
    }

    @Test
    void refusesUnknownParametersAndOtherSizes() {
        try (TrainingProgram program = start(TrainingCase.named("linear"))) {
            FloatBuffer buffer = FloatBuffer.allocate(7);
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> program.read("w", Numbers.VALUE, buffer))
                    .withMessageContaining("'w'")
                    .withMessageContaining("w.weight");
            for (Numbers which : Numbers.values()) {
                assertThatIllegalArgumentException()
                        .isThrownBy(() -> program.read("w.bias", which, buffer))
                        .withMessageContaining("expected 8 numbers, got 7");
                assertThatIllegalArgumentException().isThrownBy(() -> program.write("w.bias", which, buffer));
            }
        }
    }

    @Test
    void refusesPartsThatTheGraphHasNot() {
        TrainingCase test = TrainingCase.named("adapter with magnitudes");
        Graph graph = test.graph();
        InverseNorm norm = test.parts().norms().get("inverse");
        Map<String, List<Long>> inputs = test.parts().inputs();
        GraphBuilder rows = new GraphBuilder("rows");
        rows.output("logits", rows.input("x", ElementType.FLOAT32, Shape.of(3)));

        assertRefuses(graph, TrainedParts.ofWeights(Set.of("tables")), "tables");
        assertRefuses(graph, TrainedParts.ofInputs(Map.of("side", List.of(2L))), "side");
        assertRefuses(graph, TrainedParts.ofInputs(Map.of("up", List.of(2L, 8L))), "up");
        assertRefuses(graph, new TrainedParts(Set.of(), inputs, Map.of("outverse", norm), Set.of()), "outverse");
        assertRefuses(rows.build(), TrainedParts.ofInputs(Map.of("x", List.of(3L))), "logits");
    }

    private void assertRefuses(Graph graph, TrainedParts parts, String named) {
        try (GoldenWeights weights = WeightFiles.random(folder, graph)) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> engine.compileTraining(graph, weights, parts, TrainingOptions.defaults()))
                    .withMessageContaining(named);
        }
    }

    @Test
    void closedProgramRefusesEverything() {
        TrainingCase test = TrainingCase.named("linear");
        TrainingProgram program = start(test);
        program.close();
        program.close();
        FloatBuffer buffer = FloatBuffer.allocate(8);

        assertThatIllegalStateException()
                .isThrownBy(() -> program.step(test.batch()))
                .withMessageContaining("closed");
        assertThatIllegalStateException().isThrownBy(() -> program.evaluate(test.batch()));
        assertThatIllegalStateException().isThrownBy(() -> program.update(new Sgd(1, 0, 1)));
        assertThatIllegalStateException().isThrownBy(program::clearGradients);
        assertThatIllegalStateException().isThrownBy(() -> program.read("w.bias", Numbers.VALUE, buffer));
        assertThatIllegalStateException().isThrownBy(() -> program.write("w.bias", Numbers.VALUE, buffer));
    }

    // ---- numbers of parameters

    private static float[] read(TrainingProgram program, String name, Numbers which) {
        long size = program.parameters().get(name).stream().reduce(1L, Math::multiplyExact);
        FloatBuffer buffer = FloatBuffer.allocate(Math.toIntExact(size));
        program.read(name, which, buffer);
        assertThat(buffer.hasRemaining()).isFalse();
        return buffer.array();
    }

    private static Map<String, float[]> all(TrainingProgram program, Numbers which) {
        Map<String, float[]> numbers = new LinkedHashMap<>();
        program.parameters().keySet().forEach(name -> numbers.put(name, read(program, name, which)));
        return numbers;
    }

    private static void write(TrainingProgram program, String name, Numbers which, float[] numbers) {
        FloatBuffer buffer = FloatBuffer.wrap(numbers);
        program.write(name, which, buffer);
        assertThat(buffer.hasRemaining()).isFalse();
    }

    private static void copy(TrainingProgram from, TrainingProgram to, String name, Numbers which) {
        write(to, name, which, read(from, name, which));
    }

    private static float[] random(TrainingProgram program, String name, double spread) {
        int size = read(program, name, Numbers.VALUE).length;
        return WeightFiles.numbers(name + spread, size, spread);
    }

    private static double largest(float[] numbers) {
        return IntStream.range(0, numbers.length)
                .mapToDouble(i -> Math.abs(numbers[i]))
                .max()
                .orElseThrow();
    }

    private static void assertSameNumbers(
            TrainingProgram got, TrainingProgram expected, Numbers which, double tolerance) {
        all(expected, which).forEach((name, numbers) -> assertClose(name, read(got, name, which), numbers, tolerance));
    }

    /** Compares with a part of the largest number as tolerance. */
    private static void assertClose(String what, float[] got, float[] expected, double tolerance) {
        float limit = (float) (tolerance * largest(expected) + 1e-12);
        assertThat(got).as(what).containsExactly(expected, within(limit));
    }
}
