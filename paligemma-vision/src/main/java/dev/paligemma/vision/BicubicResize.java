package dev.paligemma.vision;

import java.util.Arrays;

/**
 * Pillow's 8-bit resampling with its bicubic filter, reproduced bit for bit.
 *
 * <p>Two passes, along rows and then along columns, or the other way round if the height shrinks much more. Each output
 * sample is a sum of 22-bit fixed-point weights times 8-bit inputs; the result of the first pass is rounded and clamped to 8
 * bits before the second, so arithmetic in floating point would not give the same result. The filter widens with the
 * reduction factor (antialiasing). A pass that keeps the size is skipped.
 */
final class BicubicResize {
    /** 8 bits are the sample, 2 bits are headroom for weights above 1 and below 0. */
    private static final int FRACTION_BITS = 32 - 8 - 2;

    private static final int HALF = 1 << (FRACTION_BITS - 1);

    /** The shape parameter of the cubic (Pillow and most imaging programs: -0.5; OpenCV: -0.75). */
    private static final double A = -0.5;

    private BicubicResize() {}

    /**
     * For each output position the first input position, the number of inputs, and their weights.
     *
     * @param stride distance of the weights of two neighbouring outputs in {@code weight}
     */
    private record Taps(int[] first, int[] count, int stride, int[] weight) {}

    static byte[] resize(byte[] source, int width, int height, int newWidth, int newHeight) {
        Taps rows = newHeight == height ? null : taps(height, newHeight);
        if (newWidth == width) {
            return rows == null ? source.clone() : vertical(source, 0, width, newHeight, rows);
        }
        if (rows != null && isColumnsFirst(width, height, newWidth, newHeight)) {
            byte[] lowered = vertical(source, 0, width, newHeight, rows);
            return horizontal(lowered, width, 0, newHeight, newWidth, taps(width, newWidth));
        }
        // Only rows that the second pass looks at are computed in the first.
        int firstRow = rows == null ? 0 : rows.first[0];
        int endRow = rows == null ? height : rows.first[newHeight - 1] + rows.count[newHeight - 1];
        byte[] narrowed = horizontal(source, width, firstRow, endRow, newWidth, taps(width, newWidth));
        return rows == null ? narrowed : vertical(narrowed, firstRow, newWidth, newHeight, rows);
    }

    /** Pillow's rule since version 13, by which tall pictures lose most of their rows before the other pass. */
    private static boolean isColumnsFirst(int width, int height, int newWidth, int newHeight) {
        long fewerRows = (long) height - newHeight;
        return fewerRows > 0 && fewerRows > 2 * ((long) width - newWidth);
    }

    private static byte[] horizontal(byte[] source, int width, int firstRow, int endRow, int newWidth, Taps taps) {
        byte[] out = new byte[Math.multiplyExact(Math.multiplyExact(endRow - firstRow, newWidth), 3)];
        int[] weight = taps.weight;
        int q = 0;
        for (int y = firstRow; y < endRow; y++) {
            int rowStart = y * width * 3;
            for (int x = 0; x < newWidth; x++) {
                int p = rowStart + taps.first[x] * 3;
                int k = x * taps.stride;
                int r = HALF;
                int g = HALF;
                int b = HALF;
                for (int end = k + taps.count[x]; k < end; k++, p += 3) {
                    int w = weight[k];
                    r += (source[p] & 255) * w;
                    g += (source[p + 1] & 255) * w;
                    b += (source[p + 2] & 255) * w;
                }
                out[q++] = clamp(r);
                out[q++] = clamp(g);
                out[q++] = clamp(b);
            }
        }
        return out;
    }

    /** Walks along rows (memory order) and keeps one row of sums, so that the inner loop is a plain multiply-add. */
    private static byte[] vertical(byte[] source, int firstRow, int width, int newHeight, Taps taps) {
        int rowBytes = Math.multiplyExact(width, 3);
        byte[] out = new byte[Math.multiplyExact(newHeight, rowBytes)];
        int[] sum = new int[rowBytes];
        for (int y = 0; y < newHeight; y++) {
            Arrays.fill(sum, HALF);
            for (int i = 0; i < taps.count[y]; i++) {
                int w = taps.weight[y * taps.stride + i];
                int p = (taps.first[y] + i - firstRow) * rowBytes;
                for (int x = 0; x < rowBytes; x++) {
                    sum[x] += (source[p + x] & 255) * w;
                }
            }
            int q = y * rowBytes;
            for (int x = 0; x < rowBytes; x++) {
                out[q + x] = clamp(sum[x]);
            }
        }
        return out;
    }

    private static byte clamp(int sum) {
        return (byte) Math.max(0, Math.min(255, sum >> FRACTION_BITS));
    }

    private static Taps taps(int inputs, int outputs) {
        double scale = (double) inputs / outputs;
        double filterScale = Math.max(scale, 1.0);
        double support = 2.0 * filterScale;
        double inverse = 1.0 / filterScale;
        int stride = (int) Math.ceil(support) * 2 + 1;
        int[] first = new int[outputs];
        int[] count = new int[outputs];
        int[] weight = new int[Math.multiplyExact(outputs, stride)];
        double[] exact = new double[stride];
        for (int o = 0; o < outputs; o++) {
            double center = (o + 0.5) * scale;
            int start = Math.max(0, (int) (center - support + 0.5));
            int n = Math.min(inputs, (int) (center + support + 0.5)) - start;
            double sum = 0;
            for (int i = 0; i < n; i++) {
                exact[i] = cubic((i + start - center + 0.5) * inverse);
                sum += exact[i];
            }
            for (int i = 0; i < n; i++) {
                double w = sum == 0 ? exact[i] : exact[i] / sum;
                // The cast truncates towards zero: with +-0.5 it rounds half away from zero.
                weight[o * stride + i] = (int) (w * (1 << FRACTION_BITS) + (w < 0 ? -0.5 : 0.5));
            }
            first[o] = start;
            count[o] = n;
        }
        return new Taps(first, count, stride, weight);
    }

    /** Keys' cubic, with the operations in Pillow's order. */
    private static double cubic(double position) {
        double x = Math.abs(position);
        if (x < 1.0) {
            return ((A + 2.0) * x - (A + 3.0)) * x * x + 1;
        }
        if (x < 2.0) {
            return (((x - 5) * x + 8) * x - 4) * A;
        }
        return 0.0;
    }
}
