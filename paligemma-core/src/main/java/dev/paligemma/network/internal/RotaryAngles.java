package dev.paligemma.network.internal;

import java.nio.FloatBuffer;

/**
 * The angles of rotary position embedding: position p turns dimension pair i by {@code p * theta^(-2i / H)}. Immutable.
 *
 * <p>Source: Su et al., "RoFormer" (arXiv 2104.09864). Frequencies and angles are rounded to single precision as the
 * reference rounds them; at position 4000 that rounding is larger than single precision itself.
 */
public final class RotaryAngles {
    private final float[] frequencies;

    /**
     * The angles for one width of heads.
     *
     * @param headDim H, even
     * @param theta the base of the frequencies, 10000 in all released models
     */
    public RotaryAngles(int headDim, double theta) {
        if (headDim < 2 || headDim % 2 != 0) {
            throw new IllegalArgumentException("rotary embedding needs an even head width, got " + headDim);
        }
        frequencies = new float[headDim / 2];
        for (int i = 0; i < frequencies.length; i++) {
            float exponent = (float) (2 * i) / headDim;
            frequencies[i] = 1f / (float) Math.pow(theta, exponent);
        }
    }

    /** Writes cosines and sines of T consecutive positions, each {@code float32[T, H / 2]}. */
    public void write(int firstPosition, int rows, FloatBuffer cos, FloatBuffer sin) {
        for (int row = 0; row < rows; row++) {
            for (float frequency : frequencies) {
                float angle = (firstPosition + row) * frequency;
                cos.put((float) Math.cos(angle));
                sin.put((float) Math.sin(angle));
            }
        }
    }
}
