package dev.paligemma.pytorch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.paligemma.engine.Device;
import dev.paligemma.engine.EngineOptions;
import dev.paligemma.engine.Precision;
import dev.paligemma.engine.graph.ElementType;
import dev.paligemma.engine.graph.Graph;
import dev.paligemma.engine.graph.GraphBuilder;
import dev.paligemma.engine.graph.LinearWeights;
import dev.paligemma.engine.graph.Shape;
import dev.paligemma.engine.graph.Tensor;
import dev.paligemma.engine.graph.Weight;
import dev.paligemma.engine.spi.HostTensor;
import dev.paligemma.engine.training.RowLosses;
import dev.paligemma.engine.training.SequenceRows;
import dev.paligemma.engine.training.TrainedParts;
import dev.paligemma.engine.training.TrainingBatch;
import dev.paligemma.engine.training.TrainingOptions;
import dev.paligemma.engine.training.TrainingProgram;
import dev.paligemma.engine.training.TrainingProgram.Numbers;
import dev.paligemma.engine.training.UpdateRule;
import dev.paligemma.engine.weights.DType;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TorchTrainingTest {
    static final UpdateRule ADAM = new UpdateRule.AdamW(1e-2, 0.9, 0.999, 1e-8, 0.01, 1, 1);
    static final List<SequenceRows> TWO = List.of(new SequenceRows(7, 4), new SequenceRows(5, 5));

    @TempDir
    Path folder;

    static TorchEngine engine() {
        return TorchEngine.create(new EngineOptions(Device.CPU, Precision.FLOAT32, 1));
    }

    /** A program whose adapters hold small numbers. */
    TrainingProgram program(SmallDecoder.Recorded recorded, TrainedParts parts, TrainingOptions options) {
        try (var weights = SmallDecoder.weights(folder, recorded.graph(), DType.F32, x -> x)) {
            TrainingProgram program = engine().compileTraining(recorded.graph(), weights, parts, options);
            fillInputs(program, parts);
            return program;
        }
    }

    static void fillInputs(TrainingProgram program, TrainedParts parts) {
        Random random = new Random(3);
        parts.inputs().forEach((name, sizes) -> {
            FloatBuffer numbers = FloatBuffer.allocate(
                    sizes.stream().mapToInt(Math::toIntExact).reduce(1, Math::multiplyExact));
            while (numbers.hasRemaining()) {
                numbers.put((float) random.nextGaussian() * 0.2f);
            }
            program.write(name, Numbers.VALUE, numbers.flip());
        });
    }

    static Map<String, float[]> read(TrainingProgram program, Numbers which) {
        Map<String, float[]> all = new LinkedHashMap<>();
        program.parameters().forEach((name, sizes) -> {
            float[] numbers =
                    new float[sizes.stream().mapToInt(Math::toIntExact).reduce(1, Math::multiplyExact)];
            program.read(name, which, FloatBuffer.wrap(numbers));
            all.put(name, numbers);
        });
        return all;
    }

    static double loss(RowLosses losses, TrainingBatch batch) {
        double sum = 0;
        for (int i = 0; i < losses.rows(); i++) {
            sum += losses.losses()[i] * (double) batch.factors().floats().get(i);
        }
        return sum;
    }

    static void assertClose(Map<String, float[]> got, Map<String, float[]> expected, double tolerance) {
        assertThat(got.keySet()).isEqualTo(expected.keySet());
        expected.forEach((name, numbers) -> {
            double largest = 0;
            for (float number : numbers) {
                largest = Math.max(largest, Math.abs(number));
            }
            for (int i = 0; i < numbers.length; i++) {
                assertThat((double) got.get(name)[i])
                        .as("%s, element %d", name, i)
                        .isCloseTo(numbers[i], within(tolerance * largest));
            }
        });
    }

    @Test
    void gradientsAreThoseOfTheLoss() {
        SmallDecoder.Recorded recorded = SmallDecoder.capped(0);
        TrainedParts parts = recorded.with(SmallDecoder.TABLE, SmallDecoder.QUERY, SmallDecoder.NORM);
        TrainingBatch batch = SmallDecoder.batch(1, TWO);
        try (TrainingProgram program = program(recorded, parts, TrainingOptions.defaults())) {
            double before = loss(program.step(batch), batch);
            assertThat(loss(program.evaluate(batch), batch)).isCloseTo(before, within(1e-6));
            Map<String, float[]> gradients = read(program, Numbers.GRADIENT);
            Map<String, float[]> values = read(program, Numbers.VALUE);
            gradients.forEach((name, gradient) -> {
                double norm = 0;
                for (float number : gradient) {
                    norm += number * (double) number;
                }
                double step = 5e-3 / Math.sqrt(norm);
                double difference = moved(program, batch, name, values.get(name), gradient, step)
                        - moved(program, batch, name, values.get(name), gradient, -step);
                assertThat(difference / (2 * step) / norm).as(name).isCloseTo(1, within(5e-3));
            });
        }
    }

    @Test
    void computingBlocksAgainChangesNothing() {
        SmallDecoder.Recorded recorded = SmallDecoder.capped(0);
        TrainedParts parts = recorded.with(SmallDecoder.TABLE, SmallDecoder.NORM);
        TrainingOptions options = TrainingOptions.defaults().withDropout(dropout(parts, 0.3f));
        assertClose(trained(recorded, parts, options.withRecompute(true)), trained(recorded, parts, options), 1e-6);
    }

    @Test
    void headInPiecesChangesNothing() {
        SmallDecoder.Recorded recorded = SmallDecoder.plain();
        TrainedParts parts = recorded.with(SmallDecoder.TABLE);
        TrainingOptions options = TrainingOptions.defaults();
        assertClose(trained(recorded, parts, options.withHeadRows(3)), trained(recorded, parts, options), 1e-6);
    }

    static Map<String, Float> dropout(TrainedParts parts, float probability) {
        Map<String, Float> dropout = new LinkedHashMap<>();
        parts.inputs().keySet().stream()
                .filter(name -> name.endsWith(".down"))
                .forEach(name -> dropout.put(name, probability));
        return dropout;
    }

    /** Gradients of a step. */
    private Map<String, float[]> trained(SmallDecoder.Recorded recorded, TrainedParts parts, TrainingOptions options) {
        try (TrainingProgram program = program(recorded, parts, options)) {
            program.step(SmallDecoder.batch(1, TWO));
            return read(program, Numbers.GRADIENT);
        }
    }

    /** Rows of one sequence never see those of another. */
    @Test
    void batchIsTheSumOfItsSequences() {
        SmallDecoder.Recorded recorded = SmallDecoder.capped(3);
        List<SequenceRows> first = List.of(new SequenceRows(9, 2));
        List<SequenceRows> second = List.of(new SequenceRows(6, 5));
        TrainingBatch a = SmallDecoder.batch(1, first);
        TrainingBatch b = SmallDecoder.batch(2, second);
        TrainingBatch both = SmallDecoder.joined(a, b);
        try (TrainingProgram program = program(recorded, recorded.adapter(), TrainingOptions.defaults())) {
            RowLosses apart = program.step(a);
            program.step(b);
            Map<String, float[]> expected = read(program, Numbers.GRADIENT);
            program.clearGradients();
            RowLosses together = program.step(both);
            assertThat(java.util.Arrays.copyOf(together.losses(), apart.rows()))
                    .usingComparatorWithPrecision(1e-5f)
                    .containsExactly(apart.losses());
            assertClose(read(program, Numbers.GRADIENT), expected, 1e-5);
        }
    }

    /** A row of the suffix sees as far back as the window, a row of the prefix the whole prefix. */
    @Test
    void windowCountsInTheSuffix() {
        SmallDecoder.Recorded recorded = SmallDecoder.capped(3);
        SmallDecoder.Recorded open = SmallDecoder.capped(0);
        TrainingBatch prefix = SmallDecoder.batch(1, List.of(new SequenceRows(6, 6)));
        TrainingBatch suffix = SmallDecoder.batch(1, List.of(new SequenceRows(6, 2)));
        try (TrainingProgram program = program(recorded, recorded.adapter(), TrainingOptions.defaults());
                TrainingProgram wide = program(open, open.adapter(), TrainingOptions.defaults())) {
            assertThat(program.evaluate(prefix).losses())
                    .isEqualTo(wide.evaluate(prefix).losses());
            float[] narrow = program.evaluate(suffix).losses();
            float[] all = wide.evaluate(suffix).losses();
            assertThat(narrow[1]).isEqualTo(all[1]);
            assertThat(narrow[3]).isNotEqualTo(all[3]);
        }
    }

    @Test
    void dropsTheSameForTheSameNoise() {
        SmallDecoder.Recorded recorded = SmallDecoder.plain();
        TrainingOptions options = TrainingOptions.defaults().withDropout(dropout(recorded.adapter(), 0.4f));
        TrainingBatch batch = SmallDecoder.batch(1, TWO);
        TrainingBatch other = new TrainingBatch(
                batch.inputs(), batch.targets(), batch.factors(), batch.sequences(), batch.noise() + 1);
        try (TrainingProgram program = program(recorded, recorded.adapter(), options)) {
            float[] first = program.step(batch).losses();
            assertThat(program.step(batch).losses()).isEqualTo(first);
            assertThat(program.step(other).losses()).isNotEqualTo(first);
            float[] plain = program.evaluate(batch).losses();
            assertThat(plain).isNotEqualTo(first);
            assertThat(program.evaluate(other).losses()).isEqualTo(plain);
        }
    }

    /** Of half a million numbers: how many are dropped, and what the others become. */
    @Test
    void dropsAsManyAsAskedFor() {
        GraphBuilder g = new GraphBuilder("dropout");
        Tensor x = g.input("x", ElementType.FLOAT32, Shape.of("rows", 1000));
        Tensor one = g.product(x, g.input("one", ElementType.FLOAT32, Shape.of(4, 1000)));
        Tensor two = g.product(x, g.input("two", ElementType.FLOAT32, Shape.of(4, 1000)));
        Tensor sum = g.add(one, two);
        g.output("logits", g.linear(sum, new LinearWeights(Weight.of("w", 4, 4), null)));
        Graph graph = g.build();
        Map<String, List<Long>> inputs = Map.of("one", List.of(4L, 1000L), "two", List.of(4L, 1000L));
        TrainedParts parts = TrainedParts.ofInputs(inputs);
        TrainingOptions options = TrainingOptions.defaults().withDropout(Map.of("one", 0.25f, "two", 0.25f));
        int rows = 500;
        HostTensor ones = HostTensor.allocate(ElementType.FLOAT32, rows, 1000);
        for (int i = 0; i < rows * 1000; i++) {
            ones.floats().put(i, 1);
        }
        HostTensor targets = HostTensor.allocate(ElementType.INT64, rows);
        HostTensor factors = HostTensor.allocate(ElementType.FLOAT32, rows);
        for (int i = 0; i < rows; i++) {
            factors.floats().put(i, 1);
        }
        TrainingBatch batch =
                new TrainingBatch(Map.of("x", ones), targets, factors, List.of(new SequenceRows(rows, 1)), 7);
        try (var weights = SmallDecoder.weights(folder, graph, DType.F32, w -> w);
                TrainingProgram program = engine().compileTraining(graph, weights, parts, options)) {
            program.step(batch);
            // All logits are 0, so each row sends the same gradient down: a column tells how many rows it kept.
            float[] first = read(program, Numbers.GRADIENT).get("one");
            float[] second = read(program, Numbers.GRADIENT).get("two");
            double mean = 0;
            double square = 0;
            double other = 0;
            double product = 0;
            for (int i = 0; i < 1000; i++) {
                mean += first[i] / 1000.0;
                square += first[i] * (double) first[i] / 1000;
                other += second[i] / 1000.0;
                product += first[i] * (double) second[i] / 1000;
            }
            double perRow = rows * gradientOfARow(weights);
            assertThat(mean / perRow).isCloseTo(1, within(0.01));
            // The sum of 500 draws with probability 3/4, each counting 4/3.
            double variance = 500 * 0.25 / 0.75 / (500.0 * 500);
            assertThat(square / (mean * mean) - 1).isCloseTo(variance, within(variance / 4));
            assertThat(Math.abs(product / (mean * other) - 1)).isLessThan(variance / 4);
        }
    }

    /** Of the first number that enters the last matrix: softmax of zeros less the target, which is token 0. */
    private static double gradientOfARow(dev.paligemma.engine.contract.GoldenWeights weights) {
        FloatBuffer w = FloatBuffer.allocate(16);
        weights.readFloats(weights.tensor("w"), 0, w);
        return 0.25 * (w.get(0) + w.get(4) + w.get(8) + w.get(12)) - w.get(0);
    }

    @Test
    void accumulationIsOneLargeBatch() {
        SmallDecoder.Recorded recorded = SmallDecoder.plain();
        TrainedParts parts = recorded.with(SmallDecoder.TABLE);
        TrainingBatch a = SmallDecoder.batch(1, TWO);
        TrainingBatch b = SmallDecoder.batch(2, TWO);
        try (TrainingProgram parted = program(recorded, parts, TrainingOptions.defaults());
                TrainingProgram whole = program(recorded, parts, TrainingOptions.defaults())) {
            parted.step(a);
            parted.step(b);
            whole.step(SmallDecoder.joined(a, b));
            assertThat(parted.update(ADAM)).isCloseTo(whole.update(ADAM), within(1e-5));
            assertClose(read(parted, Numbers.VALUE), read(whole, Numbers.VALUE), 1e-5);
        }
    }

    /** The formulas of {@link UpdateRule}, in double precision. */
    @Test
    void updatesAsTheRulesSay() {
        SmallDecoder.Recorded recorded = SmallDecoder.plain();
        TrainedParts parts = recorded.with(SmallDecoder.NORM);
        TrainingBatch batch = SmallDecoder.batch(1, TWO);
        for (UpdateRule rule : List.of(
                new UpdateRule.AdamW(1e-2, 0.8, 0.9, 1e-6, 0.1, 0.05, 3),
                new UpdateRule.Sgd(0.5, 0.1, 0.05),
                new UpdateRule.Sgd(0.5, 0, Double.POSITIVE_INFINITY))) {
            try (TrainingProgram program = program(recorded, parts, TrainingOptions.defaults())) {
                for (Numbers moment : List.of(Numbers.FIRST_MOMENT, Numbers.SECOND_MOMENT)) {
                    read(program, Numbers.VALUE).forEach((name, numbers) -> {
                        float[] some = new float[numbers.length];
                        for (int i = 0; i < some.length; i++) {
                            some[i] = 0.01f * (i % 5);
                        }
                        program.write(name, moment, FloatBuffer.wrap(some));
                    });
                }
                program.step(batch);
                Map<String, float[]> gradients = read(program, Numbers.GRADIENT);
                Map<String, float[]> expected = read(program, Numbers.VALUE);
                Map<String, float[]> first = read(program, Numbers.FIRST_MOMENT);
                Map<String, float[]> second = read(program, Numbers.SECOND_MOMENT);
                double squares = 0;
                for (float[] gradient : gradients.values()) {
                    for (float number : gradient) {
                        squares += number * (double) number;
                    }
                }
                double norm = Math.sqrt(squares);
                double factor = Math.min(1, rule.clip() / (norm + 1e-6));
                expected.forEach((name, values) -> {
                    double decay = parts.undecayed().contains(name) ? 0 : rule.weightDecay();
                    for (int i = 0; i < values.length; i++) {
                        double g = gradients.get(name)[i] * factor;
                        double p = values[i] * (1 - rule.rate() * decay);
                        if (rule instanceof UpdateRule.AdamW adam) {
                            double m = adam.beta1() * first.get(name)[i] + (1 - adam.beta1()) * g;
                            double v = adam.beta2() * second.get(name)[i] + (1 - adam.beta2()) * g * g;
                            first.get(name)[i] = (float) m;
                            second.get(name)[i] = (float) v;
                            double hat = Math.sqrt(v / (1 - Math.pow(adam.beta2(), 3))) + adam.epsilon();
                            values[i] = (float) (p - rule.rate() / (1 - Math.pow(adam.beta1(), 3)) * m / hat);
                        } else {
                            values[i] = (float) (p - rule.rate() * g);
                        }
                    }
                });

                assertThat(program.update(rule)).isCloseTo(norm, within(1e-5 * norm));

                assertClose(read(program, Numbers.VALUE), expected, 1e-5);
                assertClose(read(program, Numbers.FIRST_MOMENT), first, 1e-5);
                assertClose(read(program, Numbers.SECOND_MOMENT), second, 1e-5);
                read(program, Numbers.GRADIENT)
                        .values()
                        .forEach(zeros -> assertThat(zeros).containsOnly(0));
            }
        }
    }

    @Test
    void normThatIsNoNumberChangesNothing() {
        SmallDecoder.Recorded recorded = SmallDecoder.plain();
        for (float wrong : new float[] {Float.NaN, Float.POSITIVE_INFINITY}) {
            try (TrainingProgram program = program(recorded, recorded.adapter(), TrainingOptions.defaults())) {
                program.step(SmallDecoder.batch(1, TWO));
                Map<String, float[]> before = read(program, Numbers.VALUE);
                float[] gradient = read(program, Numbers.GRADIENT).get("layers.0.v.up");
                gradient[5] = wrong;
                program.write("layers.0.v.up", Numbers.GRADIENT, FloatBuffer.wrap(gradient));

                assertThat(program.update(ADAM)).isNotFinite();

                assertThat(read(program, Numbers.VALUE))
                        .usingRecursiveComparison()
                        .isEqualTo(before);
                read(program, Numbers.GRADIENT)
                        .values()
                        .forEach(zeros -> assertThat(zeros).containsOnly(0));
                read(program, Numbers.SECOND_MOMENT)
                        .values()
                        .forEach(zeros -> assertThat(zeros).containsOnly(0));
            }
        }
    }

    /** One thread, one memory layout: the same bits. */
    @Test
    void goesOnFromStateThatWasReadOut() {
        SmallDecoder.Recorded recorded = SmallDecoder.dora();
        TrainedParts parts = recorded.with(SmallDecoder.TABLE);
        TrainingOptions options = TrainingOptions.defaults().withDropout(dropout(parts, 0.2f));
        try (TrainingProgram whole = program(recorded, parts, options)) {
            train(whole, 1, 4);
            Map<Numbers, Map<String, float[]>> state = new LinkedHashMap<>();
            for (Numbers which : Numbers.values()) {
                state.put(which, read(whole, which));
            }
            List<float[]> expected = train(whole, 4, 8);
            try (TrainingProgram resumed = program(recorded, parts, options)) {
                state.forEach((which, numbers) ->
                        numbers.forEach((name, values) -> resumed.write(name, which, FloatBuffer.wrap(values))));
                List<float[]> got = train(resumed, 4, 8);
                assertThat(got).usingRecursiveComparison().isEqualTo(expected);
                for (Numbers which : Numbers.values()) {
                    assertThat(read(resumed, which)).usingRecursiveComparison().isEqualTo(read(whole, which));
                }
            }
        }
    }

    private static List<float[]> train(TrainingProgram program, int from, int to) {
        List<float[]> losses = new ArrayList<>();
        for (int number = from; number < to; number++) {
            losses.add(program.step(SmallDecoder.batch(number, TWO)).losses());
            program.update(new UpdateRule.AdamW(1e-2, 0.9, 0.999, 1e-8, 0.01, 1, number));
        }
        return losses;
    }

    @Test
    void learns() {
        SmallDecoder.Recorded recorded = SmallDecoder.plain();
        TrainingBatch batch = SmallDecoder.batch(1, TWO);
        try (TrainingProgram program = program(recorded, recorded.adapter(), TrainingOptions.defaults())) {
            double before = loss(program.evaluate(batch), batch);
            for (int number = 1; number <= 60; number++) {
                program.step(batch);
                program.update(new UpdateRule.AdamW(1e-2, 0.9, 0.999, 1e-8, 0, 1, number));
            }
            RowLosses after = program.evaluate(batch);
            assertThat(loss(after, batch)).isLessThan(before / 4);
            for (boolean correct : after.correct()) {
                assertThat(correct).isTrue();
            }
        }
    }

    private static double moved(
            TrainingProgram program, TrainingBatch batch, String name, float[] values, float[] gradient, double step) {
        float[] other = values.clone();
        for (int i = 0; i < other.length; i++) {
            other[i] += (float) (step * gradient[i]);
        }
        program.write(name, Numbers.VALUE, FloatBuffer.wrap(other));
        double loss = loss(program.evaluate(batch), batch);
        program.write(name, Numbers.VALUE, FloatBuffer.wrap(values));
        return loss;
    }
}
