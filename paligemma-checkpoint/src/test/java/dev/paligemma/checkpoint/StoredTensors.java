package dev.paligemma.checkpoint;

import dev.paligemma.checkpoint.internal.safetensors.SafeTensorsBytes;
import dev.paligemma.checkpoint.internal.safetensors.SafeTensorsFile;
import dev.paligemma.engine.weights.DType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.StringJoiner;

/** Tensors with their bytes, to be changed and written as a safetensors file. */
public final class StoredTensors {
    private record Stored(DType dtype, long[] shape, byte[] bytes) {}

    private final Map<String, Stored> tensors = new LinkedHashMap<>();

    /** The tensors of a file. */
    public static StoredTensors of(Path file) throws IOException {
        StoredTensors read = new StoredTensors();
        byte[] bytes = Files.readAllBytes(file);
        SafeTensorsFile.read(file)
                .tensors()
                .forEach((name, tensor) -> read.put(
                        name,
                        tensor.dtype(),
                        Arrays.copyOfRange(bytes, (int) tensor.offset(), (int) (tensor.offset() + tensor.byteLength())),
                        tensor.shape()));
        return read;
    }

    public StoredTensors put(String name, DType dtype, byte[] bytes, long... shape) {
        tensors.put(name, new Stored(dtype, shape, bytes));
        return this;
    }

    public StoredTensors put(String name, float[] values) {
        ByteBuffer bytes = ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(values);
        return put(name, DType.F32, bytes.array(), values.length);
    }

    public StoredTensors put(String name, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        return put(name, DType.U8, bytes, bytes.length);
    }

    public StoredTensors remove(String name) {
        tensors.remove(name);
        return this;
    }

    public String text(String name) {
        return new String(get(name).bytes(), StandardCharsets.UTF_8);
    }

    private Stored get(String name) {
        Stored stored = tensors.get(name);
        if (stored == null) {
            throw new IllegalArgumentException("no tensor " + name);
        }
        return stored;
    }

    /** Writes them in their order. */
    public Path write(Path file) throws IOException {
        StringJoiner header = new StringJoiner(",", "{", "}");
        int at = 0;
        for (Map.Entry<String, Stored> entry : tensors.entrySet()) {
            Stored tensor = entry.getValue();
            int end = at + tensor.bytes().length;
            header.add(SafeTensorsBytes.entry(
                    entry.getKey(),
                    tensor.dtype().name(),
                    Arrays.toString(tensor.shape()),
                    "[" + at + "," + end + "]"));
            at = end;
        }
        byte[] bytes = SafeTensorsBytes.file(header.toString(), at);
        int position = bytes.length - at;
        for (Stored tensor : tensors.values()) {
            System.arraycopy(tensor.bytes(), 0, bytes, position, tensor.bytes().length);
            position += tensor.bytes().length;
        }
        return Files.write(file, bytes);
    }
}
