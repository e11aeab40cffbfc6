package dev.paligemma.vision.mask;

import java.util.Arrays;

/**
 * Pillow's bilinear resampling of float images (mode {@code F}): weights and sums in float64, the result of each pass
 * rounded to float32; first along rows, or along columns if the height shrinks much more. Making smaller, the filter widens
 * with the factor (antialiasing), which is TensorFlow's {@code antialias=True} too; making larger, it is bilinear
 * interpolation between pixel centres with the edge repeated (PyTorch's {@code align_corners=False}).
 */
final class BilinearResize {
    private BilinearResize() {}

    /** Where the samples come from, one row at a time. */
    interface Rows {
        /** Fills the target with row y. */
        void copy(int y, float[] target);
    }

    /**
     * The wanted part of one side of the result.
     *
     * @param size of the whole side
     * @param from first wanted position, 0 to size
     * @param count of wanted positions
     */
    record Part(long size, long from, int count) {
        static Part all(int size) {
            return new Part(size, 0, size);
        }
    }

    /** For each wanted position the first input and the weights; inputs behind those of non-zero weight are left out. */
    private record Taps(int[] first, double[][] weight) {
        static Taps of(int inputs, Part part) {
            double scale = (double) inputs / part.size;
            double support = Math.max(scale, 1.0);
            int[] first = new int[part.count];
            double[][] weight = new double[part.count][];
            for (int o = 0; o < part.count; o++) {
                double center = (part.from + o + 0.5) * scale;
                int start = Math.max(0, (int) (center - support + 0.5));
                int end = Math.min(inputs, (int) (center + support + 0.5));
                first[o] = start;
                weight[o] = weights(start, end, center, 1.0 / support);
            }
            return new Taps(first, weight);
        }

        private static double[] weights(int start, int end, double center, double inverse) {
            double[] weight = new double[end - start];
            double sum = 0;
            for (int i = 0; i < weight.length; i++) {
                weight[i] = Math.max(0, 1 - Math.abs((i + start - center + 0.5) * inverse));
                sum += weight[i];
            }
            for (int i = 0; i < weight.length; i++) {
                weight[i] /= sum;
            }
            return weight;
        }
    }

    /** Returns float32[rows.count, columns.count]. */
    static float[] resize(Rows source, int width, int height, Part columns, Part rows) {
        Taps across = Taps.of(width, columns);
        Taps down = Taps.of(height, rows);
        long fewerRows = height - rows.size;
        // Pillow's rule since version 13.
        return fewerRows > 0 && fewerRows > 2 * (width - columns.size)
                ? columnsFirst(source, width, across, down)
                : rowsFirst(source, width, height, across, down);
    }

    private static float[] rowsFirst(Rows source, int width, int height, Taps across, Taps down) {
        int columns = across.first.length;
        int rows = down.first.length;
        float[] narrowed = new float[Math.multiplyExact(height, columns)];
        float[] row = new float[width];
        for (int y = 0; y < height; y++) {
            source.copy(y, row);
            narrow(row, across, narrowed, y * columns);
        }
        float[] result = new float[Math.multiplyExact(rows, columns)];
        for (int y = 0; y < rows; y++) {
            for (int x = 0; x < columns; x++) {
                int p = down.first[y] * columns + x;
                result[y * columns + x] = weighted(narrowed, p, columns, down.weight[y]);
            }
        }
        return result;
    }

    private static float[] columnsFirst(Rows source, int width, Taps across, Taps down) {
        int columns = across.first.length;
        int rows = down.first.length;
        float[] result = new float[Math.multiplyExact(rows, columns)];
        float[] row = new float[width];
        double[] sum = new double[width];
        for (int y = 0; y < rows; y++) {
            Arrays.fill(sum, 0);
            for (int i = 0; i < down.weight[y].length; i++) {
                source.copy(down.first[y] + i, row);
                for (int x = 0; x < width; x++) {
                    sum[x] += row[x] * down.weight[y][i];
                }
            }
            for (int x = 0; x < width; x++) {
                row[x] = (float) sum[x];
            }
            narrow(row, across, result, y * columns);
        }
        return result;
    }

    private static void narrow(float[] row, Taps across, float[] into, int at) {
        for (int x = 0; x < across.first.length; x++) {
            into[at + x] = weighted(row, across.first[x], 1, across.weight[x]);
        }
    }

    private static float weighted(float[] values, int p, int step, double[] weight) {
        double sum = 0;
        for (double w : weight) {
            sum += values[p] * w;
            p += step;
        }
        return (float) sum;
    }
}
