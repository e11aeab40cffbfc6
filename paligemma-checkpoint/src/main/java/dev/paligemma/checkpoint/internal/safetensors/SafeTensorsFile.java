package dev.paligemma.checkpoint.internal.safetensors;

import dev.paligemma.base.internal.ChannelInputStream;
import dev.paligemma.base.internal.InputFiles;
import dev.paligemma.base.internal.Json;
import dev.paligemma.base.internal.Quote;
import dev.paligemma.checkpoint.config.CheckpointException;
import dev.paligemma.engine.weights.TensorInfo;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The table of contents of one safetensors file. Immutable and thread-safe; holds no open file.
 *
 * <p>The format: a little-endian 64-bit header length, a JSON header of that many bytes, and the tensors back to back.
 * A file is accepted only if the tensors fill the rest of it exactly, without gaps and overlaps, so a truncated download
 * is refused here. Dimensions of any size are fine, including tensors and files over 2 GiB.
 *
 * @param stored what reads the tensors
 * @param metadata the free text of the header, such as {@code format=pt}: unmodifiable, empty if there is none
 * @see <a href="https://huggingface.co/docs/safetensors">the format</a>
 */
public record SafeTensorsFile(StoredFile stored, Map<String, String> metadata) {
    /** The largest header in bytes, the limit of the reference implementation. */
    public static final long MAX_HEADER_BYTES = 100_000_000L;

    private static final int LENGTH_BYTES = Long.BYTES;

    /** Reads and checks the header of a regular file or a link to one; the tensors themselves are not read. */
    public static SafeTensorsFile read(Path file) {
        Path real = InputFiles.regular(file, CheckpointException::new);
        try (FileChannel channel = FileChannel.open(real, StandardOpenOption.READ)) {
            FileState state = FileState.of(real);
            long size = channel.size();
            long headerBytes = headerLength(channel, file, size);
            long dataStart = LENGTH_BYTES + headerBytes;
            SafeTensorsHeader header =
                    SafeTensorsHeader.parse(file, new ChannelInputStream(channel, LENGTH_BYTES, dataStart));
            Map<String, TensorInfo> tensors = layOut(header.tensors(), file, real, dataStart, size);
            state.requireSame(real, size);
            return new SafeTensorsFile(
                    new StoredFile(real, state, tensors), Collections.unmodifiableMap(header.metadata()));
        } catch (IOException e) {
            throw Json.malformed(file, e, CheckpointException::new);
        }
    }

    private static long headerLength(FileChannel channel, Path file, long size) throws IOException {
        if (size < LENGTH_BYTES + 2) {
            throw new CheckpointException(file + " has " + size + " bytes, too few for a safetensors file");
        }
        ByteBuffer buffer = ByteBuffer.allocate(LENGTH_BYTES + 1).order(ByteOrder.LITTLE_ENDIAN);
        while (buffer.hasRemaining()) {
            if (channel.read(buffer, buffer.position()) < 0) {
                throw new CheckpointException(file + " ended while its header was read");
            }
        }
        long length = buffer.getLong(0);
        // A length of 2^63 and more shows up as negative here.
        if (length < 2 || length > MAX_HEADER_BYTES || length > size - LENGTH_BYTES) {
            throw new CheckpointException(file + ": header length " + Long.toUnsignedString(length)
                    + " is not between 2 and " + Math.min(MAX_HEADER_BYTES, size - LENGTH_BYTES) + " (the file has "
                    + size + " bytes)");
        }
        // The format asks for this, JSON itself would allow blanks.
        if (buffer.get(LENGTH_BYTES) != '{') {
            throw new CheckpointException(file + ": the safetensors header does not start with '{'");
        }
        return length;
    }

    /** Turns offsets into positions in the file and checks that the tensors cover the data exactly once. */
    private static Map<String, TensorInfo> layOut(
            List<SafeTensorsHeader.Entry> entries, Path file, Path real, long dataStart, long size) {
        Map<String, TensorInfo> tensors = new LinkedHashMap<>();
        long dataBytes = size - dataStart;
        for (SafeTensorsHeader.Entry entry : entries) {
            if (entry.begin() > entry.end() || entry.end() > dataBytes) {
                throw new CheckpointException(file + ": tensor " + Quote.quote(entry.name()) + " lies at "
                        + entry.begin() + " to " + entry.end() + ", outside the " + dataBytes
                        + " bytes of data (truncated file?)");
            }
            try {
                long offset = dataStart + entry.begin();
                long bytes = entry.end() - entry.begin();
                tensors.put(
                        entry.name(), new TensorInfo(entry.name(), entry.dtype(), entry.shape(), real, offset, bytes));
            } catch (IllegalArgumentException e) {
                throw new CheckpointException(
                        file + ": tensor " + Quote.quote(entry.name()) + ": " + e.getMessage(), e);
            }
        }
        List<TensorInfo> inOrder = new ArrayList<>(tensors.values());
        inOrder.sort(Comparator.comparingLong(TensorInfo::offset).thenComparingLong(TensorInfo::byteLength));
        long position = dataStart;
        for (TensorInfo tensor : inOrder) {
            if (tensor.offset() != position) {
                throw new CheckpointException(file + ": tensor " + Quote.quote(tensor.name()) + " starts at byte "
                        + (tensor.offset() - dataStart) + " of the data, but the one before it ends at "
                        + (position - dataStart));
            }
            position = tensor.offset() + tensor.byteLength();
        }
        if (position != size) {
            throw new CheckpointException(file + ": the header describes " + (position - dataStart)
                    + " bytes of data, the file holds " + dataBytes);
        }
        return tensors;
    }

    /** As {@link StoredFile#readFloats}. */
    public void readFloats(TensorInfo tensor, long firstElement, FloatBuffer destination) {
        stored.readFloats(tensor, firstElement, destination);
    }

    /** Returns the file: the absolute path, symbolic links resolved. */
    public Path path() {
        return stored.path();
    }

    /** Returns the size of the file, in bytes, header included. */
    public long size() {
        return stored.size();
    }

    /** Returns the tensors: an unmodifiable map from the name in the file, in the order of the header. */
    public Map<String, TensorInfo> tensors() {
        return stored.tensors();
    }
}
