package dev.paligemma.checkpoint.adapter;

import org.jspecify.annotations.Nullable;

/**
 * The rows of {@code W + left right}, a few at a time: a matrix of the base model with the product of two small ones added.
 * Immutable but for the matrix.
 */
record AdaptedRows(BaseMatrix base, @Nullable Product product) {
    /** Takes blocks of rows in order. */
    interface Sink<E extends Exception> {
        /** The numbers may be changed; they are gone after the call. */
        void accept(long firstRow, int rows, float[] values) throws E;
    }

    private static final int BLOCK_ELEMENTS = 1 << 20;

    /** Two matrices to multiply, row-major: {@code left[rows, rank]} and {@code right[rank, columns]}. */
    record Product(float[] left, float[] right, int rank) {}

    <E extends Exception> void forEachBlock(Sink<E> sink) throws E {
        int columns = base.columns();
        int most = (int) Math.min(base.rows(), Math.max(1, BLOCK_ELEMENTS / columns));
        float[] values = new float[Math.multiplyExact(most, columns)];
        for (long first = 0; first < base.rows(); first += most) {
            int rows = (int) Math.min(most, base.rows() - first);
            base.read(first, rows, values);
            for (int row = 0; row < rows && product != null; row++) {
                addProduct(product, Math.toIntExact(first + row), values, row * columns, columns);
            }
            sink.accept(first, rows, values);
        }
    }

    /** Some rows. */
    float[] rows(long first, int count) {
        float[] values = new float[Math.multiplyExact(count, base.columns())];
        base.read(first, count, values);
        for (int row = 0; row < count && product != null; row++) {
            addProduct(product, Math.toIntExact(first + row), values, row * base.columns(), base.columns());
        }
        return values;
    }

    private static void addProduct(Product product, int row, float[] values, int from, int columns) {
        // Summed up before it is added, as a product of matrices is, not term by term into the larger number.
        float[] sum = new float[columns];
        for (int k = 0; k < product.rank(); k++) {
            float factor = product.left()[row * product.rank() + k];
            if (factor != 0) {
                int rightFrom = k * columns;
                for (int i = 0; i < columns; i++) {
                    sum[i] += factor * product.right()[rightFrom + i];
                }
            }
        }
        for (int i = 0; i < columns; i++) {
            values[from + i] += sum[i];
        }
    }

    /** The Euclidean norm of each row. */
    float[] rowNorms() {
        float[] norms = new float[Math.toIntExact(base.rows())];
        forEachBlock((Sink<RuntimeException>) (first, rows, values) -> {
            int columns = base.columns();
            for (int row = 0; row < rows; row++) {
                double sum = 0;
                for (int i = row * columns; i < (row + 1) * columns; i++) {
                    sum += (double) values[i] * values[i];
                }
                norms[(int) first + row] = (float) Math.sqrt(sum);
            }
        });
        return norms;
    }

    /** The Euclidean norm of each column. */
    float[] columnNorms() {
        int columns = base.columns();
        double[] sums = new double[columns];
        forEachBlock((Sink<RuntimeException>) (first, rows, values) -> {
            for (int row = 0; row < rows; row++) {
                for (int i = 0; i < columns; i++) {
                    double value = values[row * columns + i];
                    sums[i] += value * value;
                }
            }
        });
        float[] norms = new float[columns];
        for (int i = 0; i < columns; i++) {
            norms[i] = (float) Math.sqrt(sums[i]);
        }
        return norms;
    }
}
