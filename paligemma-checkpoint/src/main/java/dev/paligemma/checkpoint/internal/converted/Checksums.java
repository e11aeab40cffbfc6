package dev.paligemma.checkpoint.internal.converted;

import dev.paligemma.base.internal.InputFiles;
import dev.paligemma.checkpoint.config.CheckpointException;
import dev.paligemma.checkpoint.internal.converted.ConvertedManifest.FileSum;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import java.util.zip.CRC32C;

/**
 * CRC-32C of the pieces of a file, on all cores through the common pool.
 *
 * <p>The file is read, not mapped: a mapping stays until the garbage collector finds it, and meanwhile counts as memory
 * of this process.
 */
final class Checksums {
    /** Small enough for the fast levels of the processor's cache. */
    private static final int BUFFER_BYTES = 256 << 10;

    private Checksums() {}

    public static long pieces(long bytes, int pieceBytes) {
        return (bytes + pieceBytes - 1) / pieceBytes;
    }

    public static FileSum of(Path file, int pieceBytes) {
        Path real = InputFiles.regular(file, CheckpointException::new);
        try (FileChannel channel = FileChannel.open(real, StandardOpenOption.READ)) {
            long size = channel.size();
            int pieces = Math.toIntExact(pieces(size, pieceBytes));
            List<Long> sums = IntStream.range(0, pieces)
                    .parallel()
                    .mapToObj(piece -> {
                        long from = (long) piece * pieceBytes;
                        return sum(channel, from, Math.min(size, from + pieceBytes));
                    })
                    .toList();
            return new FileSum(size, sums);
        } catch (UncheckedIOException e) {
            throw InputFiles.unreadable(file, Objects.requireNonNull(e.getCause()), CheckpointException::new);
        } catch (IOException e) {
            throw InputFiles.unreadable(file, e, CheckpointException::new);
        }
    }

    public static void check(Path file, FileSum expected, int pieceBytes) {
        FileSum found = of(file, pieceBytes);
        if (found.bytes() != expected.bytes()) {
            throw new CheckpointException(
                    file + " has changed: expected " + expected.bytes() + " bytes, got " + found.bytes());
        }
        List<Long> wrong = new ArrayList<>();
        for (int i = 0; i < found.crc32c().size(); i++) {
            if (!found.crc32c().get(i).equals(expected.crc32c().get(i))) {
                wrong.add((long) i * pieceBytes);
            }
        }
        if (!wrong.isEmpty()) {
            throw new CheckpointException(file + " is damaged or has changed since it was converted: the checksums of "
                    + wrong.size() + " of " + found.crc32c().size() + " pieces do not fit, the first at byte "
                    + wrong.get(0) + "; convert the checkpoint again");
        }
    }

    private static long sum(FileChannel channel, long from, long to) {
        CRC32C sum = new CRC32C();
        ByteBuffer buffer = ByteBuffer.allocateDirect((int) Math.min(BUFFER_BYTES, to - from));
        long position = from;
        while (position < to) {
            buffer.clear().limit((int) Math.min(buffer.capacity(), to - position));
            int count;
            try {
                count = channel.read(buffer, position);
                if (count < 0) {
                    throw new EOFException("it ended at byte " + position);
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            sum.update(buffer.flip());
            position += count;
        }
        return sum.getValue();
    }
}
