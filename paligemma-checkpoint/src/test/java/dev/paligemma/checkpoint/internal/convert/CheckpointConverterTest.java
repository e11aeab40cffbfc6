package dev.paligemma.checkpoint.internal.convert;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.paligemma.checkpoint.Checkpoint;
import dev.paligemma.checkpoint.TestNetwork;
import dev.paligemma.checkpoint.config.CheckpointException;
import dev.paligemma.checkpoint.convert.ConversionException;
import dev.paligemma.checkpoint.convert.ConversionListener;
import dev.paligemma.checkpoint.convert.ConversionProgress;
import dev.paligemma.checkpoint.internal.convert.ConversionTasks.Task;
import dev.paligemma.checkpoint.internal.quant.Int4Blocks;
import dev.paligemma.checkpoint.internal.quant.Int8Codes;
import dev.paligemma.engine.Precision;
import dev.paligemma.engine.graph.Weight;
import dev.paligemma.engine.weights.DType;
import dev.paligemma.engine.weights.MatrixFormat;
import dev.paligemma.engine.weights.TensorInfo;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class CheckpointConverterTest {
    @TempDir
    Path folder;

    @ParameterizedTest
    @EnumSource(
            value = Precision.class,
            names = {"INT8", "INT4"})
    void convertsEachWeightAsThePlanSays(Precision precision) throws IOException {
        try (Checkpoint source = TestNetwork.open(Sources.write(folder.resolve("source")))) {
            ConversionPlan plan = Sources.plan(precision, source);
            CheckpointConverter.convert(source, plan, folder.resolve("target"), ConversionListener.NONE);

            try (Checkpoint converted = TestNetwork.open(folder.resolve("target"))) {
                converted.verify();
                plan.requireStoredIn(converted);
                assertThat(converted.precision()).isEqualTo(precision);
                assertThat(converted.config()).isEqualTo(source.config());
                assertThat(converted.parameterCount()).isEqualTo(source.parameterCount());
                assertThat(converted.unusedTensors()).isEmpty();
                for (Map.Entry<Weight, Set<MatrixFormat>> matrix :
                        plan.matrices().entrySet()) {
                    for (MatrixFormat format : matrix.getValue()) {
                        assertHolds(converted, source, matrix.getKey(), format);
                    }
                }
                for (String name : source.tensors().keySet()) {
                    assertThat(converted.contains(name)).as(name).isEqualTo(plan.keepsFloat32(name));
                    if (plan.keepsFloat32(name)) {
                        assertThat(converted.tensor(name).dtype()).isEqualTo(DType.F32);
                        assertThat(floats(converted, name)).isEqualTo(floats(source, name));
                    }
                }
                for (TensorInfo tensor : converted.tensors().values()) {
                    assertThat(tensor.offset() % ConvertedLayout.ALIGNMENT)
                            .as(tensor.name())
                            .isZero();
                }
            }
            for (String name :
                    List.of("config.json", "tokenizer.json", "tokenizer.model", "preprocessor_config.json")) {
                assertThat(folder.resolve("target").resolve(name))
                        .hasSameBinaryContentAs(source.folder().resolve(name));
            }
            assertThat(namesIn(folder)).containsExactlyInAnyOrder("source", "target");
        }
    }

    private static void assertHolds(Checkpoint converted, Checkpoint source, Weight weight, MatrixFormat format) {
        int in = (int) weight.size(1);
        int rows = (int) weight.size(0);
        int blocks = (int) MatrixFormat.blocks(in);
        float[] values = floats(source, weight.name());
        byte[] codes = new byte[rows * blocks * format.codeBytes()];
        float[] scales = new float[rows * blocks];
        Int4Blocks int4 = new Int4Blocks();
        for (int row = 0; row < rows; row++) {
            int codesFrom = row * blocks * format.codeBytes();
            switch (format) {
                case INT8_CHANNELS ->
                    Int8Codes.quantizeChannels(values, row * in, in, codes, codesFrom, scales, row * blocks);
                case INT8_BLOCKS ->
                    Int8Codes.quantizeBlocks(values, row * in, in, codes, codesFrom, scales, row * blocks);
                case INT4_BLOCKS -> int4.quantize(values, row * in, in, codes, codesFrom, scales, row * blocks);
            }
        }
        TensorInfo stored = converted.tensor(format.codes(weight.name()));
        assertThat(stored.shape()).containsExactly(format.codesShape(rows, in));
        assertThat(converted.map(stored, 0, stored.byteLength()))
                .as(stored.name())
                .isEqualTo(ByteBuffer.wrap(codes));
        assertThat(floats(converted, format.scales(weight.name()))).isEqualTo(scales);
    }

    @Test
    void choosesFormatsByUse() throws IOException {
        try (Checkpoint source = TestNetwork.open(Sources.write(folder.resolve("source"), DType.F32, 1, false, 1))) {
            for (Precision precision : List.of(Precision.INT8, Precision.INT4)) {
                ConversionPlan plan = Sources.plan(precision, source);
                assertThat(formats(plan, Sources.EMBEDDING)).containsExactly(MatrixFormat.INT8_BLOCKS);
                assertThat(formats(plan, "lm_head.weight")).containsExactly(MatrixFormat.INT8_BLOCKS);
                assertThat(formats(plan, Sources.FC1)).containsExactly(MatrixFormat.INT8_CHANNELS);
                assertThat(plan.keepsFloat32(Sources.NORM)).isTrue();
                assertThat(plan.keepsFloat32(Sources.UP)).isFalse();
            }
            assertThat(formats(Sources.plan(Precision.INT8, source), Sources.UP))
                    .containsExactly(MatrixFormat.INT8_CHANNELS);
            assertThat(formats(Sources.plan(Precision.INT4, source), Sources.UP))
                    .containsExactly(MatrixFormat.INT8_CHANNELS, MatrixFormat.INT4_BLOCKS);
            for (Precision other : List.of(Precision.FLOAT32, Precision.BFLOAT16)) {
                assertThatIllegalArgumentException()
                        .isThrownBy(() -> Sources.plan(other, source))
                        .withMessageContaining("int8 or int4, not for " + other);
            }
        }
    }

    private static Set<MatrixFormat> formats(ConversionPlan plan, String name) {
        return plan.matrices().entrySet().stream()
                .filter(matrix -> matrix.getKey().name().equals(name))
                .findFirst()
                .orElseThrow()
                .getValue();
    }

    @Test
    void equalNumbersGiveEqualFilesWhateverTheirTypeAndShards() throws IOException {
        byte[] expected = null;
        for (DType dtype : List.of(DType.F32, DType.BF16, DType.F16)) {
            for (int shards : new int[] {1, 3}) {
                String name = dtype + "-" + shards;
                Path target = convert(Sources.write(folder.resolve(name), dtype, shards, true, 5), Precision.INT4);
                byte[] weights = Files.readAllBytes(target.resolve("model.safetensors"));
                if (expected == null) {
                    expected = weights;
                }
                assertThat(weights).as(name).isEqualTo(expected);
            }
        }
    }

    private Path convert(Path source, Precision precision) {
        Path target = folder.resolve(source.getFileName() + "-converted");
        try (Checkpoint checkpoint = TestNetwork.open(source)) {
            CheckpointConverter.convert(
                    checkpoint, Sources.plan(precision, checkpoint), target, ConversionListener.NONE);
        }
        return target;
    }

    @ParameterizedTest
    @EnumSource(
            value = DType.class,
            names = {"F32", "BF16", "F16"})
    void namesAWeightThatIsNotFinite(DType dtype) throws IOException {
        for (String name : List.of(Sources.UP, Sources.EMBEDDING, Sources.NORM)) {
            Path source = Sources.write(folder.resolve(dtype + name), dtype, 1, true, 1);
            TensorInfo tensor;
            try (Checkpoint good = TestNetwork.open(source)) {
                tensor = good.tensor(name);
            }
            try (RandomAccessFile file = new RandomAccessFile(tensor.file().toFile(), "rw")) {
                file.seek(tensor.offset() + 131L * dtype.byteSize());
                // Little-endian infinity.
                file.write(
                        dtype == DType.F32
                                ? new byte[] {0, 0, (byte) 0x80, 0x7f}
                                : dtype == DType.BF16 ? new byte[] {(byte) 0x80, 0x7f} : new byte[] {0, 0x7c});
            }
            try (Checkpoint checkpoint = TestNetwork.open(source)) {
                assertThatExceptionOfType(ConversionException.class)
                        .isThrownBy(() -> CheckpointConverter.convert(
                                checkpoint,
                                Sources.plan(Precision.INT4, checkpoint),
                                folder.resolve("target"),
                                ConversionListener.NONE))
                        .withMessageContaining("element 131 of " + name + " is Infinity");
            }
        }
        assertThat(namesIn(folder)).noneMatch(name -> name.contains("target"));
    }

    @Test
    void takesAnEmptyFolderAndNoOther() throws IOException {
        Path source = Sources.write(folder.resolve("source"));
        Files.createDirectory(folder.resolve("source-converted"));
        Path target = convert(source, Precision.INT8);

        assertThatExceptionOfType(ConversionException.class)
                .isThrownBy(() -> convert(source, Precision.INT8))
                .withMessageContaining(target + " exists already");
        try (Checkpoint converted = TestNetwork.open(target)) {
            assertThatExceptionOfType(ConversionException.class)
                    .isThrownBy(() -> CheckpointConverter.convert(
                            converted,
                            ConversionPlan.of(Precision.INT8, List.of()),
                            folder.resolve("again"),
                            ConversionListener.NONE))
                    .withMessageContaining("for int8 already");
        }
    }

    @Test
    void tellsOfProgressInOrder() throws IOException {
        List<ConversionProgress> events = Collections.synchronizedList(new ArrayList<>());
        try (Checkpoint source = TestNetwork.open(Sources.write(folder.resolve("source")))) {
            CheckpointConverter.convert(
                    source, Sources.plan(Precision.INT8, source), folder.resolve("target"), events::add);
        }
        long total = events.get(0).bytesTotal();
        assertThat(events).hasSizeBetween(3, 102);
        assertThat(events)
                .extracting(ConversionProgress::bytesDone)
                .isSorted()
                .startsWith(0L)
                .endsWith(total);
        assertThat(events)
                .allSatisfy(event -> assertThat(event)
                        .isEqualTo(new ConversionProgress(
                                folder.resolve("source"), Precision.INT8, event.bytesDone(), total)));
    }

    @Test
    void aFailingListenerStopsIt() throws IOException {
        try (Checkpoint source = TestNetwork.open(Sources.write(folder.resolve("source")))) {
            assertThatIllegalStateException()
                    .isThrownBy(() -> CheckpointConverter.convert(
                            source, Sources.plan(Precision.INT8, source), folder.resolve("target"), progress -> {
                                if (progress.bytesDone() > 0) {
                                    throw new IllegalStateException("enough");
                                }
                            }))
                    .withMessage("enough");
        }
        assertThat(namesIn(folder)).containsExactly("source");
    }

    @Test
    void anInterruptStopsItAndStays() throws IOException {
        Thread caller = Thread.currentThread();
        try (Checkpoint source = TestNetwork.open(Sources.write(folder.resolve("source")))) {
            assertThatExceptionOfType(ConversionException.class)
                    .isThrownBy(() -> CheckpointConverter.convert(
                            source,
                            Sources.plan(Precision.INT8, source),
                            folder.resolve("target"),
                            progress -> caller.interrupt()))
                    .withMessageContaining("interrupted while converting " + source.folder());
            assertThat(Thread.interrupted()).isTrue();
        }
        assertThat(namesIn(folder)).containsExactly("source");
    }

    @Test
    @DisabledOnOs(value = OS.WINDOWS, disabledReason = "setLength does not make sparse files there")
    void refusesADiskWithoutEnoughRoom() throws IOException {
        long rows = 1L << 24;
        int width = 1 << 15;
        Assumptions.assumeTrue(
                Files.getFileStore(folder).getUsableSpace() < rows * width, "this disk has room for everything");
        Path source = Sources.write(folder.resolve("source"));
        Path config = source.resolve("config.json");
        Files.writeString(
                config, Files.readString(config).replace("\"hidden_size\": 160", "\"hidden_size\": " + width));
        makeHuge(source.resolve("model.safetensors"), rows, width);
        try (Checkpoint checkpoint = TestNetwork.open(source)) {
            assertThatExceptionOfType(ConversionException.class)
                    .isThrownBy(() -> CheckpointConverter.convert(
                            checkpoint,
                            Sources.plan(Precision.INT8, checkpoint),
                            folder.resolve("target"),
                            ConversionListener.NONE))
                    .withMessageMatching(
                            "(?s)not enough room for .*target: \\d+ bytes are needed, \\d+ bytes are free");
        }
        assertThat(namesIn(folder)).containsExactly("source");
    }

    /** The header of a small checkpoint with wider tensors and a longer embedding, and a sparse file behind it. */
    private static void makeHuge(Path weights, long rows, int width) throws IOException {
        byte[] bytes = Files.readAllBytes(weights);
        int length = (int)
                ByteBuffer.wrap(bytes).order(java.nio.ByteOrder.LITTLE_ENDIAN).getLong();
        String header = new String(bytes, Long.BYTES, length, StandardCharsets.UTF_8)
                .replace("[40, 160]", "[" + rows + ", " + width + "]")
                .replace("160", String.valueOf(width));
        StringBuilder moved = new StringBuilder();
        long at = 0;
        int done = 0;
        java.util.regex.Matcher tensor = java.util.regex.Pattern.compile(
                        "\"shape\":\\[([0-9, ]+)\\],\"data_offsets\":\\[\\d+,\\d+\\]")
                .matcher(header);
        while (tensor.find()) {
            long size = Short.BYTES;
            for (String axis : tensor.group(1).split(", ")) {
                size *= Long.parseLong(axis);
            }
            moved.append(header, done, tensor.start());
            moved.append("\"shape\":[" + tensor.group(1) + "],\"data_offsets\":[" + at + "," + (at + size) + "]");
            at += size;
            done = tensor.end();
        }
        byte[] json = moved.append(header.substring(done)).toString().getBytes(StandardCharsets.UTF_8);
        ByteBuffer start = ByteBuffer.allocate(Long.BYTES + json.length).order(java.nio.ByteOrder.LITTLE_ENDIAN);
        Files.write(weights, start.putLong(json.length).put(json).array());
        try (RandomAccessFile file = new RandomAccessFile(weights.toFile(), "rw")) {
            file.setLength(start.capacity() + at);
        } catch (IOException e) {
            Assumptions.abort("no sparse file of " + at + " bytes here: " + e);
        }
    }

    @Test
    void reportsAFolderThatCannotBeMade() throws IOException {
        Path file = Files.createFile(folder.resolve("file"));
        try (Checkpoint source = TestNetwork.open(Sources.write(folder.resolve("source")))) {
            assertThatExceptionOfType(ConversionException.class)
                    .isThrownBy(() -> CheckpointConverter.convert(
                            source,
                            Sources.plan(Precision.INT8, source),
                            file.resolve("target"),
                            ConversionListener.NONE))
                    .withMessage("cannot write the converted checkpoint " + file.resolve("target") + ": " + file
                            + " is not a folder");
            Path deeper = file.resolve("deeper/target");
            assertThatExceptionOfType(ConversionException.class)
                    .isThrownBy(() -> CheckpointConverter.convert(
                            source, Sources.plan(Precision.INT8, source), deeper, ConversionListener.NONE))
                    .withMessageStartingWith("cannot write the converted checkpoint " + deeper + ": ")
                    .withMessageNotContaining("Exception")
                    .withMessageNotContaining("bytes are needed");
        }
    }

    @Test
    void theRoomItAsksForIsEnoughForAllFiles() throws IOException {
        Path source = Sources.write(folder.resolve("source"));
        Files.write(source.resolve("vae-oid.npz"), new byte[3_900_000]);
        Files.write(source.resolve("tokenizer.json"), new byte[1_234_567]);
        long needed;
        try (Checkpoint checkpoint = TestNetwork.open(source)) {
            ConversionPlan plan = Sources.plan(Precision.INT4, checkpoint);
            needed = CheckpointConverter.neededBytes(checkpoint, new ConvertedLayout(checkpoint, plan));
        }
        Path target = convert(source, Precision.INT4);
        long blocks = 0;
        for (String name : namesIn(target)) {
            blocks += (Files.size(target.resolve(name)) + 4095) / 4096;
        }
        assertThat(needed).isEqualTo(blocks * 4096);
    }

    @Test
    void aFolderThatAppearsMeanwhileIsSaidToHaveAppeared() throws IOException {
        Path target = folder.resolve("target");
        try (Checkpoint source = TestNetwork.open(Sources.write(folder.resolve("source")))) {
            assertThatExceptionOfType(ConversionException.class)
                    .isThrownBy(() -> CheckpointConverter.convert(
                            source, Sources.plan(Precision.INT8, source), target, progress -> occupy(target)))
                    .withMessage(
                            target + " has appeared while the checkpoint was converted, expected nothing or an empty"
                                    + " folder there");
        }
        assertThat(namesIn(folder)).containsExactlyInAnyOrder("source", "target");
        assertThat(namesIn(target)).containsExactly("of-another");
    }

    private static void occupy(Path target) {
        try {
            Files.createDirectories(target);
            Files.writeString(target.resolve("of-another"), "");
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    @Test
    void refusesAPlanOfAnotherModel() throws IOException {
        try (Checkpoint source = TestNetwork.open(Sources.write(folder.resolve("source")));
                Checkpoint untied = TestNetwork.open(Sources.write(folder.resolve("untied"), DType.F32, 1, false, 1))) {
            assertThatExceptionOfType(CheckpointException.class)
                    .isThrownBy(() -> CheckpointConverter.convert(
                            source,
                            Sources.plan(Precision.INT8, untied),
                            folder.resolve("target"),
                            ConversionListener.NONE))
                    .withMessageContaining("no tensor \"lm_head.weight\"");
        }
    }

    /** The sizes of the largest model of the family. */
    @Test
    void partsOfLargeMatricesNeedLittleMemory() {
        Set<MatrixFormat> formats = EnumSet.of(MatrixFormat.INT4_BLOCKS, MatrixFormat.INT8_CHANNELS);
        long[][] shapes = {{36_864, 4_608}, {4_608, 36_864}, {257_216, 4_608}, {3, ConversionTasks.MAX_ROW}};
        for (long[] shape : shapes) {
            TensorInfo tensor =
                    new TensorInfo("w", DType.BF16, shape, Path.of("/file"), 0, shape[0] * shape[1] * Short.BYTES);
            long next = 0;
            for (Task task : ConversionTasks.cut("w", tensor, formats, shape[0], (int) shape[1])) {
                assertThat(task.firstRow()).isEqualTo(next);
                assertThat(task.rows()).isPositive();
                assertThat(task.memoryBytes() * ConversionTasks.MAX_THREADS).isLessThan(512L << 20);
                next += task.rows();
            }
            assertThat(next).isEqualTo(shape[0]);
        }
    }

    private static float[] floats(Checkpoint checkpoint, String name) {
        TensorInfo tensor = checkpoint.tensor(name);
        float[] values = new float[Math.toIntExact(tensor.elementCount())];
        checkpoint.readFloats(tensor, 0, FloatBuffer.wrap(values));
        return values;
    }

    private static List<String> namesIn(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).toList();
        }
    }
}
