package dev.paligemma.checkpoint.internal.convert;

import dev.paligemma.checkpoint.Checkpoint;
import dev.paligemma.checkpoint.internal.converted.ConvertedManifest;
import dev.paligemma.checkpoint.internal.safetensors.SafeTensorsHeader;
import dev.paligemma.checkpoint.internal.safetensors.SafeTensorsHeader.Entry;
import dev.paligemma.engine.graph.Weight;
import dev.paligemma.engine.weights.DType;
import dev.paligemma.engine.weights.MatrixFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Where each tensor of a converted checkpoint lies in its file of weights. Immutable.
 *
 * <p>Tensors start at multiples of {@link #ALIGNMENT} bytes; the format allows no gaps, so small tensors of no meaning fill
 * them. Tensors of one format lie together: what a program reads at every token is one range of the file.
 */
final class ConvertedLayout {
    static final int ALIGNMENT = 64;

    private final Map<String, Entry> entries = new LinkedHashMap<>();
    private final byte[] header;
    private long dataBytes;

    ConvertedLayout(Checkpoint source, ConversionPlan plan) {
        source.tensors().forEach((name, tensor) -> {
            if (plan.keepsFloat32(name)) {
                add(name, DType.F32, tensor.shape());
            }
        });
        for (MatrixFormat format :
                List.of(MatrixFormat.INT8_BLOCKS, MatrixFormat.INT4_BLOCKS, MatrixFormat.INT8_CHANNELS)) {
            for (Map.Entry<Weight, Set<MatrixFormat>> matrix : plan.matrices().entrySet()) {
                if (matrix.getValue().contains(format)) {
                    Weight weight = matrix.getKey();
                    long out = weight.size(0);
                    long in = weight.size(1);
                    add(format.codes(weight.name()), DType.U8, format.codesShape(out, in));
                    add(format.scales(weight.name()), DType.F32, format.scalesShape(out, in));
                }
            }
        }
        header = SafeTensorsHeader.bytes(Map.of(), entries.values(), ALIGNMENT).array();
    }

    private void add(String name, DType dtype, long[] shape) {
        int gap = (int) (-dataBytes & (ALIGNMENT - 1));
        if (gap > 0) {
            put(ConvertedManifest.PADDING + entries.size(), DType.U8, new long[] {gap}, gap);
        }
        long bytes = dtype.byteSize();
        for (long size : shape) {
            bytes = Math.multiplyExact(bytes, size);
        }
        put(name, dtype, shape, bytes);
    }

    private void put(String name, DType dtype, long[] shape, long bytes) {
        entries.put(name, new Entry(name, dtype, shape, dataBytes, dataBytes + bytes));
        dataBytes = Math.addExact(dataBytes, bytes);
    }

    /** The length and the JSON header, blanks at its end. */
    byte[] headerBytes() {
        return header.clone();
    }

    /** The size of the file. */
    long fileBytes() {
        return header.length + dataBytes;
    }

    /** Where a tensor starts, counted from the start of the file. */
    long offset(String name) {
        Entry entry = entries.get(name);
        if (entry == null) {
            throw new IllegalArgumentException("no tensor " + name);
        }
        return header.length + entry.begin();
    }
}
