package dev.paligemma.engine.contract;

import dev.paligemma.base.PaliGemmaException;
import dev.paligemma.base.internal.Json;
import dev.paligemma.base.internal.JsonObject;
import dev.paligemma.engine.Precision;
import dev.paligemma.engine.weights.DType;
import dev.paligemma.engine.weights.TensorInfo;
import dev.paligemma.engine.weights.WeightSource;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;

/**
 * A safetensors file of our own making as a source of weights: the least that an engine needs, without any of the formats
 * and checks of module paligemma-checkpoint, on which the seam does not depend.
 */
public final class GoldenWeights implements WeightSource, AutoCloseable {
    private static final int MAX_HEADER_BYTES = 1 << 20;

    private final Path file;
    private final Map<String, TensorInfo> tensors = new LinkedHashMap<>();
    private volatile boolean closed;

    /** Reads the header of a file. */
    public GoldenWeights(Path file) {
        try {
            this.file = file.toRealPath();
            try (FileChannel channel = FileChannel.open(this.file)) {
                int length = Math.toIntExact(channel.map(FileChannel.MapMode.READ_ONLY, 0, Long.BYTES)
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .getLong());
                byte[] header = new byte[Math.min(length, MAX_HEADER_BYTES)];
                channel.map(FileChannel.MapMode.READ_ONLY, Long.BYTES, length).get(header);
                JsonObject json = Json.readObject(file.toString(), header, PaliGemmaException::new);
                json.members().keySet().stream()
                        .filter(name -> !name.startsWith("__"))
                        .forEach(name -> tensors.put(name, tensor(name, json.object(name), Long.BYTES + length)));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private TensorInfo tensor(String name, JsonObject entry, long dataStart) {
        long[] shape = longs(entry, "shape");
        long[] offsets = longs(entry, "data_offsets");
        DType dtype = DType.valueOf(entry.stringOrNull("dtype"));
        return new TensorInfo(name, dtype, shape, file, dataStart + offsets[0], offsets[1] - offsets[0]);
    }

    private static long[] longs(JsonObject entry, String name) {
        return Objects.requireNonNull(entry.listOrNull(name)).stream()
                .mapToLong(number -> ((Number) Objects.requireNonNull(number)).longValue())
                .toArray();
    }

    @Override
    public Path folder() {
        return Objects.requireNonNull(file.getParent());
    }

    @Override
    public Precision precision() {
        return Precision.FLOAT32;
    }

    @Override
    public boolean contains(String name) {
        return tensors.containsKey(name);
    }

    @Override
    public TensorInfo tensor(String name) {
        TensorInfo tensor = tensors.get(name);
        if (tensor == null) {
            throw new PaliGemmaException(file + " has no tensor " + name);
        }
        return tensor;
    }

    @Override
    public void readFloats(TensorInfo tensor, long firstElement, FloatBuffer destination) {
        int size = tensor.dtype().byteSize();
        ByteBuffer bytes = map(tensor, firstElement * size, (long) destination.remaining() * size);
        while (destination.hasRemaining()) {
            destination.put(
                    switch (tensor.dtype()) {
                        case F32 -> bytes.getFloat();
                        case BF16 -> Float.intBitsToFloat(bytes.getShort() << Short.SIZE);
                        case F16 -> float16(bytes.getShort());
                        default -> throw new IllegalArgumentException(tensor + " does not hold floats");
                    });
        }
    }

    /** Sign, 5 bits of exponent with bias 15, 10 bits of fraction; IEEE 754 binary16. */
    private static float float16(short bits) {
        int exponent = bits >> 10 & 0x1f;
        int fraction = bits & 0x3ff;
        double magnitude =
                exponent == 0 ? fraction * 0x1p-24 : (1 + fraction * 0x1p-10) * Math.scalb(1.0, exponent - 15);
        return (float) (bits < 0 ? -magnitude : magnitude);
    }

    @Override
    public ByteBuffer map(TensorInfo tensor, long byteFrom, long byteCount) {
        if (closed) {
            throw new IllegalStateException(file + " is closed");
        }
        try (FileChannel channel = FileChannel.open(file)) {
            return channel.map(FileChannel.MapMode.READ_ONLY, tensor.offset() + byteFrom, byteCount)
                    .order(ByteOrder.LITTLE_ENDIAN);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Nothing can be read from now on; what was mapped stays. */
    @Override
    public void close() {
        closed = true;
    }
}
