package dev.paligemma.engine.checkpoint;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * Reads tensors as they are stored in a set of files. Immutable and thread-safe.
 *
 * <p>A file is opened for one call: a channel shared by all threads would be closed for all of them as soon as one is
 * interrupted while it reads.
 */
final class TensorFiles {
    private static final int CHUNK_BYTES = 1 << 18;

    private final Path folder;
    private final Map<Path, SafeTensorsFile> files;

    /**
     * Readers for some files.
     *
     * @param folder what messages call them together
     */
    TensorFiles(Path folder, List<SafeTensorsFile> files) {
        this.folder = folder;
        Map<Path, SafeTensorsFile> byPath = new LinkedHashMap<>();
        files.forEach(file -> byPath.put(file.path(), file));
        this.files = Collections.unmodifiableMap(byPath);
    }

    /** What messages call the files together. */
    Path folder() {
        return folder;
    }

    /** The real paths. */
    Set<Path> paths() {
        return files.keySet();
    }

    /**
     * Reads bytes of a tensor until the destination is full.
     *
     * @param byteFrom the first byte, counted from the start of the tensor
     * @throws IllegalArgumentException if the tensor is not of these files
     * @throws IndexOutOfBoundsException if the tensor does not have that many bytes
     * @throws CheckpointException if the file cannot be read or has changed, or the thread is interrupted
     */
    void read(TensorInfo tensor, long byteFrom, ByteBuffer destination) {
        Objects.checkFromIndexSize(byteFrom, destination.remaining(), tensor.byteLength());
        try (FileChannel channel = open(tensor)) {
            fill(channel, tensor, byteFrom, destination);
        } catch (IOException e) {
            throw InputFiles.unreadable(tensor.file(), e);
        }
    }

    /**
     * Reads elements of a tensor of type F32, BF16 or F16 as float32 until the destination is full.
     *
     * @param firstElement the first element, counted row-major from 0
     * @throws IllegalArgumentException if the tensor is not of these files
     * @throws IndexOutOfBoundsException if the tensor does not have that many elements
     * @throws CheckpointException if the file cannot be read or has changed, or the thread is interrupted
     */
    void readFloats(TensorInfo tensor, long firstElement, FloatBuffer destination) {
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
            throw InputFiles.unreadable(tensor.file(), e);
        }
    }

    /** Maps bytes of a tensor, at most 2^31 - 1, into memory; read-only, little-endian. */
    ByteBuffer map(TensorInfo tensor, long byteFrom, long byteCount) {
        try (FileChannel channel = open(tensor)) {
            return channel.map(FileChannel.MapMode.READ_ONLY, tensor.offset() + byteFrom, byteCount)
                    .order(ByteOrder.LITTLE_ENDIAN);
        } catch (IOException e) {
            throw InputFiles.unreadable(tensor.file(), e);
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

    private FileChannel open(TensorInfo tensor) throws IOException {
        SafeTensorsFile file = files.get(tensor.file());
        if (file == null || !tensor.equals(file.tensors().get(tensor.name()))) {
            throw new IllegalArgumentException(tensor + " is not a tensor of " + folder);
        }
        FileChannel channel = FileChannel.open(file.path(), StandardOpenOption.READ);
        try {
            long size = channel.size();
            if (size != file.size()) {
                throw new CheckpointException(file.path() + " has changed since it was opened: expected " + file.size()
                        + " bytes, got " + size);
            }
            return channel;
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }
}
