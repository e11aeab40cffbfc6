package dev.paligemma.pytorch;

import static dev.paligemma.pytorch.TorchTrainingTest.ADAM;
import static dev.paligemma.pytorch.TorchTrainingTest.TWO;
import static dev.paligemma.pytorch.TorchTrainingTest.assertClose;
import static dev.paligemma.pytorch.TorchTrainingTest.engine;
import static dev.paligemma.pytorch.TorchTrainingTest.fillInputs;
import static dev.paligemma.pytorch.TorchTrainingTest.read;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.paligemma.engine.contract.GoldenWeights;
import dev.paligemma.engine.graph.Graph;
import dev.paligemma.engine.graph.Weight;
import dev.paligemma.engine.training.FrozenFormat;
import dev.paligemma.engine.training.TrainedParts;
import dev.paligemma.engine.training.TrainingOptions;
import dev.paligemma.engine.training.TrainingProgram;
import dev.paligemma.engine.training.TrainingProgram.Numbers;
import dev.paligemma.engine.weights.DType;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How weights are held that are not trained: against float32 of the numbers that they stand for. */
class TorchFrozenFormatTest {
    private static final SmallDecoder.Recorded PLAIN = SmallDecoder.plain();
    /** bitsandbytes/functional.py, get_4bit_type("nf4"). */
    private static final double[] NF4 = {
        -1.0,
        -0.6961928009986877,
        -0.5250730514526367,
        -0.39491748809814453,
        -0.28444138169288635,
        -0.18477343022823334,
        -0.09105003625154495,
        0.0,
        0.07958029955625534,
        0.16093020141124725,
        0.24611230194568634,
        0.33791524171829224,
        0.44070982933044434,
        0.5626170039176941,
        0.7229568362236023,
        1.0
    };

    @TempDir
    Path folder;

    /** Losses, gradients and values of a step and an update. */
    private Map<String, float[]> trained(
            SmallDecoder.Recorded recorded, GoldenWeights weights, TrainingOptions options) {
        return trained(recorded, recorded.adapter(), weights, options);
    }

    private Map<String, float[]> trained(
            SmallDecoder.Recorded recorded, TrainedParts parts, GoldenWeights weights, TrainingOptions options) {
        try (TrainingProgram program = engine().compileTraining(recorded.graph(), weights, parts, options)) {
            fillInputs(program, parts);
            Map<String, float[]> all = new LinkedHashMap<>();
            all.put("losses", program.step(SmallDecoder.batch(1, TWO)).losses());
            read(program, Numbers.GRADIENT).forEach((name, numbers) -> all.put("gradient of " + name, numbers));
            all.put("norm", new float[] {(float) program.update(ADAM)});
            return all;
        }
    }

    private GoldenWeights weights(String name, DType type, Map<String, float[]> numbers) {
        try {
            return SmallDecoder.weights(Files.createDirectories(folder.resolve(name)), PLAIN.graph(), type, numbers);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private Map<String, float[]> numbers(java.util.function.DoubleUnaryOperator change) {
        Map<String, float[]> numbers = new LinkedHashMap<>();
        try (GoldenWeights drawn = SmallDecoder.weights(folder, PLAIN.graph(), DType.F32, change)) {
            for (Weight weight : PLAIN.graph().weights()) {
                float[] all = new float[(int) weight.elementCount()];
                drawn.readFloats(drawn.tensor(weight.name()), 0, FloatBuffer.wrap(all));
                numbers.put(weight.name(), all);
            }
        }
        return numbers;
    }

    private static TrainingOptions held(FrozenFormat format) {
        return TrainingOptions.defaults().withFrozen(format);
    }

    @Test
    void bfloat16OfABfloat16FileIsFloat32() {
        Map<String, float[]> numbers = numbers(SmallDecoder::truncated);
        try (GoldenWeights half = weights("half", DType.BF16, numbers);
                GoldenWeights single = weights("single", DType.F32, numbers)) {
            Map<String, float[]> expected = trained(PLAIN, single, held(FrozenFormat.FLOAT32));
            assertClose(trained(PLAIN, half, held(FrozenFormat.BFLOAT16)), expected, 1e-5);
            assertClose(trained(PLAIN, half, held(FrozenFormat.FLOAT32)), expected, 1e-5);
            assertClose(trained(PLAIN, single, held(FrozenFormat.BFLOAT16)), expected, 1e-5);
            assertClose(trained(PLAIN, half, held(FrozenFormat.BFLOAT16).withRecompute(true)), expected, 1e-5);
        }
    }

    /** Matrices that no embedding reads. */
    private static boolean isQuantised(Weight weight) {
        return weight.shape().size() == 2 && !weight.equals(SmallDecoder.TABLE);
    }

    private static float[] int8(Weight matrix, float[] numbers) {
        float[] result = new float[numbers.length];
        int columns = (int) matrix.size(1);
        for (int row = 0; row < numbers.length; row += columns) {
            double largest = 0;
            for (int i = row; i < row + columns; i++) {
                largest = Math.max(largest, Math.abs(numbers[i]));
            }
            for (int i = row; i < row + columns; i++) {
                result[i] = largest == 0 ? 0 : (float) (Math.rint(numbers[i] * 127 / largest) * largest / 127);
            }
        }
        return result;
    }

    private static float[] nf4(float[] numbers) {
        float[] result = new float[numbers.length];
        for (int block = 0; block < numbers.length; block += 64) {
            int end = Math.min(block + 64, numbers.length);
            double largest = 0;
            for (int i = block; i < end; i++) {
                largest = Math.max(largest, Math.abs(numbers[i]));
            }
            for (int i = block; i < end; i++) {
                double nearest = 0;
                for (double code : NF4) {
                    if (Math.abs(numbers[i] - code * largest) < Math.abs(numbers[i] - nearest * largest)) {
                        nearest = code;
                    }
                }
                result[i] = (float) (nearest * largest);
            }
        }
        return result;
    }

    private Map<String, float[]> quantised(Map<String, float[]> numbers, FrozenFormat format) {
        Map<String, float[]> result = new HashMap<>(numbers);
        PLAIN.graph().weights().stream()
                .filter(TorchFrozenFormatTest::isQuantised)
                .forEach(weight -> {
                    float[] all = numbers.get(weight.name());
                    result.put(weight.name(), format == FrozenFormat.NF4 ? nf4(all) : int8(weight, all));
                });
        return result;
    }

    @Test
    void quantisedIsFloat32OfWhatTheCodesStandFor() {
        for (FrozenFormat format : new FrozenFormat[] {FrozenFormat.INT8, FrozenFormat.NF4}) {
            Map<String, float[]> numbers = numbers(x -> Math.abs(x) < 0.02 ? 0 : x);
            // A block and a row of zeros, and a block that ends early: 80 x 32 is not a whole number of them for [25,
            // 3].
            java.util.Arrays.fill(numbers.get("layers.0.v"), 0, 128, 0);
            Map<String, float[]> codes = quantised(numbers, format);
            try (GoldenWeights original = weights("original", DType.F32, numbers);
                    GoldenWeights expected = weights("expected", DType.F32, codes)) {
                Map<String, float[]> wanted = trained(PLAIN, expected, held(FrozenFormat.FLOAT32));
                assertClose(trained(PLAIN, original, held(format)), wanted, 1e-4);
                // What was stored in these formats gets the codes that it had.
                assertClose(trained(PLAIN, expected, held(format)), wanted, 1e-4);
                assertClose(trained(PLAIN, expected, held(format).withRecompute(true)), wanted, 1e-4);
            }
        }
    }

    /** Tables keep the type of their file. */
    @Test
    void tableOfABfloat16FileStaysExact() {
        Map<String, float[]> numbers = numbers(SmallDecoder::truncated);
        try (GoldenWeights half = weights("half", DType.BF16, numbers);
                GoldenWeights single = weights("single", DType.F32, numbers)) {
            assertClose(
                    trained(PLAIN, half, held(FrozenFormat.NF4)), trained(PLAIN, single, held(FrozenFormat.NF4)), 1e-5);
        }
    }

    @Test
    void largeMatricesAreTakenInPieces() {
        Map<String, float[]> numbers = numbers(SmallDecoder::truncated);
        for (DType type : new DType[] {DType.F32, DType.BF16}) {
            FrozenFormat format = type == DType.F32 ? FrozenFormat.FLOAT32 : FrozenFormat.BFLOAT16;
            try (GoldenWeights weights = weights("pieces", type, numbers)) {
                TorchEngine small = TorchEngine.create(
                        engine().options(),
                        new ScriptEmitter.Settings(Target.of(engine().options()), 7L * 32 * type.byteSize(), 4));
                try (TrainingProgram program =
                        small.compileTraining(PLAIN.graph(), weights, PLAIN.adapter(), held(format))) {
                    fillInputs(program, PLAIN.adapter());
                    assertThat(program.step(SmallDecoder.batch(1, TWO)).losses())
                            .usingComparatorWithPrecision(1e-5f)
                            .containsExactly(
                                    trained(PLAIN, weights, held(format)).get("losses"));
                }
            }
        }
    }

    /** What would be in bfloat16 on a GPU, with all copies, on the main processor. */
    @Test
    void otherDevicesComputeTheSame() {
        Map<String, float[]> numbers = numbers(SmallDecoder::truncated);
        try (GoldenWeights half = weights("half", DType.BF16, numbers)) {
            for (FrozenFormat format : FrozenFormat.values()) {
                Map<String, float[]> expected = trained(PLAIN, half, held(format));
                assertClose(elsewhere(half, format, Target.single(new TorchDevice("cpu", true))), expected, 1e-5);
                assertClose(
                        elsewhere(
                                half,
                                format,
                                new Target(
                                        new TorchDevice("cpu", true),
                                        NumberType.BFLOAT16,
                                        NumberType.BFLOAT16,
                                        Integer.MAX_VALUE)),
                        expected,
                        0.1);
            }
        }
    }

    private Map<String, float[]> elsewhere(GoldenWeights weights, FrozenFormat format, Target target) {
        Graph graph = PLAIN.graph();
        ai.djl.engine.Engine runtime = TorchRuntime.start(target.device());
        try (TrainingProgram program = new TorchTrainingProgram(
                graph,
                weights,
                PLAIN.adapter(),
                TrainingOptions.defaults().withFrozen(format),
                new TrainingEmitter.Settings(
                        target, 1 << 30, 8192, TrainingEmitter.Settings.stored(graph, weights, format)),
                1,
                runtime.newBaseManager(ai.djl.Device.cpu()))) {
            fillInputs(program, PLAIN.adapter());
            Map<String, float[]> all = new LinkedHashMap<>();
            all.put("losses", program.step(SmallDecoder.batch(1, TWO)).losses());
            read(program, Numbers.GRADIENT).forEach((name, values) -> all.put("gradient of " + name, values));
            all.put("norm", new float[] {(float) program.update(ADAM)});
            return all;
        }
    }

    /** Computed from a frozen matrix of each format and the adapter as it is now. */
    @Test
    void normsOfDora() {
        SmallDecoder.Recorded dora = SmallDecoder.dora();
        for (FrozenFormat format : FrozenFormat.values()) {
            Map<String, float[]> numbers = numbers(SmallDecoder::truncated);
            try (GoldenWeights weights = weights("dora", DType.F32, numbers);
                    TrainingProgram program =
                            engine().compileTraining(dora.graph(), weights, dora.adapter(), held(format))) {
                fillInputs(program, dora.adapter());
                assertNorms(dora, program, numbers, format);
                program.update(ADAM);
                assertNorms(dora, program, numbers, format);
                float[] values = read(program, Numbers.VALUE).get("layers.1.o.up");
                values[3] += 10;
                program.write("layers.1.o.up", Numbers.VALUE, FloatBuffer.wrap(values));
                assertNorms(dora, program, numbers, format);
            }
        }
    }

    /** A magnitude m counts as m / norm; so a program with all magnitudes equal to the norms is one without DoRA. */
    private void assertNorms(
            SmallDecoder.Recorded dora, TrainingProgram program, Map<String, float[]> numbers, FrozenFormat format) {
        Map<String, float[]> frozen =
                format == FrozenFormat.INT8 || format == FrozenFormat.NF4 ? quantised(numbers, format) : numbers;
        Map<String, float[]> values = read(program, Numbers.VALUE);
        dora.adapter().norms().forEach((input, norm) -> {
            float[] w = frozen.get(norm.weight());
            float[] down = values.get(norm.down());
            float[] up = values.get(norm.up());
            int rank = 3;
            int in = down.length / rank;
            float[] magnitude = new float[up.length / rank];
            for (int row = 0; row < magnitude.length; row++) {
                double squares = 0;
                for (int column = 0; column < in; column++) {
                    double sum = w[row * in + column];
                    for (int r = 0; r < rank; r++) {
                        sum += norm.factor() * up[row * rank + r] * down[r * in + column];
                    }
                    squares += sum * sum;
                }
                magnitude[row] = (float) Math.sqrt(squares);
            }
            program.write(norm.weight() + ".magnitude", Numbers.VALUE, FloatBuffer.wrap(magnitude));
        });
        float[] with = program.evaluate(SmallDecoder.batch(1, TWO)).losses();
        try (GoldenWeights weights = weights("plain", DType.F32, numbers);
                TrainingProgram plain =
                        engine().compileTraining(PLAIN.graph(), weights, PLAIN.adapter(), held(format))) {
            PLAIN.adapter()
                    .inputs()
                    .keySet()
                    .forEach(name -> plain.write(name, Numbers.VALUE, FloatBuffer.wrap(values.get(name))));
            float[] without = plain.evaluate(SmallDecoder.batch(1, TWO)).losses();
            for (int i = 0; i < with.length; i++) {
                assertThat((double) with[i]).isCloseTo(without[i], within(1e-3));
            }
        }
    }
}
