package dev.paligemma.checkpoint.internal.bitsandbytes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.paligemma.checkpoint.StoredTensors;
import dev.paligemma.checkpoint.config.CheckpointException;
import dev.paligemma.checkpoint.internal.safetensors.ComputedWeight;
import dev.paligemma.checkpoint.internal.safetensors.SafeTensorsFile;
import dev.paligemma.checkpoint.internal.safetensors.TensorFiles;
import dev.paligemma.engine.weights.DType;
import dev.paligemma.engine.weights.TensorInfo;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Weights as bitsandbytes stores them, and what it says they stand for: src/reference/bitsandbytes/make_goldens.py. */
public class QuantisedWeightsTest {
    private static final String NF4 = ".weight.quant_state.bitsandbytes__nf4";
    public static final Path WEIGHTS = resource("weights.safetensors");

    @TempDir
    private Path folder;

    private static Path resource(String name) {
        try {
            return Path.of(Objects.requireNonNull(QuantisedWeightsTest.class.getResource("/bitsandbytes/" + name), name)
                    .toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    /** A file whose weights have been looked for. */
    private record Opened(TensorFiles files, Map<String, TensorInfo> tensors, Map<TensorInfo, ComputedWeight> found) {
        static Opened of(Path file, Set<String> names) {
            SafeTensorsFile read = SafeTensorsFile.read(file);
            TensorFiles files = new TensorFiles(file, List.of(read.stored()));
            Map<String, TensorInfo> tensors = new LinkedHashMap<>(read.tensors());
            return new Opened(files, tensors, QuantisedWeights.replace(names, tensors, files));
        }

        static Opened of(Path file, String name) {
            return of(file, Set.of(name + ".weight"));
        }

        ComputedWeight weight(String name) {
            return Objects.requireNonNull(found.get(tensors.get(name + ".weight")), name);
        }

        float[] read(String name, long from, int count) {
            FloatBuffer values = FloatBuffer.allocate(count);
            weight(name).read(files, from, values);
            assertThat(values.remaining()).isZero();
            return values.array();
        }
    }

    public static Stream<String> names() {
        return SafeTensorsFile.read(resource("expected.safetensors")).tensors().keySet().stream()
                .map(name -> name.substring(0, name.length() - ".weight".length()));
    }

    private static float[] expected(String name) {
        SafeTensorsFile file = SafeTensorsFile.read(resource("expected.safetensors"));
        TensorInfo tensor = Objects.requireNonNull(file.tensors().get(name + ".weight"));
        FloatBuffer values = FloatBuffer.allocate(Math.toIntExact(tensor.elementCount()));
        new TensorFiles(file.path(), List.of(file.stored())).readFloats(tensor, 0, values);
        return values.array();
    }

    @ParameterizedTest
    @MethodSource("names")
    void givesTheNumbersOfBitsandbytes(String name) {
        Opened opened = Opened.of(WEIGHTS, name);
        float[] expected = expected(name);
        TensorInfo info = opened.weight(name).info();
        assertThat(info.elementCount()).isEqualTo(expected.length);
        assertThat(info.shape())
                .containsExactly(SafeTensorsFile.read(resource("expected.safetensors"))
                        .tensors()
                        .get(name + ".weight")
                        .shape());
        assertThat(info.dtype().name()).isEqualToIgnoringCase("bnb_" + name.split("-", 2)[0]);
        assertThat(opened.read(name, 0, expected.length)).isEqualTo(expected);
    }

    @Property(tries = 200)
    void readsAnyRange(@ForAll long seed) {
        Random random = new Random(seed);
        List<String> all = names().toList();
        String name = all.get(random.nextInt(all.size()));
        float[] expected = expected(name);
        int from = random.nextInt(expected.length);
        int to = from + random.nextInt(expected.length - from + 1);
        assertThat(Opened.of(WEIGHTS, name).read(name, from, to - from))
                .isEqualTo(Arrays.copyOfRange(expected, from, to));
    }

    @Test
    void takesAllPartsOutOfTheTensors() {
        Set<String> weights = new HashSet<>();
        names().forEach(name -> weights.add(name + ".weight"));
        Opened opened = Opened.of(WEIGHTS, weights);
        assertThat(opened.tensors().keySet()).isEqualTo(weights);
        assertThat(opened.found()).hasSameSizeAs(weights);
        assertThat(opened.weight("nf4-nested").parts())
                .extracting(TensorInfo::name)
                .containsExactly(
                        "nf4-nested.weight",
                        "nf4-nested" + NF4,
                        "nf4-nested.weight.quant_map",
                        "nf4-nested.weight.absmax",
                        "nf4-nested.weight.nested_quant_map",
                        "nf4-nested.weight.nested_absmax");
        assertThat(opened.weight("int8").parts())
                .extracting(TensorInfo::name)
                .containsExactly("int8.weight", "int8.SCB");
    }

    @Test
    void leavesOtherTensorsAlone() {
        Opened opened = Opened.of(WEIGHTS, Set.of("other.weight", "nf4.bias"));
        assertThat(opened.found()).isEmpty();
        assertThat(opened.tensors()).isEqualTo(SafeTensorsFile.read(WEIGHTS).tensors());
    }

    @Property(tries = 60)
    void roundTripOfCodesAndScales(
            @ForAll @IntRange(min = 1, max = 40) int rows,
            @ForAll @IntRange(min = 1, max = 70) int columns,
            @ForAll @IntRange(min = 4, max = 12) int blockBits,
            @ForAll long seed)
            throws IOException {
        Path file = Files.createTempFile("quantised", ".safetensors");
        try {
            float[] expected = writeFourBit(file, rows, columns, 1 << blockBits, new Random(seed));
            assertThat(Opened.of(file, "x").read("x", 0, expected.length)).isEqualTo(expected);
        } finally {
            Files.delete(file);
        }
    }

    /** Larger than what is computed at once, from an odd element on. */
    @Test
    void readsLargeWeightsInParts() throws IOException {
        Path file = folder.resolve("large.safetensors");
        float[] expected = writeFourBit(file, 801, 1003, 64, new Random(1));
        assertThat(Opened.of(file, "x").read("x", 33, expected.length - 40))
                .isEqualTo(Arrays.copyOfRange(expected, 33, expected.length - 7));

        byte[] codes = new byte[700 * 1003];
        float[] maxima = new float[700];
        float[] values = new float[codes.length];
        new Random(2).nextBytes(codes);
        for (int i = 0; i < codes.length; i++) {
            maxima[i / 1003] = 1 + i / 1003;
            values[i] = codes[i] * (float) (1 + i / 1003) * 0.007874016f;
        }
        new StoredTensors()
                .put("y.weight", DType.I8, codes, 700, 1003)
                .put("y.SCB", maxima)
                .write(file);
        assertThat(Opened.of(file, "y").read("y", 33, values.length - 40))
                .isEqualTo(Arrays.copyOfRange(values, 33, values.length - 7));
    }

    private static float[] writeFourBit(Path file, int rows, int columns, int blockSize, Random random)
            throws IOException {
        int count = rows * columns;
        float[] table = new float[16];
        float[] scales = new float[(count + blockSize - 1) / blockSize];
        for (int i = 0; i < table.length; i++) {
            table[i] = (float) random.nextGaussian();
        }
        for (int i = 0; i < scales.length; i++) {
            scales[i] = random.nextFloat();
        }
        byte[] packed = new byte[(count + 1) / 2];
        random.nextBytes(packed);
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            int code = i % 2 == 0 ? (packed[i / 2] & 0xf0) / 16 : packed[i / 2] & 0x0f;
            values[i] = table[code] * scales[i / blockSize];
        }
        new StoredTensors()
                .put("x.weight", DType.U8, packed, packed.length, 1)
                .put("x.weight.absmax", scales)
                .put("x.weight.quant_map", table)
                .put("x" + NF4, state(blockSize, rows + ", " + columns))
                .write(file);
        return values;
    }

    private static String state(int blockSize, String shape) {
        return "{\"quant_type\": \"nf4\", \"blocksize\": " + blockSize + ", \"dtype\": \"float32\", \"shape\": ["
                + shape + "]}";
    }

    // What is refused

    static Stream<Arguments> damages() {
        return Stream.of(
                damage("nf4", "nf4.weight.absmax is missing", t -> t.remove("nf4.weight.absmax")),
                damage("nf4", "nf4.weight.quant_map is missing", t -> t.remove("nf4.weight.quant_map")),
                damage("nf4", "nf4.weight is missing", t -> t.remove("nf4.weight")),
                damage(
                        "nf4",
                        "\"nf4.weight.absmax\" is F32[71], expected F32 with 72 elements",
                        t -> t.put("nf4.weight.absmax", new float[71])),
                damage(
                        "nf4",
                        "\"nf4.weight.absmax\" is U8[72], expected F32",
                        t -> t.put("nf4.weight.absmax", DType.U8, new byte[72], 72)),
                damage(
                        "nf4",
                        "\"nf4.weight.quant_map\" is F32[15], expected F32 with 16 elements",
                        t -> t.put("nf4.weight.quant_map", new float[15])),
                damage(
                        "nf4",
                        "BNB_NF4[48, 96] takes 2304 bytes, but byteLength is 2303",
                        t -> t.put("nf4.weight", DType.U8, new byte[2303], 2303, 1)),
                damage(
                        "nf4-nested",
                        "\"nf4-nested.weight.nested_absmax\" is F32[1], expected F32 with 2 elements",
                        t -> t.put("nf4-nested.weight.nested_absmax", new float[1])),
                damage(
                        "nf4-nested",
                        "\"nf4-nested.weight.nested_quant_map\" is F32[255], expected F32 with 256 elements",
                        t -> t.put("nf4-nested.weight.nested_quant_map", new float[255])),
                damage(
                        "nf4-nested",
                        "\"nf4-nested.weight.absmax\" is F32[352], expected U8",
                        t -> t.put("nf4-nested.weight.absmax", new float[352])),
                damage("nf4", "expected at most 4096 bytes", t -> t.put("nf4" + NF4, " ".repeat(4097))),
                damage("nf4", "is BF16[1], expected U8", t -> t.put("nf4" + NF4, DType.BF16, new byte[2], 1)),
                damage("int8", "int8.weight is missing", t -> t.remove("int8.weight")),
                damage(
                        "int8",
                        "\"int8.SCB\" is F32[32], expected F32 with 33 elements",
                        t -> t.put("int8.SCB", new float[32])),
                damage(
                        "int8",
                        "\"int8.weight\" is U8[33, 70], expected I8",
                        t -> t.put("int8.weight", DType.U8, new byte[2310], 33, 70)),
                damage(
                        "int8",
                        "\"int8.weight\" is I8[2310], expected a shape of 2 sizes",
                        t -> t.put("int8.weight", DType.I8, new byte[2310], 2310)),
                damage(
                        "int8",
                        "expected the value 0 (codes row by row), got 2",
                        t -> t.put("int8.weight_format", DType.U8, new byte[] {2})));
    }

    private static Arguments damage(String name, String message, Consumer<StoredTensors> change) {
        return Arguments.of(name, message, change);
    }

    @ParameterizedTest(name = "{0}: {1}")
    @MethodSource("damages")
    void rejectsPartsThatDoNotFit(String name, String message, Consumer<StoredTensors> change) throws IOException {
        StoredTensors tensors = StoredTensors.of(WEIGHTS);
        change.accept(tensors);
        Path file = tensors.write(folder.resolve("damaged.safetensors"));
        assertThatExceptionOfType(CheckpointException.class)
                .isThrownBy(() -> Opened.of(file, name))
                .withMessageContaining("damaged.safetensors")
                .withMessageContaining("quantised weight " + name + ".weight")
                .withMessageContaining(message);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "\"nf4\" | \"fp4\" | quant_type must be \"nf4\", got \"fp4\"",
                "64 | 0 | blocksize must be an integer from 16 to 65536, got 0",
                "64 | 96 | blocksize must be a power of two from 16 to 65536, got 96",
                "64 | 2147483648 | blocksize must be an integer",
                "64 | null | blocksize must be a power of two",
                "[48, 96] | [48, -96] | shape must be an integer from 1",
                "[48, 96] | [48, 97] | takes 2328 bytes, but byteLength is 2304",
                "[48, 96] | [] | shape must be a list of 1 to 4 sizes, got a list of 0",
                "[48, 96] | [1, 1, 1, 48, 96] | shape must be a list of 1 to 4 sizes, got a list of 5",
                "[48, 96] | [2147483647, 2147483647, 2147483647] | is too large",
                "} | , \"nested_blocksize\": 256} | nested_offset must be a number, got null",
                "} | , \"nested_offset\": 1} | nested_blocksize must be a power of two",
                "} | , \"nested_offset\": 1e39, \"nested_blocksize\": 256} | nested_offset must be a number from",
                "} | , \"nested_offset\": 1, \"nested_dtype\": \"float16\"} | nested_dtype must be \"float32\"",
                "{ | [ | does not hold a JSON object",
                "} | | is not valid JSON",
                "} | }} | is not valid JSON",
            })
    void rejectsStatesThatMakeNoSense(String from, @Nullable String to, String message) throws IOException {
        StoredTensors tensors = StoredTensors.of(WEIGHTS);
        String state = tensors.text("nf4" + NF4);
        assertThat(state).contains(from);
        tensors.put("nf4" + NF4, state.replace(from, to == null ? "" : to));
        Path file = tensors.write(folder.resolve("damaged.safetensors"));
        assertThatExceptionOfType(CheckpointException.class)
                .isThrownBy(() -> Opened.of(file, "nf4"))
                .withMessageContaining("damaged.safetensors")
                .withMessageContaining("nf4.weight")
                .withMessageContaining(message);
    }
}
