package dev.paligemma.training.internal.output;

import dev.paligemma.checkpoint.internal.safetensors.SafeTensorsHeader;
import dev.paligemma.engine.weights.DType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Writes float32 tensors into a safetensors file, each fetched when its turn has come. Confined to one thread. */
public final class TensorFile {
    private static final int ALIGNMENT = 8;
    private static final int BUFFER_FLOATS = 1 << 18;

    private final Map<String, Tensor> tensors = new LinkedHashMap<>();

    /** Gives the numbers of a tensor. */
    public interface Source {
        /** The numbers, row-major, as many as the sizes say. */
        float[] get();
    }

    private record Tensor(long[] sizes, Source source) {
        long elements() {
            long elements = 1;
            for (long size : sizes) {
                elements = Math.multiplyExact(elements, size);
            }
            return elements;
        }
    }

    /** Adds a tensor of a name that is not there yet. */
    public void add(String name, List<Long> sizes, Source source) {
        Tensor tensor = new Tensor(sizes.stream().mapToLong(Long::longValue).toArray(), source);
        if (tensors.putIfAbsent(name, tensor) != null) {
            throw new IllegalArgumentException("there is a tensor '" + name + "' already");
        }
    }

    /** Writes a new file, with all that it holds on the disk when this returns. */
    public void write(Path file) throws IOException {
        List<SafeTensorsHeader.Entry> entries = new ArrayList<>();
        long at = 0;
        for (Map.Entry<String, Tensor> tensor : tensors.entrySet()) {
            long end = Math.addExact(at, Math.multiplyExact(tensor.getValue().elements(), Float.BYTES));
            entries.add(new SafeTensorsHeader.Entry(
                    tensor.getKey(), DType.F32, tensor.getValue().sizes(), at, end));
            at = end;
        }
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            writeAll(channel, SafeTensorsHeader.bytes(Map.of("format", "pt"), entries, ALIGNMENT));
            for (Map.Entry<String, Tensor> tensor : tensors.entrySet()) {
                float[] values = tensor.getValue().source().get();
                if (values.length != tensor.getValue().elements()) {
                    throw new IllegalStateException(tensor.getKey() + " has " + values.length + " numbers, expected "
                            + tensor.getValue().elements());
                }
                write(channel, values);
            }
            channel.force(true);
        }
    }

    private static void write(FileChannel channel, float[] values) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocateDirect(Math.min(values.length, BUFFER_FLOATS) * Float.BYTES)
                .order(ByteOrder.LITTLE_ENDIAN);
        for (int done = 0; done < values.length; done += BUFFER_FLOATS) {
            int count = Math.min(BUFFER_FLOATS, values.length - done);
            buffer.clear();
            buffer.asFloatBuffer().put(values, done, count);
            writeAll(channel, buffer.limit(count * Float.BYTES));
        }
    }

    private static void writeAll(FileChannel channel, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }
}
