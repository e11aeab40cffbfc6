package dev.paligemma.checkpoint.internal.convert;

import dev.paligemma.checkpoint.Checkpoint;
import dev.paligemma.checkpoint.convert.ConversionException;
import dev.paligemma.engine.graph.Weight;
import dev.paligemma.engine.weights.MatrixFormat;
import dev.paligemma.engine.weights.TensorInfo;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Cuts a conversion into parts that need little memory each and can be done in any order: ranges of rows. */
final class ConversionTasks {
    /** The numbers of one part, 4 MiB of float32; one row is the least. */
    static final int BATCH = 1 << 20;

    /** The longest row, 16 MiB of float32; a hundred times what models have. */
    static final int MAX_ROW = 1 << 22;

    /** The most threads: more would wait for the disk, and each needs memory. */
    static final int MAX_THREADS = 16;

    /**
     * Some rows of a tensor of the source, to be made into formats, or float32 if there are none; then a row has the
     * length 1.
     */
    record Task(String name, TensorInfo tensor, Set<MatrixFormat> formats, int rowLength, long firstRow, int rows) {
        /** How many numbers are read. */
        int numbers() {
            return rows * rowLength;
        }

        /** How much of the source is read. */
        long sourceBytes() {
            return tensor.dtype().byteCount(numbers());
        }

        /** The number of blocks in all rows. */
        int blocks() {
            return Math.toIntExact(rows * MatrixFormat.blocks(rowLength));
        }

        /** The arrays that the part needs: its numbers, and codes and scales of one format. */
        long memoryBytes() {
            long numbers = (long) numbers() * Float.BYTES;
            return formats.isEmpty() ? numbers : numbers + (long) blocks() * (MatrixFormat.BLOCK + Float.BYTES);
        }
    }

    private ConversionTasks() {}

    /** The parts of a conversion, in the order of the source. */
    static List<Task> of(Checkpoint source, ConversionPlan plan) {
        List<Task> tasks = new ArrayList<>();
        source.tensors().forEach((name, tensor) -> {
            if (plan.keepsFloat32(name)) {
                tasks.addAll(cut(name, tensor, Set.of(), tensor.elementCount(), 1));
            }
        });
        for (Map.Entry<Weight, Set<MatrixFormat>> matrix : plan.matrices().entrySet()) {
            Weight weight = matrix.getKey();
            if (weight.size(1) > MAX_ROW) {
                throw new ConversionException(
                        "rows of " + weight + " are too long to be quantised, expected at most " + MAX_ROW);
            }
            TensorInfo tensor = source.tensor(weight.name());
            tasks.addAll(cut(weight.name(), tensor, matrix.getValue(), weight.size(0), (int) weight.size(1)));
        }
        return tasks;
    }

    /** The parts of one tensor. */
    static List<Task> cut(String name, TensorInfo tensor, Set<MatrixFormat> formats, long rows, int rowLength) {
        List<Task> tasks = new ArrayList<>();
        int most = Math.max(1, BATCH / rowLength);
        for (long from = 0; from < rows; from += most) {
            tasks.add(new Task(name, tensor, formats, rowLength, from, (int) Math.min(most, rows - from)));
        }
        return tasks;
    }
}
