package dev.paligemma.checkpoint.internal.safetensors;

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

    /** Readers for some files of what messages call the folder. */
    public TensorFiles(Path folder, List<StoredFile> files) {
        this.folder = folder;
        this.files = new LinkedHashMap<>();
        files.forEach(file -> this.files.put(file.path(), file));
    }

    /** What messages call the files together. */
    public Path folder() {
        return folder;
    }

    /** The real paths. */
    public Set<Path> paths() {
        return Collections.unmodifiableSet(files.keySet());
    }

    /** Reads bytes of a tensor until the destination is full; fails as {@link StoredFile#readFloats}. */
    public void read(TensorInfo tensor, long byteFrom, ByteBuffer destination) {
        fileOf(tensor).read(tensor, byteFrom, destination);
    }

    /** As {@link StoredFile#readFloats}, of any of the files. */
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
