package dev.paligemma.vision.mask;

/**
 * Pillow's bilinear resampling of float images (mode {@code F}): weights and sums in float64, rows first, the result of
 * each pass rounded to float32. Making smaller, the filter widens with the factor (antialiasing), which is TensorFlow's
 * {@code antialias=True} too; making larger, it is bilinear interpolation between pixel centres with the edge repeated
 * (PyTorch's {@code align_corners=False}).
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
        float[] narrowed = new float[Math.multiplyExact(height, columns.count)];
        float[] row = new float[width];
        for (int y = 0; y < height; y++) {
            source.copy(y, row);
            for (int x = 0; x < columns.count; x++) {
                narrowed[y * columns.count + x] = weighted(row, across.first[x], 1, across.weight[x]);
            }
        }
        float[] result = new float[Math.multiplyExact(rows.count, columns.count)];
        for (int y = 0; y < rows.count; y++) {
            for (int x = 0; x < columns.count; x++) {
                int p = down.first[y] * columns.count + x;
                result[y * columns.count + x] = weighted(narrowed, p, columns.count, down.weight[y]);
            }
        }
        return result;
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
