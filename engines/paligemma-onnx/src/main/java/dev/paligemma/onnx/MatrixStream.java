package dev.paligemma.onnx;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import dev.paligemma.engine.EngineException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads the matrices of one stage after another into the same memory. Confined to one thread, which it lets the common
 * pool help with reading.
 *
 * <p>A prefix uses each matrix once for hundreds of rows, so copying it from the system's file cache costs little, and
 * the process holds one block of the network instead of all.
 */
final class MatrixStream implements AutoCloseable {
    private static final int CHUNK = 1 << 22;
    private static final int ALIGNMENT = 64;

    private final TensorScope tensors;
    private final BufferPool buffers;
    private final Map<Path, FileChannel> files = new HashMap<>();
    private @Nullable ByteBuffer memory;

    /** A part of a matrix, small enough to be read by one thread. */
    private record Chunk(FileChannel file, long position, ByteBuffer target) {}

    MatrixStream(TensorScope tensors, BufferPool buffers) {
        this.tensors = tensors;
        this.buffers = buffers;
    }

    /** Reads matrices; what an earlier call gave is overwritten. */
    Map<String, OnnxTensor> read(List<StreamedMatrix> matrices) throws OrtException {
        tensors.close();
        Map<String, OnnxTensor> read = new HashMap<>();
        List<Chunk> chunks = new ArrayList<>();
        ByteBuffer all = room(matrices);
        int start = 0;
        try {
            for (StreamedMatrix matrix : matrices) {
                int length = matrix.bytes();
                FileChannel file = open(matrix.file());
                for (int done = 0; done < length; done += CHUNK) {
                    ByteBuffer part = all.slice(start + done, Math.min(CHUNK, length - done));
                    chunks.add(new Chunk(file, matrix.offset() + done, part));
                }
                read.put(matrix.input(), tensors.bytes(all.slice(start, length), matrix.dims()));
                start = aligned(start + length);
            }
            chunks.parallelStream().forEach(MatrixStream::fill);
        } catch (IOException | UncheckedIOException e) {
            throw new EngineException(
                    "cannot read the weights in " + matrices.get(0).file() + ": " + e.getMessage(), e);
        }
        return read;
    }

    private ByteBuffer room(List<StreamedMatrix> matrices) {
        int bytes = 0;
        for (StreamedMatrix matrix : matrices) {
            bytes = Math.addExact(bytes, aligned(matrix.bytes()));
        }
        if (memory == null || memory.capacity() < bytes) {
            ByteBuffer larger = buffers.acquireUncleared(bytes);
            release();
            memory = larger;
        }
        return memory;
    }

    private static int aligned(int bytes) {
        return Math.addExact(bytes, ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    }

    private FileChannel open(Path path) throws IOException {
        FileChannel file = files.get(path);
        if (file == null) {
            file = FileChannel.open(path, StandardOpenOption.READ);
            files.put(path, file);
        }
        return file;
    }

    private static void fill(Chunk chunk) {
        try {
            ByteBuffer target = chunk.target();
            while (target.hasRemaining()) {
                if (chunk.file().read(target, chunk.position() + target.position()) < 0) {
                    throw new IOException("the file has become shorter since it was opened");
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void release() {
        if (memory != null) {
            buffers.release(memory);
            memory = null;
        }
    }

    @Override
    public void close() {
        tensors.close();
        release();
        for (FileChannel file : files.values()) {
            try {
                file.close();
            } catch (IOException e) {
                throw new EngineException("cannot close a weight file: " + e.getMessage(), e);
            }
        }
    }
}
