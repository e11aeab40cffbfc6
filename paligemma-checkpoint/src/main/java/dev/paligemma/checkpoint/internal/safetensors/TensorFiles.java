package dev.paligemma.checkpoint.internal.safetensors;

import dev.paligemma.checkpoint.config.CheckpointException;
import dev.paligemma.engine.weights.TensorInfo;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Reads tensors as they are stored in a set of files. Immutable and thread-safe. */
public final class TensorFiles {
    private final Path folder;
    private final Map<Path, StoredFile> files;

    /**
     * Readers for some files.
     *
     * @param folder what messages call them together
     */
    public TensorFiles(Path folder, List<StoredFile> files) {
        this.folder = folder;
        Map<Path, StoredFile> byPath = new LinkedHashMap<>();
        files.forEach(file -> byPath.put(file.path(), file));
        this.files = Collections.unmodifiableMap(byPath);
    }

    /** What messages call the files together. */
    public Path folder() {
        return folder;
    }

    /** The real paths. */
    public Set<Path> paths() {
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
    public void read(TensorInfo tensor, long byteFrom, ByteBuffer destination) {
        fileOf(tensor).read(tensor, byteFrom, destination);
    }

    /**
     * Reads elements of a tensor of type F32, BF16 or F16 as float32 until the destination is full.
     *
     * @param firstElement the first element, counted row-major from 0
     * @throws IllegalArgumentException if the tensor is not of these files
     * @throws IndexOutOfBoundsException if the tensor does not have that many elements
     * @throws CheckpointException if the file cannot be read or has changed, or the thread is interrupted
     */
    public void readFloats(TensorInfo tensor, long firstElement, FloatBuffer destination) {
        fileOf(tensor).readFloats(tensor, firstElement, destination);
    }

    /** Maps bytes of a tensor, at most 2^31 - 1, into memory; read-only, little-endian. */
    public ByteBuffer map(TensorInfo tensor, long byteFrom, long byteCount) {
        return fileOf(tensor).map(tensor, byteFrom, byteCount);
    }

    private StoredFile fileOf(TensorInfo tensor) {
        StoredFile file = files.get(tensor.file());
        if (file == null) {
            throw new IllegalArgumentException(tensor + " is not a tensor of " + folder);
        }
        return file;
    }
}
