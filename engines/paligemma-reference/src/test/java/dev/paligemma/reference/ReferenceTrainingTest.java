package dev.paligemma.reference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.within;

import dev.paligemma.engine.Device;
import dev.paligemma.engine.EngineException;
import dev.paligemma.engine.EngineOptions;
import dev.paligemma.engine.Precision;
import dev.paligemma.engine.contract.OperationGoldens;
import dev.paligemma.engine.graph.Dim;
import dev.paligemma.engine.graph.ElementType;
import dev.paligemma.engine.graph.Graph;
import dev.paligemma.engine.graph.GraphBuilder;
import dev.paligemma.engine.graph.Shape;
import dev.paligemma.engine.spi.HostTensor;
import dev.paligemma.engine.training.FrozenFormat;
import dev.paligemma.engine.training.RowLosses;
import dev.paligemma.engine.training.SequenceRows;
import dev.paligemma.engine.training.TrainedParts;
import dev.paligemma.engine.training.TrainingBatch;
import dev.paligemma.engine.training.TrainingOptions;
import dev.paligemma.engine.training.TrainingProgram;
import dev.paligemma.engine.training.TrainingProgram.Numbers;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is particular to this engine; other engines are compared with it in the contract, so here are formulas. */
class ReferenceTrainingTest {
    private static final float[] X = {1, -2, 0.5f, 3, 0, -1};
    private static final float[] MATRIX = {0.5f, 1, -1, 0.25f, -0.5f, 2, 0, 1, 1, -1, 0.75f, 0.5f};

    private final ReferenceEngine engine = new ReferenceEngine(new EngineOptions(Device.CPU, Precision.FLOAT32, 1));
    private OperationGoldens goldens;

    @BeforeEach
    void open(@TempDir Path folder) {
        goldens = new OperationGoldens(folder);
    }

    /** Rows times a trained matrix are the logits. */
    private static Graph product(long tokens, long width) {
        GraphBuilder builder = new GraphBuilder("product");
        builder.output(
                "logits",
                builder.product(
                        builder.input("x", ElementType.FLOAT32, Shape.of(Dim.symbol("T"), width)),
                        builder.input("matrix", ElementType.FLOAT32, Shape.of(tokens, width))));
        return builder.build();
    }

    private TrainingProgram compile(long tokens, long width, TrainingOptions options) {
        TrainedParts parts = TrainedParts.ofInputs(Map.of("matrix", List.of(tokens, width)));
        return engine.compileTraining(product(tokens, width), goldens.weights(), parts, options);
    }

    /** {@code d/dM of sum f (log(sum(exp(M x))) - (M x)[target])} is {@code sum f (softmax(M x) - onehot) x}. */
    @Test
    void gradientOfCrossEntropyIsProbabilityLessTarget() {
        HostTensor x = HostTensor.allocate(ElementType.FLOAT32, 2, 3);
        x.floats().put(X);
        HostTensor factors = HostTensor.allocate(ElementType.FLOAT32, 2);
        factors.floats().put(new float[] {0.5f, 2});
        TrainingBatch batch = new TrainingBatch(
                Map.of("x", x), HostTensor.ofLongs(3, 1), factors, List.of(new SequenceRows(2, 1)), 0);
        double[] expected = new double[MATRIX.length];
        double[] losses = new double[2];
        for (int row = 0; row < 2; row++) {
            double[] powers = new double[4];
            double sum = 0;
            for (int token = 0; token < 4; token++) {
                double logit = 0;
                for (int i = 0; i < 3; i++) {
                    logit += (double) MATRIX[token * 3 + i] * X[row * 3 + i];
                }
                powers[token] = Math.exp(logit);
                sum += powers[token];
            }
            int target = row == 0 ? 3 : 1;
            losses[row] = -Math.log(powers[target] / sum);
            for (int token = 0; token < 4; token++) {
                double slope = (row == 0 ? 0.5 : 2) * (powers[token] / sum - (token == target ? 1 : 0));
                for (int i = 0; i < 3; i++) {
                    expected[token * 3 + i] += slope * X[row * 3 + i];
                }
            }
        }

        try (TrainingProgram program = compile(4, 3, TrainingOptions.defaults())) {
            program.write("matrix", Numbers.VALUE, FloatBuffer.wrap(MATRIX));
            RowLosses got = program.step(batch);
            FloatBuffer gradient = FloatBuffer.allocate(MATRIX.length);
            program.read("matrix", Numbers.GRADIENT, gradient);
            FloatBuffer value = FloatBuffer.allocate(MATRIX.length);
            program.read("matrix", Numbers.VALUE, value);

            for (int row = 0; row < 2; row++) {
                assertThat((double) got.losses()[row]).isCloseTo(losses[row], within(1e-6));
            }
            for (int i = 0; i < expected.length; i++) {
                assertThat((double) gradient.get(i)).isCloseTo(expected[i], within(1e-4));
            }
            assertThat(value.array()).isEqualTo(MATRIX);
        }
    }

    @Test
    void refusesWhatItCannotTrain() {
        TrainingOptions options = TrainingOptions.defaults();
        assertThatExceptionOfType(EngineException.class)
                .isThrownBy(() -> compile(4, 3, options.withFrozen(FrozenFormat.NF4)))
                .withMessageContainingAll("'reference'", "FLOAT32", "NF4", "'pytorch'");
        assertThatExceptionOfType(EngineException.class)
                .isThrownBy(() -> compile(4, 3, options.withDropout(Map.of("matrix", 0.1f))))
                .withMessageContainingAll("'reference'", "0.1", "matrix", "'pytorch'");
        assertThatExceptionOfType(EngineException.class)
                .isThrownBy(() -> compile(1000, 21, options))
                .withMessageContainingAll("'reference'", "20000", "21000", "'pytorch'");
        assertThat(new ReferenceEngineProvider().canTrain()).isFalse();
    }

    @Test
    void takesOptionsThatOnlySaveMemory() {
        TrainingOptions options =
                TrainingOptions.defaults().withRecompute(true).withHeadRows(1).withDropout(Map.of("matrix", 0f));
        try (TrainingProgram program = compile(4, 3, options)) {
            assertThat(program.parameters()).containsOnlyKeys("matrix");
        }
    }
}
