package dev.paligemma.onnx;

/** How far numbers are from what they should be, in relation to their size. */
final class RelativeError {
    private RelativeError() {}

    /** The root of the summed squares of the differences over that of the expected numbers. */
    static double of(float[] got, float[] expected) {
        double difference = 0;
        double magnitude = 0;
        for (int i = 0; i < expected.length; i++) {
            difference += Math.pow((double) got[i] - expected[i], 2);
            magnitude += Math.pow(expected[i], 2);
        }
        return Math.sqrt(difference / magnitude);
    }
}
