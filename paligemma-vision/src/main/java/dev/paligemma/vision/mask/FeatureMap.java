package dev.paligemma.vision.mask;

/**
 * A grid of feature vectors, float32[height, width, channels]: the channels of one place lie side by side, so that every
 * inner loop of the layers runs over neighbouring numbers.
 *
 * @param values owned by whoever holds the map; a layer does not write to its input
 */
record FeatureMap(int height, int width, int channels, float[] values) {
    FeatureMap {
        if (values.length != height * width * channels) {
            throw new IllegalArgumentException(
                    values.length + " values for float32[" + height + ", " + width + ", " + channels + "]");
        }
    }

    /** Negative values become zero, in place: only for a map that its caller has just made. */
    FeatureMap reluInPlace() {
        for (int i = 0; i < values.length; i++) {
            values[i] = Math.max(values[i], 0f);
        }
        return this;
    }
}
