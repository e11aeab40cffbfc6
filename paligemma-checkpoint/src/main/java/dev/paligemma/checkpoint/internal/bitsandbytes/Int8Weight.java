package dev.paligemma.checkpoint.internal.bitsandbytes;

import dev.paligemma.checkpoint.internal.safetensors.ComputedWeight;
import dev.paligemma.checkpoint.internal.safetensors.TensorFiles;
import dev.paligemma.engine.weights.DType;
import dev.paligemma.engine.weights.TensorInfo;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.Map;

/**
 * A matrix that bitsandbytes stores in 8 bits: {@code X.weight} I8 {@code [out, in]} with the largest magnitude of each
 * row in {@code X.SCB} F32 {@code [out]}. An element is {@code code * SCB[row] / 127}, in the order and with the
 * rounded reciprocal of that library, so that the float32 numbers are the same.
 */
record Int8Weight(TensorInfo info, TensorInfo codes, TensorInfo rowMaxima) implements ComputedWeight {
    private static final String WEIGHT = "weight";
    private static final float RECIPROCAL = (float) (1 / 127.0);
    private static final int CHUNK = 1 << 18;

    /** The order of the codes that {@code X.weight_format} names by this number, and older files by not naming it. */
    private static final byte ROW_MAJOR = 0;

    /** The name of the tensor that makes a weight one of this format. */
    public static String rowMaximaOf(String weight) {
        return prefix(weight) + "SCB";
    }

    /** The weight of that name, which has {@link #rowMaximaOf} the name; its parts are taken out of the map. */
    public static Int8Weight take(String name, Map<String, TensorInfo> tensors, TensorFiles files) {
        QuantisedParts parts = new QuantisedParts(files.folder(), name, tensors);
        TensorInfo codes = parts.take(name, DType.I8);
        long[] shape = codes.shape();
        if (shape.length != 2) {
            throw parts.wrong(codes, "a shape of 2 sizes");
        }
        TensorInfo rowMaxima = parts.take(rowMaximaOf(name), DType.F32, shape[0]);
        String format = prefix(name) + "weight_format";
        if (tensors.containsKey(format)) {
            TensorInfo stored = parts.take(format, DType.U8, 1);
            ByteBuffer value = ByteBuffer.allocate(1);
            files.read(stored, 0, value);
            if (value.get(0) != ROW_MAJOR) {
                throw parts.wrong(stored, "the value 0 (codes row by row), got " + (value.get(0) & 0xff));
            }
        }
        TensorInfo info =
                new TensorInfo(codes.name(), DType.BNB_INT8, shape, codes.file(), codes.offset(), codes.byteLength());
        return new Int8Weight(info, codes, rowMaxima);
    }

    private static String prefix(String weight) {
        return weight.substring(0, weight.length() - WEIGHT.length());
    }

    @Override
    public List<TensorInfo> parts() {
        return List.of(codes, rowMaxima);
    }

    @Override
    public void read(TensorFiles files, long firstElement, FloatBuffer destination) {
        int most = Math.min(CHUNK, destination.remaining());
        byte[] bytes = new byte[most];
        float[] values = new float[most];
        long rowLength = codes.shape()[1];
        long from = firstElement;
        while (destination.hasRemaining()) {
            int count = Math.min(most, destination.remaining());
            files.read(codes, from, ByteBuffer.wrap(bytes, 0, count));
            long firstRow = from / rowLength;
            float[] maxima = new float[(int) ((from + count - 1) / rowLength - firstRow + 1)];
            files.readFloats(rowMaxima, firstRow, FloatBuffer.wrap(maxima));
            int done = 0;
            for (int row = 0; row < maxima.length; row++) {
                int end = (int) Math.min(count, (firstRow + row + 1) * rowLength - from);
                for (; done < end; done++) {
                    values[done] = bytes[done] * maxima[row] * RECIPROCAL;
                }
            }
            destination.put(values, 0, count);
            from += count;
        }
    }
}
