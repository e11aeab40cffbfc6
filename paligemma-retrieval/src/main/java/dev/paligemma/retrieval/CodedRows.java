package dev.paligemma.retrieval;

import java.nio.ByteBuffer;

/** Rows in one byte for each number, with a factor for each row. Immutable. */
final class CodedRows {
    private static final int LARGEST = 127;

    private final byte[] codes;
    private final float[] factors;
    private final int width;

    private CodedRows(byte[] codes, float[] factors, int width) {
        this.codes = codes;
        this.factors = factors;
        this.width = width;
    }

    static CodedRows of(Rows rows) {
        int width = rows.width();
        float[] values = rows.values();
        byte[] codes = new byte[values.length];
        float[] factors = new float[rows.count()];
        for (int row = 0; row < factors.length; row++) {
            float largest = 0;
            for (int i = row * width; i < (row + 1) * width; i++) {
                largest = Math.max(largest, Math.abs(values[i]));
            }
            factors[row] = largest / LARGEST;
            for (int i = row * width; i < (row + 1) * width; i++) {
                codes[i] = largest == 0 ? 0 : (byte) Math.round(values[i] / largest * LARGEST);
            }
        }
        return new CodedRows(codes, factors, width);
    }

    /** The bytes of so many rows. */
    static long bytes(long rows, int width) {
        return Math.multiplyExact(rows, (long) Float.BYTES + width);
    }

    /** Reads rows from a buffer that holds exactly these; an {@link IllegalArgumentException} if a factor is none. */
    static CodedRows read(ByteBuffer bytes, int rows, int width) {
        byte[] codes = new byte[Math.multiplyExact(rows, width)];
        float[] factors = new float[rows];
        for (int row = 0; row < rows; row++) {
            factors[row] = bytes.getFloat();
            if (!(factors[row] >= 0 && Float.isFinite(factors[row]))) {
                throw new IllegalArgumentException("the factor of row " + row + " is " + factors[row]);
            }
            bytes.get(codes, row * width, width);
        }
        return new CodedRows(codes, factors, width);
    }

    void write(ByteBuffer bytes) {
        for (int row = 0; row < factors.length; row++) {
            bytes.putFloat(factors[row]).put(codes, row * width, width);
        }
    }

    int count() {
        return factors.length;
    }

    int width() {
        return width;
    }

    /** The sum of the products of each row with the other's row in the same place. */
    double products(Rows other) {
        float[] values = other.values();
        double sum = 0;
        for (int i = 0; i < values.length; i++) {
            sum += (double) values[i] * codes[i] * factors[i / width];
        }
        return sum;
    }

    /** As {@link MaxSim#score}. */
    double score(Rows query) {
        float[] asked = query.values();
        double sum = 0;
        for (int from = 0; from < asked.length; from += width) {
            float best = Float.NEGATIVE_INFINITY;
            for (int row = 0; row < factors.length; row++) {
                float product = 0;
                for (int i = 0; i < width; i++) {
                    product += asked[from + i] * codes[row * width + i];
                }
                best = Math.max(best, product * factors[row]);
            }
            sum += best;
        }
        return sum;
    }
}
