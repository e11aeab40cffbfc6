package dev.paligemma.checkpoint.internal.bitsandbytes;

import dev.paligemma.base.internal.Quote;
import dev.paligemma.checkpoint.config.CheckpointException;
import dev.paligemma.checkpoint.internal.safetensors.ComputedWeight;
import dev.paligemma.checkpoint.internal.safetensors.TensorFiles;
import dev.paligemma.engine.weights.DType;
import dev.paligemma.engine.weights.TensorInfo;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A weight that bitsandbytes stores in 4 bits. Immutable and thread-safe.
 *
 * <p>{@code X.weight} holds two codes a byte, the first in the upper half; {@code X.weight.quant_map} what each of the 16
 * codes stands for; {@code X.weight.absmax} a scale for each block of consecutive elements, counted row-major through the
 * whole matrix; {@code X.weight.quant_state.bitsandbytes__nf4} or {@code __fp4} the shape and the size of a block. With
 * "double quantisation" the scales are codes too: see {@link BlockScales.Nested}.
 *
 * <p>An element is {@code quant_map[code] * scale} in float32. The library's own layers round that to the type the weight
 * had before it was quantised, which the state names, or do not, depending on the kernel; nothing is rounded here.
 */
record FourBitWeight(
        TensorInfo info, TensorInfo packed, CodeTable table, BlockScales scales, TensorInfo state, int blockSize)
        implements ComputedWeight {
    private static final String STATE = ".quant_state.bitsandbytes__";
    private static final int CODES = 16;
    private static final int NESTED_CODES = 256;
    private static final int CHUNK = 1 << 18;

    /** The name of the tensor that makes a weight one of this format. */
    public static String stateOf(String weight, DType format) {
        return weight + STATE + kind(format);
    }

    private static String kind(DType format) {
        return switch (format) {
            case BNB_NF4 -> "nf4";
            case BNB_FP4 -> "fp4";
            default -> throw new IllegalArgumentException(format + " is not a format of 4 bits");
        };
    }

    /** The weight of that name, which has {@link #stateOf} the name and format; its parts are taken out of the map. */
    public static FourBitWeight take(String name, DType format, Map<String, TensorInfo> tensors, TensorFiles files) {
        QuantisedParts parts = new QuantisedParts(files.folder(), name, tensors);
        TensorInfo stored = parts.take(stateOf(name, format), DType.U8);
        if (stored.byteLength() > FourBitState.MAX_BYTES) {
            throw parts.wrong(stored, "at most " + FourBitState.MAX_BYTES + " bytes");
        }
        byte[] json = new byte[(int) stored.byteLength()];
        files.read(stored, 0, ByteBuffer.wrap(json));
        FourBitState state = FourBitState.parse(stored.file() + ": " + Quote.quote(stored.name()), json, kind(format));
        // Codes may be stored as elements of any type; it is the bytes that count.
        TensorInfo packed = parts.take(name);
        TensorInfo info;
        try {
            info = new TensorInfo(
                    packed.name(), format, state.shape(), packed.file(), packed.offset(), packed.byteLength());
        } catch (IllegalArgumentException e) {
            throw new CheckpointException(
                    packed.file() + ": quantised weight " + name + " and its state: " + e.getMessage(), e);
        }
        CodeTable table = CodeTable.read(parts.take(name + ".quant_map", DType.F32, CODES), files);
        return new FourBitWeight(
                info, packed, table, scales(name, info, state, parts, files), stored, state.blockSize());
    }

    private static BlockScales scales(
            String name, TensorInfo info, FourBitState state, QuantisedParts parts, TensorFiles files) {
        long blocks = ceilDiv(info.elementCount(), state.blockSize());
        String absmax = name + ".absmax";
        FourBitState.Nested nested = state.nested();
        if (nested == null) {
            return new BlockScales.Plain(parts.take(absmax, DType.F32, blocks));
        }
        return new BlockScales.Nested(
                parts.take(absmax, DType.U8, blocks),
                CodeTable.read(parts.take(name + ".nested_quant_map", DType.F32, NESTED_CODES), files),
                parts.take(name + ".nested_absmax", DType.F32, ceilDiv(blocks, nested.blockSize())),
                nested.blockSize(),
                nested.offset());
    }

    private static long ceilDiv(long dividend, int divisor) {
        return (dividend - 1) / divisor + 1;
    }

    @Override
    public List<TensorInfo> parts() {
        List<TensorInfo> parts = new ArrayList<>(List.of(packed, state, table.stored()));
        parts.addAll(scales.parts());
        return List.copyOf(parts);
    }

    @Override
    public void read(TensorFiles files, long firstElement, FloatBuffer destination) {
        int most = Math.min(CHUNK, destination.remaining());
        byte[] bytes = new byte[most / 2 + 1];
        float[] values = new float[most];
        long from = firstElement;
        while (destination.hasRemaining()) {
            int count = Math.min(most, destination.remaining());
            long firstByte = from / 2;
            files.read(packed, firstByte, ByteBuffer.wrap(bytes, 0, (int) ((from + count - 1) / 2 - firstByte + 1)));
            long firstBlock = from / blockSize;
            float[] blocks = scales.read(files, firstBlock, (int) ((from + count - 1) / blockSize - firstBlock + 1));
            int codeFrom = (int) (from - 2 * firstByte);
            int done = 0;
            for (int block = 0; block < blocks.length; block++) {
                int end = (int) Math.min(count, (firstBlock + block + 1) * blockSize - from);
                decode(bytes, codeFrom + done, blocks[block], values, done, end);
                done = end;
            }
            destination.put(values, 0, count);
            from += count;
        }
    }

    private void decode(byte[] bytes, int codeFrom, float scale, float[] values, int from, int to) {
        int code = codeFrom;
        for (int i = from; i < to; i++, code++) {
            int pair = bytes[code >> 1];
            values[i] = table.value((code & 1) == 0 ? pair >> 4 & 0xf : pair & 0xf) * scale;
        }
    }
}
