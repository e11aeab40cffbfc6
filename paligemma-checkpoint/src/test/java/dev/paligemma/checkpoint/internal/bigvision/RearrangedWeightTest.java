package dev.paligemma.checkpoint.internal.bigvision;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.paligemma.checkpoint.config.CheckpointException;
import dev.paligemma.checkpoint.internal.safetensors.FileState;
import dev.paligemma.checkpoint.internal.safetensors.StoredFile;
import dev.paligemma.checkpoint.internal.safetensors.TensorFiles;
import dev.paligemma.engine.weights.DType;
import dev.paligemma.engine.weights.TensorInfo;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/** Every number is found, whatever range is asked for and however the file is mapped. */
class RearrangedWeightTest {
    private static final int ODD_OFFSET = 7;

    @Property(tries = 100)
    void readsAnyRangeInAnyWindows(
            @ForAll @IntRange(min = 1, max = 3) int batches,
            @ForAll @IntRange(min = 1, max = 40) int rows,
            @ForAll @IntRange(min = 1, max = 40) int columns,
            @ForAll @IntRange(min = 1, max = 40) int windowNumbers,
            @ForAll boolean ordered,
            @ForAll DTypeOfArray type,
            @ForAll Random random)
            throws IOException {
        int count = batches * rows * columns;
        int[] order = ordered ? shuffled(columns, random) : null;
        short[] numbers = new short[count];
        for (int i = 0; i < count; i++) {
            // Any of these bits is a different number of both narrow types, and none is infinite or not a number.
            numbers[i] = (short) (0x0400 + i);
        }
        Path file = Files.createTempFile("rearranged", ".bin").toRealPath();
        try {
            Files.write(file, type.bytes(numbers));
            DType plain = type.type;
            TensorInfo source =
                    new TensorInfo("source", plain, new long[] {count}, file, ODD_OFFSET, plain.byteCount(count));
            TensorInfo info = new TensorInfo(
                    "weight",
                    RearrangedWeight.rearranged(plain),
                    new long[] {(long) batches * rows, columns},
                    file,
                    ODD_OFFSET,
                    plain.byteCount(count));
            TensorFiles files = new TensorFiles(
                    file, List.of(new StoredFile(file, FileState.of(file), Map.of(source.name(), source))));
            RearrangedWeight weight =
                    new RearrangedWeight(info, source, rows, columns, order, (long) windowNumbers * plain.byteSize());

            float[] expected = new float[count];
            for (int i = 0; i < count; i++) {
                int column = i % columns;
                int row = i / columns;
                int stored = order == null ? column : order[column];
                expected[i] = type.number(numbers[row / rows * rows * columns + stored * rows + row % rows]);
            }
            int first = random.nextInt(count);
            float[] part = new float[1 + random.nextInt(count - first)];
            weight.read(files, first, FloatBuffer.wrap(part));
            for (int i = 0; i < part.length; i++) {
                assertThat(part[i]).isEqualTo(expected[first + i]);
            }

            Files.write(file, new byte[1]);
            assertThatExceptionOfType(CheckpointException.class)
                    .isThrownBy(() -> weight.read(files, 0, FloatBuffer.allocate(1)))
                    .withMessageContaining("has changed");
        } finally {
            Files.delete(file);
        }
    }

    private static int[] shuffled(int count, Random random) {
        List<Integer> order = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            order.add(i);
        }
        Collections.shuffle(order, random);
        return order.stream().mapToInt(Integer::intValue).toArray();
    }

    /** The types an array can have. */
    enum DTypeOfArray {
        FLOAT32(DType.F32),
        BFLOAT16(DType.BF16),
        FLOAT16(DType.F16);

        private final DType type;

        DTypeOfArray(DType type) {
            this.type = type;
        }

        float number(short bits) {
            return switch (this) {
                case FLOAT32 -> bits + 0.5f;
                case BFLOAT16 -> Float.intBitsToFloat(bits << 16);
                // The exponent is not 0 and not the largest one here: (1 + fraction / 1024) * 2^(exponent - 15).
                case FLOAT16 -> (float) ((1 + (bits & 0x3ff) / 1024.0) * Math.pow(2, (bits >> 10) - 15));
            };
        }

        byte[] bytes(short[] numbers) {
            ByteBuffer bytes = ByteBuffer.allocate(ODD_OFFSET + numbers.length * type.byteSize())
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .position(ODD_OFFSET);
            for (short bits : numbers) {
                if (this == FLOAT32) {
                    bytes.putFloat(number(bits));
                } else {
                    bytes.putShort(bits);
                }
            }
            return bytes.array();
        }
    }
}
