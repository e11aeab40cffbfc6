package dev.paligemma.vision.mask;

/** The vectors that the codes stand for; immutable. */
final class Codebook {
    static final int SIZE = 128;
    static final int WIDTH = 512;

    /** float32[128, 512]. */
    private final float[] rows;

    Codebook(MaskWeights weights) {
        rows = weights.finite("_vq_vae._embedding", SIZE, WIDTH);
    }

    /** The vectors of the codes, one after the other: float32[codes, 512]. */
    float[] vectors(int[] codes) {
        float[] vectors = new float[codes.length * WIDTH];
        for (int i = 0; i < codes.length; i++) {
            System.arraycopy(rows, codes[i] * WIDTH, vectors, i * WIDTH, WIDTH);
        }
        return vectors;
    }

    /** The code whose vector has the smallest squared distance to the vector at p; the smaller code of equal ones. */
    int nearest(float[] vectors, int p) {
        int best = 0;
        double bestDistance = Double.POSITIVE_INFINITY;
        for (int code = 0; code < SIZE; code++) {
            double distance = 0;
            for (int i = 0; i < WIDTH; i++) {
                double difference = vectors[p + i] - rows[code * WIDTH + i];
                distance += difference * difference;
            }
            if (distance < bestDistance) {
                bestDistance = distance;
                best = code;
            }
        }
        return best;
    }
}
