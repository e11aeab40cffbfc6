package dev.paligemma.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.paligemma.checkpoint.config.PaliGemmaConfig;
import dev.paligemma.checkpoint.internal.safetensors.FloatWidening;
import dev.paligemma.checkpoint.internal.safetensors.SafeTensorsBytes;
import dev.paligemma.checkpoint.internal.safetensors.WantedWeights;
import dev.paligemma.engine.graph.Graph;
import dev.paligemma.engine.graph.Weight;
import dev.paligemma.engine.weights.TensorInfo;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.StringJoiner;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** A tensor over 2 GiB in a sparse file: nearly nothing is written to the disk. */
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "setLength does not make sparse files there")
class LargeTensorTest {
    private static final String EMBEDDING = "language_model.embed_tokens.weight";
    private static final String NORM = "language_model.norm.weight";
    private static final int ROWS = 9_000_000;
    private static final int WIDTH = 128;
    private static final long ELEMENTS = (long) ROWS * WIDTH;

    @TempDir
    Path folder;

    @Test
    void readsAndMapsBeyondTwoGiB() throws IOException {
        Path file = makeCheckpoint();
        // Elements around the 2 GiB line, the last one, and one in the tensor behind it: 1, 2, 3, ... in bfloat16.
        long line = (1L << 31) / Short.BYTES;
        long[] positions = {0, line - 1, line, line + 1, ELEMENTS - 1};
        try (Checkpoint empty = TestNetwork.open(folder);
                RandomAccessFile out = new RandomAccessFile(file.toFile(), "rw")) {
            for (int i = 0; i < positions.length; i++) {
                write(out, empty.tensor(EMBEDDING).offset() + positions[i] * Short.BYTES, i + 1);
            }
            write(out, empty.tensor(NORM).offset() + 5 * Short.BYTES, 42);
        }
        try (Checkpoint checkpoint = TestNetwork.open(folder)) {
            TensorInfo embedding = checkpoint.tensor(EMBEDDING);
            TensorInfo norm = checkpoint.tensor(NORM);
            assertThat(embedding.byteLength()).isGreaterThan(1L << 31);
            assertThat(embedding.elementCount()).isEqualTo(ELEMENTS);
            assertThat(norm.offset()).isGreaterThan(1L << 31);
            assertThat(checkpoint.config().text().sizes().vocabSize()).isEqualTo(ROWS);

            for (int i = 0; i < positions.length; i++) {
                assertThat(read(checkpoint, embedding, positions[i], 1)).containsExactly(i + 1);
                ByteBuffer mapped = checkpoint.map(embedding, positions[i] * Short.BYTES, Short.BYTES);
                assertThat(FloatWidening.bfloat16(mapped.getShort(0))).isEqualTo(i + 1);
            }
            assertThat(read(checkpoint, embedding, line - 2, 5)).containsExactly(0, 2, 3, 4, 0);
            assertThat(read(checkpoint, norm, 4, 3)).containsExactly(0, 42, 0);
            ByteBuffer largest =
                    checkpoint.map(embedding, embedding.byteLength() - Integer.MAX_VALUE, Integer.MAX_VALUE);
            assertThat(FloatWidening.bfloat16(largest.getShort(Integer.MAX_VALUE - Short.BYTES)))
                    .isEqualTo(positions.length);
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> checkpoint.map(embedding, 0, 1L << 31))
                    .withMessageContaining("byteCount must be at most 2147483647");
        }
    }

    private Path makeCheckpoint() throws IOException {
        String config = Files.readString(Resources.golden("gemma-f32/config.json"));
        Files.writeString(
                folder.resolve("config.json"), config.replace("\"hidden_size\": 12", "\"hidden_size\": " + WIDTH));
        PaliGemmaConfig wide = PaliGemmaConfig.read(folder.resolve("config.json"));
        StringJoiner header = new StringJoiner(",", "{", "}");
        long end = 0;
        for (Weight tensor : Graph.weights(TestNetwork.graphs(wide))) {
            long[] shape = WantedWeights.storedShape(tensor);
            if (tensor.name().equals(EMBEDDING)) {
                shape[0] = ROWS;
            }
            long begin = end;
            end += Short.BYTES * Arrays.stream(shape).reduce(1, Math::multiplyExact);
            header.add(SafeTensorsBytes.entry(
                    tensor.name(), "BF16", Arrays.toString(shape), "[" + begin + "," + end + "]"));
        }
        byte[] json = header.toString().getBytes(StandardCharsets.UTF_8);
        Path file = folder.resolve("model.safetensors");
        try (RandomAccessFile out = new RandomAccessFile(file.toFile(), "rw")) {
            out.write(SafeTensorsBytes.file(json.length, json, 0));
            out.setLength(Long.BYTES + json.length + end);
        }
        return file;
    }

    private static void write(RandomAccessFile out, long position, float value) throws IOException {
        int bits = Float.floatToRawIntBits(value) >>> 16;
        out.seek(position);
        out.write(bits & 0xff);
        out.write(bits >>> 8);
    }

    private static float[] read(Checkpoint checkpoint, TensorInfo tensor, long from, int count) {
        float[] values = new float[count];
        checkpoint.readFloats(tensor, from, FloatBuffer.wrap(values));
        return values;
    }
}
