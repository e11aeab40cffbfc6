package dev.paligemma.checkpoint.internal.bigvision;

import dev.paligemma.checkpoint.internal.safetensors.ComputedWeight;
import dev.paligemma.checkpoint.internal.safetensors.FloatWidening;
import dev.paligemma.checkpoint.internal.safetensors.TensorFiles;
import dev.paligemma.engine.weights.DType;
import dev.paligemma.engine.weights.TensorInfo;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * A weight whose numbers lie in one range of a file in another order: {@code [batches, columns, rows]} of them stand for
 * the row-major {@code [batches * rows, columns]}, that is, each batch is transposed.
 *
 * <p>What is read is mapped once and stays so, because neighbours of a row lie far apart. Several rows are gathered at
 * once, so that most of every piece of memory that is touched is used. Thread-safe.
 */
public final class RearrangedWeight implements ComputedWeight {
    /** The numbers gathered at once; several rows of the widest matrix. */
    private static final int BLOCK = 1 << 20;

    /** The columns whose runs are turned into rows together, so that whole cache lines are written. */
    private static final int TILE = 16;

    /** What is mapped at once; a multiple of the size of a number. */
    public static final long WINDOW_BYTES = 1 << 30;

    private final TensorInfo info;
    private final TensorInfo source;
    private final int rows;
    private final int columns;
    private final int @Nullable [] columnOrder;
    private final long windowBytes;
    private final long windowElements;
    private final AtomicReferenceArray<@Nullable ByteBuffer> windows;

    /**
     * A weight of one of the types that start with {@code NPZ_}.
     *
     * @param source the numbers as they lie, in batches of {@code columns} times {@code rows}
     * @param columnOrder which number of a row of the source stands in a column of the weight; null if it is the same
     *     one
     * @param windowBytes {@link #WINDOW_BYTES}, or less for tests
     */
    public RearrangedWeight(
            TensorInfo info, TensorInfo source, int rows, int columns, int @Nullable [] columnOrder, long windowBytes) {
        this.info = info;
        this.source = source;
        this.rows = rows;
        this.columns = columns;
        this.columnOrder = columnOrder;
        this.windowBytes = windowBytes;
        this.windowElements = windowBytes / source.dtype().byteSize();
        long count = source.elementCount() / windowElements + 1;
        this.windows = new AtomicReferenceArray<>(Math.toIntExact(count));
    }

    /** The type of a tensor in another order. */
    public static DType rearranged(DType plain) {
        return switch (plain) {
            case F32 -> DType.NPZ_F32;
            case BF16 -> DType.NPZ_BF16;
            case F16 -> DType.NPZ_F16;
            default -> throw new IllegalArgumentException(plain + " is not a type of float weights");
        };
    }

    @Override
    public TensorInfo info() {
        return info;
    }

    @Override
    public List<TensorInfo> parts() {
        return List.of(source);
    }

    @Override
    public void read(TensorFiles files, long firstElement, FloatBuffer destination) {
        // Fails if the file is not the one that was opened.
        files.read(source, 0, ByteBuffer.allocate(0));
        float[] block = new float[Math.min(destination.remaining(), Math.max(BLOCK, columns))];
        float[] runs = {};
        long at = firstElement;
        while (destination.hasRemaining()) {
            long row = at / columns;
            int column = (int) (at % columns);
            int inRow = Math.min(columns - column, destination.remaining());
            int count = 1;
            if (inRow == columns) {
                int inBatch = rows - (int) (row % rows);
                count = Math.min(inBatch, Math.max(1, Math.min(destination.remaining(), BLOCK) / columns));
            }
            if (runs.length < TILE * count) {
                runs = new float[TILE * count];
            }
            gather(files, row, count, column, inRow, runs, block);
            destination.put(block, 0, count * inRow);
            at += (long) count * inRow;
        }
    }

    /** Part of one row, or several whole rows of one batch. */
    private void gather(TensorFiles files, long row, int count, int column, int inRow, float[] runs, float[] block) {
        long batchStart = row / rows * rows * columns;
        long rowInBatch = row % rows;
        for (int from = 0; from < inRow; from += TILE) {
            int tile = Math.min(TILE, inRow - from);
            for (int i = 0; i < tile; i++) {
                int stored = columnOrder == null ? column + from + i : columnOrder[column + from + i];
                run(files, batchStart + (long) stored * rows + rowInBatch, count, runs, i * count);
            }
            for (int r = 0; r < count; r++) {
                int to = r * inRow + from;
                for (int i = 0; i < tile; i++) {
                    block[to + i] = runs[i * count + r];
                }
            }
        }
    }

    /** Numbers of the source that lie one after the other. */
    private void run(TensorFiles files, long from, int count, float[] to, int toFrom) {
        for (int done = 0; done < count; ) {
            int window = (int) ((from + done) / windowElements);
            long inWindow = (from + done) % windowElements;
            int now = (int) Math.min(count - done, windowElements - inWindow);
            widen(window(files, window), (int) inWindow, now, to, toFrom + done);
            done += now;
        }
    }

    private void widen(ByteBuffer bytes, int first, int count, float[] to, int toFrom) {
        switch (source.dtype()) {
            case F32 -> {
                for (int i = 0; i < count; i++) {
                    to[toFrom + i] = bytes.getFloat((first + i) * Float.BYTES);
                }
            }
            case BF16 -> {
                for (int i = 0; i < count; i++) {
                    to[toFrom + i] = FloatWidening.bfloat16(bytes.getShort((first + i) * Short.BYTES));
                }
            }
            default -> {
                for (int i = 0; i < count; i++) {
                    to[toFrom + i] = FloatWidening.float16(bytes.getShort((first + i) * Short.BYTES));
                }
            }
        }
    }

    /** A window starts with a whole number, wherever in the file that is. */
    private ByteBuffer window(TensorFiles files, int index) {
        ByteBuffer mapped = windows.get(index);
        if (mapped == null) {
            long start = index * windowBytes;
            mapped = files.map(source, start, Math.min(windowBytes, source.byteLength() - start));
            // Another thread may have been as fast; its mapping is as good.
            windows.compareAndSet(index, null, mapped);
        }
        return Objects.requireNonNull(mapped);
    }
}
