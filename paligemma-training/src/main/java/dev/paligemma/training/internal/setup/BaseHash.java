package dev.paligemma.training.internal.setup;

import dev.paligemma.base.internal.FailureReason;
import dev.paligemma.base.internal.Sha256;
import dev.paligemma.checkpoint.Checkpoint;
import dev.paligemma.engine.weights.TensorInfo;
import dev.paligemma.training.run.FineTuningException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Tells a base from others without reading all of it: its settings, names, types and shapes of its weights, and the first
 * bytes of each. Stateless.
 */
final class BaseHash {
    private static final int SAMPLE_BYTES = 4096;

    private BaseHash() {}

    /** 64 hexadecimal digits. */
    static String of(Checkpoint base) {
        StringBuilder text = new StringBuilder(base.config().toString()).append('\n');
        Map<Path, FileChannel> open = new HashMap<>();
        try {
            for (Map.Entry<String, TensorInfo> entry : base.tensors().entrySet()) {
                for (TensorInfo stored : entry.getValue().dtype().isComputed()
                        ? base.storedTensors(entry.getKey())
                        : List.of(entry.getValue())) {
                    text.append(entry.getKey())
                            .append(' ')
                            .append(stored.dtype())
                            .append(Arrays.toString(stored.shape()))
                            .append(' ')
                            .append(sample(stored, open))
                            .append('\n');
                }
            }
            return Sha256.of(text.toString().getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new FineTuningException(
                    "cannot read the base " + base.folder() + ": " + FailureReason.of(e, base.folder()), e);
        } finally {
            open.values().forEach(BaseHash::close);
        }
    }

    private static String sample(TensorInfo tensor, Map<Path, FileChannel> open) throws IOException {
        FileChannel channel = open.get(tensor.file());
        if (channel == null) {
            channel = FileChannel.open(tensor.file(), StandardOpenOption.READ);
            open.put(tensor.file(), channel);
        }
        ByteBuffer bytes = ByteBuffer.allocate((int) Math.min(SAMPLE_BYTES, tensor.byteLength()));
        while (bytes.hasRemaining()) {
            if (channel.read(bytes, tensor.offset() + bytes.position()) < 0) {
                throw new IOException("it ends inside " + tensor.name());
            }
        }
        return Sha256.of(bytes.array());
    }

    private static void close(FileChannel channel) {
        try {
            channel.close();
        } catch (IOException e) {
            // It was only read.
        }
    }
}
