package dev.paligemma.retrieval;

/** Arithmetic on rows. Stateless. */
final class Vectors {
    private Vectors() {}

    /**
     * Divides each row by its length, in single precision as the references.
     *
     * @param values taken over and changed
     * @throws IllegalArgumentException if a length is 0 or not finite
     */
    static Rows normalised(float[] values, int width) {
        for (int from = 0; from < values.length; from += width) {
            double squares = 0;
            for (int i = from; i < from + width; i++) {
                squares += (double) values[i] * values[i];
            }
            float length = (float) Math.sqrt(squares);
            if (!(length > 0 && Float.isFinite(length))) {
                throw new IllegalArgumentException(
                        "row " + from / width + " has the length " + length + ", expected a finite one above 0");
            }
            for (int i = from; i < from + width; i++) {
                values[i] /= length;
            }
        }
        return Rows.of(values, width);
    }
}
