package dev.paligemma.checkpoint.internal.convert;

import dev.paligemma.checkpoint.Checkpoint;
import dev.paligemma.engine.weights.TensorInfo;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * The hash of everything a converted checkpoint is made from, however it is cut into files.
 *
 * <p>SHA-256 over lines of text: for each small file its name and SHA-256, for each tensor of the model in order its
 * canonical name, type, shape and the SHA-256 of its bytes; of a weight that is computed, then the same of all it is stored in.
 */
final class ContentHash {
    private static final int BUFFER_BYTES = 1 << 20;

    private ContentHash() {}

    /** Reads all weights, in parallel: 64 hexadecimal digits. */
    static String of(Checkpoint source) throws IOException, InterruptedException {
        List<Map.Entry<String, TensorInfo>> tensors =
                new ArrayList<>(source.tensors().entrySet());
        // The longest first, so that no core is left alone with it at the end.
        List<Integer> order = IntStream.range(0, tensors.size())
                .boxed()
                .sorted(Comparator.comparingLong(i -> -tensors.get(i).getValue().byteLength()))
                .toList();
        String[] lines = new String[tensors.size()];
        Workers.run(tensors.size(), ConversionTasks.MAX_THREADS, () -> {
            ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_BYTES);
            return task -> {
                int index = order.get(task);
                String name = tensors.get(index).getKey();
                TensorInfo tensor = tensors.get(index).getValue();
                StringBuilder line = new StringBuilder(name + " " + describe(tensor));
                if (tensor.dtype().isComputed()) {
                    for (TensorInfo part : source.storedTensors(name)) {
                        line.append(' ').append(describe(part)).append(' ').append(hash(part, buffer));
                    }
                } else {
                    line.append(' ').append(hash(tensor, buffer));
                }
                lines[index] = line.toString();
            };
        });
        List<String> all = new ArrayList<>();
        for (SmallFiles.SmallFile file : SmallFiles.contents(source)) {
            all.add(file.name() + " " + hex(sha256().digest(file.bytes())));
        }
        all.addAll(List.of(lines));
        return of(String.join("\n", all));
    }

    private static String describe(TensorInfo tensor) {
        return tensor.dtype() + Arrays.toString(tensor.shape());
    }

    /** The hash of a text. */
    static String of(String text) {
        return hex(sha256().digest(text.getBytes(StandardCharsets.UTF_8)));
    }

    private static String hash(TensorInfo tensor, ByteBuffer buffer) throws IOException {
        MessageDigest digest = sha256();
        // Opening a pipe would block for ever.
        if (Files.exists(tensor.file()) && !Files.isRegularFile(tensor.file())) {
            throw new IOException(tensor.file() + " is not a regular file any more");
        }
        try (FileChannel channel = FileChannel.open(tensor.file(), StandardOpenOption.READ)) {
            for (long done = 0; done < tensor.byteLength(); ) {
                buffer.clear().limit((int) Math.min(buffer.capacity(), tensor.byteLength() - done));
                int count = channel.read(buffer, tensor.offset() + done);
                if (count < 0) {
                    throw new EOFException(tensor.file() + " ended inside " + tensor.name());
                }
                digest.update(buffer.flip());
                done += count;
            }
        }
        return hex(digest.digest());
    }

    private static String hex(byte[] hash) {
        return HexFormat.of().formatHex(hash);
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}
