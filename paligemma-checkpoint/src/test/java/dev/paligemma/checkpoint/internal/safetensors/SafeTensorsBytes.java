package dev.paligemma.checkpoint.internal.safetensors;

import dev.paligemma.engine.weights.DType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.StringJoiner;
import java.util.function.UnaryOperator;

/** Builds safetensors files for tests, good and bad. */
public final class SafeTensorsBytes {
    private SafeTensorsBytes() {}

    /** A file with the given header, its true length before it, and that many bytes of data. */
    public static byte[] file(String header, int dataBytes) {
        byte[] json = header.getBytes(StandardCharsets.UTF_8);
        return file(json.length, json, dataBytes);
    }

    public static byte[] file(long statedLength, byte[] header, int dataBytes) {
        return ByteBuffer.allocate(Long.BYTES + header.length + dataBytes)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(statedLength)
                .put(header)
                .array();
    }

    /** One entry of a header. */
    public static String entry(String name, String dtype, String shape, String offsets) {
        return "\"%s\":{\"dtype\":\"%s\",\"shape\":%s,\"data_offsets\":%s}".formatted(name, dtype, shape, offsets);
    }

    /** Writes tensors of zeros. */
    public static void writeZeros(Path file, Map<String, long[]> shapes, DType dtype) throws IOException {
        StringJoiner header = new StringJoiner(",", "{", "}");
        int at = 0;
        for (Map.Entry<String, long[]> shape : shapes.entrySet()) {
            int end = at
                    + dtype.byteSize()
                            * Math.toIntExact(Arrays.stream(shape.getValue()).reduce(1, Math::multiplyExact));
            header.add(
                    entry(shape.getKey(), dtype.name(), Arrays.toString(shape.getValue()), "[" + at + "," + end + "]"));
            at = end;
        }
        Files.write(file, file(header.toString(), at));
    }

    /** Copies a file with other tensor names and the same data. */
    public static void copyRenamed(Path from, Path to, UnaryOperator<String> rename) throws IOException {
        SafeTensorsFile source = SafeTensorsFile.read(from);
        byte[] bytes = Files.readAllBytes(from);
        int dataStart = Long.BYTES
                + Math.toIntExact(
                        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong());
        StringJoiner header = new StringJoiner(",", "{", "}");
        source.tensors().values().forEach(tensor -> {
            long begin = tensor.offset() - dataStart;
            header.add(entry(
                    rename.apply(tensor.name()),
                    tensor.dtype().name(),
                    Arrays.toString(tensor.shape()),
                    "[" + begin + "," + (begin + tensor.byteLength()) + "]"));
        });
        byte[] renamed = file(header.toString(), bytes.length - dataStart);
        System.arraycopy(
                bytes, dataStart, renamed, renamed.length - (bytes.length - dataStart), bytes.length - dataStart);
        Files.write(to, renamed);
    }
}
