package dev.paligemma.checkpoint.internal.safetensors;

import dev.paligemma.base.internal.InputFiles;
import dev.paligemma.checkpoint.config.CheckpointException;
import dev.paligemma.engine.weights.TensorInfo;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Collections;
import java.util.Map;
import java.util.Objects;

/**
 * Reads the tensors of a file whose places are known. Immutable and thread-safe; holds no open file.
 *
 * @param path the absolute path, symbolic links resolved
 * @param tensors by their names in the file, unmodifiable
 */
public record StoredFile(Path path, FileState state, Map<String, TensorInfo> tensors) {
    private static final int CHUNK_BYTES = 1 << 18;

    public StoredFile {
        tensors = Collections.unmodifiableMap(tensors);
    }

    /** The size in bytes. */
    public long size() {
        return state.size();
    }

    /**
     * Reads elements of a tensor of type F32, BF16 or F16 as float32, exactly, until the destination is full.
     *
     * @param firstElement counted row-major from 0
     * @throws IllegalArgumentException if the tensor is not of this file or not a float tensor
     * @throws IndexOutOfBoundsException if the tensor does not have that many elements
     * @throws CheckpointException if the file cannot be read or has changed, or the thread is interrupted
     */
    public void readFloats(TensorInfo tensor, long firstElement, FloatBuffer destination) {
        if (!tensor.dtype().isFloatWeight()) {
            throw new IllegalArgumentException(tensor + " is not a float tensor");
        }
        Objects.checkFromIndexSize(firstElement, destination.remaining(), tensor.elementCount());
        int elementBytes = tensor.dtype().byteSize();
        long position = firstElement * elementBytes;
        try (FileChannel channel = open(tensor)) {
            long bytes = (long) destination.remaining() * elementBytes;
            ByteBuffer chunk =
                    ByteBuffer.allocate((int) Math.min(CHUNK_BYTES, bytes)).order(ByteOrder.LITTLE_ENDIAN);
            while (destination.hasRemaining()) {
                chunk.clear();
                chunk.limit((int) Math.min(chunk.capacity(), (long) destination.remaining() * elementBytes));
                fill(channel, tensor, position, chunk);
                position += chunk.position();
                FloatWidening.widen(tensor.dtype(), chunk.flip(), destination);
            }
        } catch (IOException e) {
            throw InputFiles.unreadable(tensor.file(), e, CheckpointException::new);
        }
    }

    /** Reads bytes of a tensor, from {@code byteFrom} on, until the destination is full; fails as {@link #readFloats}. */
    public void read(TensorInfo tensor, long byteFrom, ByteBuffer destination) {
        Objects.checkFromIndexSize(byteFrom, destination.remaining(), tensor.byteLength());
        try (FileChannel channel = open(tensor)) {
            fill(channel, tensor, byteFrom, destination);
        } catch (IOException e) {
            throw InputFiles.unreadable(tensor.file(), e, CheckpointException::new);
        }
    }

    /** Maps bytes of a tensor, at most 2^31 - 1, into memory, read-only, little-endian; fails as {@link #readFloats}. */
    public ByteBuffer map(TensorInfo tensor, long byteFrom, long byteCount) {
        try (FileChannel channel = open(tensor)) {
            return channel.map(FileChannel.MapMode.READ_ONLY, tensor.offset() + byteFrom, byteCount)
                    .order(ByteOrder.LITTLE_ENDIAN);
        } catch (IOException e) {
            throw InputFiles.unreadable(tensor.file(), e, CheckpointException::new);
        }
    }

    private static void fill(FileChannel channel, TensorInfo tensor, long byteFrom, ByteBuffer destination)
            throws IOException {
        long position = tensor.offset() + byteFrom;
        while (destination.hasRemaining()) {
            int count = channel.read(destination, position);
            if (count < 0) {
                throw new CheckpointException(tensor.file() + " ended at " + position + " inside a tensor");
            }
            position += count;
        }
    }

    /**
     * Opens the file for one call. A channel shared by all threads would be closed for all of them as soon as one is
     * interrupted while it reads.
     */
    private FileChannel open(TensorInfo tensor) throws IOException {
        if (!tensor.equals(tensors.get(tensor.name()))) {
            throw new IllegalArgumentException(tensor + " is not a tensor of " + path);
        }
        // Opening a pipe would block for ever.
        InputFiles.requireStillRegular(path, CheckpointException::new);
        FileChannel channel = FileChannel.open(path, StandardOpenOption.READ);
        try {
            state.requireSame(path, channel.size());
            return channel;
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }
}
