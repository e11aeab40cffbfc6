package dev.paligemma.checkpoint.adapter;

import dev.paligemma.checkpoint.internal.safetensors.FloatWidening;
import dev.paligemma.checkpoint.internal.safetensors.SafeTensorsHeader;
import dev.paligemma.engine.weights.DType;
import dev.paligemma.engine.weights.TensorInfo;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** One safetensors file of a merged checkpoint: tensors copied from a file of the base, and tensors worked out. */
final class MergedFile {
    private static final int ALIGNMENT = 8;
    private static final int BUFFER_BYTES = 1 << 20;

    /**
     * One tensor by its name in the file: computed by {@code source}, or if that is null copied from {@code original}.
     */
    private record Entry(
            String name,
            DType dtype,
            long[] shape,
            long bytes,
            @Nullable TensorInfo original,
            MergedWeights.@Nullable Source source) {}

    private final Map<String, String> metadata;
    private final List<Entry> entries = new ArrayList<>();

    MergedFile(Map<String, String> metadata) {
        this.metadata = metadata;
    }

    void copy(String name, TensorInfo tensor) {
        entries.add(new Entry(name, tensor.dtype(), tensor.shape(), tensor.byteLength(), tensor, null));
    }

    void add(String name, DType dtype, long[] shape, MergedWeights.Source source) {
        long bytes = dtype.byteCount(Arrays.stream(shape).reduce(1, Math::multiplyExact));
        entries.add(new Entry(name, dtype, shape, bytes, null, source));
    }

    List<String> names() {
        return entries.stream().map(Entry::name).toList();
    }

    /** How large the tensors are together. */
    long dataBytes() {
        return entries.stream().mapToLong(Entry::bytes).sum();
    }

    void write(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            ByteBuffer header = header();
            while (header.hasRemaining()) {
                channel.write(header);
            }
            for (Entry entry : entries) {
                if (entry.source() != null) {
                    writeNumbers(entry, entry.source(), channel);
                } else if (entry.original() != null) {
                    copy(entry.original(), channel);
                }
            }
            channel.force(true);
        }
    }

    private ByteBuffer header() {
        List<SafeTensorsHeader.Entry> tensors = new ArrayList<>();
        long at = 0;
        for (Entry entry : entries) {
            tensors.add(
                    new SafeTensorsHeader.Entry(entry.name(), entry.dtype(), entry.shape(), at, at + entry.bytes()));
            at += entry.bytes();
        }
        return SafeTensorsHeader.bytes(metadata, tensors, ALIGNMENT);
    }

    private static void copy(TensorInfo tensor, FileChannel to) throws IOException {
        try (FileChannel from = FileChannel.open(tensor.file(), StandardOpenOption.READ)) {
            long at = tensor.offset();
            long end = tensor.offset() + tensor.byteLength();
            while (at < end) {
                long count = from.transferTo(at, end - at, to);
                if (count <= 0) {
                    throw new IOException(tensor.file() + " ended inside a tensor");
                }
                at += count;
            }
        }
    }

    private static void writeNumbers(Entry entry, MergedWeights.Source source, FileChannel channel) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        long before = channel.position();
        source.writeTo((values, count) -> {
            for (int i = 0; i < count; i++) {
                put(entry, values[i], buffer);
                if (!buffer.hasRemaining()) {
                    flush(buffer, channel);
                }
            }
        });
        flush(buffer, channel);
        if (channel.position() - before != entry.bytes()) {
            throw new IllegalStateException(
                    entry.name() + ": wrote " + (channel.position() - before) + " bytes, expected " + entry.bytes());
        }
    }

    private static void put(Entry entry, float value, ByteBuffer buffer) {
        int bits = FloatNarrowing.bits(entry.dtype(), value);
        if (!Float.isFinite(FloatWidening.widen(entry.dtype(), bits))) {
            throw new AdapterException(entry.name() + ": a merged weight is " + value + ", which " + entry.dtype()
                    + " does not hold as a finite number");
        }
        if (entry.dtype() == DType.F32) {
            buffer.putInt(bits);
        } else {
            buffer.putShort((short) bits);
        }
    }

    private static void flush(ByteBuffer buffer, FileChannel channel) throws IOException {
        buffer.flip();
        while (buffer.hasRemaining()) {
            channel.write(buffer);
        }
        buffer.clear();
    }
}
