package dev.paligemma.pytorch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.paligemma.engine.Device;
import dev.paligemma.engine.EngineOptions;
import dev.paligemma.engine.Precision;
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
