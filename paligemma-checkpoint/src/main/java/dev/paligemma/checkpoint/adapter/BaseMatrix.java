package dev.paligemma.checkpoint.adapter;

import dev.paligemma.checkpoint.Checkpoint;
import dev.paligemma.engine.graph.Weight;
import dev.paligemma.engine.weights.MatrixFormat;
import dev.paligemma.engine.weights.TensorInfo;
import java.nio.FloatBuffer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The rows of a weight of the base model as the engines see them: the numbers themselves, or in a converted checkpoint
 * codes times scales. A vector is one row.
 *
 * <p>It may be that of a base whose vocabulary was resized: then rows are left out at the end, or further ones follow, which
 * are given.
 *
 * <p>Where a converted checkpoint has a matrix in several formats, the most exact one is read. Not thread-safe.
 */
final class BaseMatrix {
    private static final List<MatrixFormat> MOST_EXACT_FIRST =
            List.of(MatrixFormat.INT8_BLOCKS, MatrixFormat.INT8_CHANNELS, MatrixFormat.INT4_BLOCKS);

    private final Checkpoint base;
    private final String name;
    private final long rows;
    /** The rows that the base has, at most; the others are in the tail. */
    private final long stored;

    private final float[] tail;
    private final int columns;
    private final @Nullable MatrixFormat format;
    private byte[] codes = {};
    private float[] scales = {};

    BaseMatrix(Checkpoint base, Weight weight) {
        this.base = base;
        this.name = weight.name();
        this.rows = weight.shape().size() == 1 ? 1 : weight.size(0);
        this.stored = rows;
        this.tail = new float[0];
        this.columns = Math.toIntExact(weight.elementCount() / rows);
        this.format = base.contains(name) ? null : stored(base, name);
    }

    private BaseMatrix(BaseMatrix plain, long rows, float[] tail) {
        this.base = plain.base;
        this.name = plain.name;
        this.rows = rows;
        this.stored = plain.stored;
        this.tail = tail;
        this.columns = plain.columns;
        this.format = plain.format;
    }

    /** The same with another number of rows; those beyond the base's are given. */
    BaseMatrix resized(long newRows, float[] newTail) {
        return new BaseMatrix(this, newRows, newTail);
    }

    /** The mean of all rows. */
    float[] mean() {
        double[] sums = new double[columns];
        new AdaptedRows(this, null).forEachBlock((AdaptedRows.Sink<RuntimeException>) (first, count, values) -> {
            for (int i = 0; i < count * columns; i++) {
                sums[i % columns] += values[i];
            }
        });
        float[] mean = new float[columns];
        for (int i = 0; i < columns; i++) {
            mean[i] = (float) (sums[i] / rows);
        }
        return mean;
    }

    private static MatrixFormat stored(Checkpoint base, String name) {
        return MOST_EXACT_FIRST.stream()
                .filter(format -> base.contains(format.codes(name)))
                .findFirst()
                .orElseThrow(() -> new IllegalStateException(base.folder() + " lacks " + name));
    }

    String name() {
        return name;
    }

    long rows() {
        return rows;
    }

    int columns() {
        return columns;
    }

    /** The product of both, which may exceed what an array can hold. */
    long elements() {
        return Math.multiplyExact(rows, columns);
    }

    boolean isQuantised() {
        return format != null;
    }

    /** Reads some rows into the start of an array. */
    void read(long firstRow, int count, float[] values) {
        int own = (int) Math.max(0, Math.min(count, stored - firstRow));
        if (own > 0) {
            readStored(firstRow, own, values);
        }
        if (own < count) {
            int from = Math.toIntExact((firstRow + own - stored) * columns);
            System.arraycopy(tail, from, values, own * columns, (count - own) * columns);
        }
    }

    private void readStored(long firstRow, int count, float[] values) {
        if (format == null) {
            int numbers = Math.multiplyExact(count, columns);
            base.readFloats(base.tensor(name), firstRow * columns, FloatBuffer.wrap(values, 0, numbers));
            return;
        }
        int blocks = Math.toIntExact(MatrixFormat.blocks(columns));
        int codeBytes = blocks * format.codeBytes();
        TensorInfo codesTensor = base.tensor(format.codes(name));
        TensorInfo scalesTensor = base.tensor(format.scales(name));
        codes = codes.length >= count * codeBytes ? codes : new byte[count * codeBytes];
        scales = scales.length >= count * blocks ? scales : new float[count * blocks];
        base.map(codesTensor, firstRow * codeBytes, (long) count * codeBytes).get(codes, 0, count * codeBytes);
        base.readFloats(scalesTensor, firstRow * blocks, FloatBuffer.wrap(scales, 0, count * blocks));
        for (int row = 0; row < count; row++) {
            format.dequantize(codes, row * codeBytes, scales, row * blocks, values, row * columns, columns);
        }
    }

    /** All numbers of a small tensor. */
    float[] readAll() {
        float[] values = new float[Math.toIntExact(elements())];
        read(0, Math.toIntExact(rows), values);
        return values;
    }
}
