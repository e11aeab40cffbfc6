package dev.paligemma.vision.mask;

/**
 * The weights of a convolution: one matrix from input to output channels for every place (tap) of a square window, and a
 * bias.
 */
final class Kernel {
    private final int side;
    private final int inputs;
    private final int outputs;

    /** float32[side, side, inputs, outputs]. */
    private final float[] weight;

    private final float[] bias;

    private Kernel(int side, int inputs, int outputs, float[] weight, float[] bias) {
        this.side = side;
        this.inputs = inputs;
        this.outputs = outputs;
        this.weight = weight;
        this.bias = bias;
    }

    /** From PyTorch's {@code Conv2d.weight}, float32[outputs, inputs, side, side]. */
    static Kernel ofConv2d(int side, int inputs, int outputs, float[] weight, float[] bias) {
        return of(side, inputs, outputs, weight, bias, inputs * side * side, side * side);
    }

    /** From PyTorch's {@code ConvTranspose2d.weight}, float32[inputs, outputs, side, side]. */
    static Kernel ofConvTranspose2d(int side, int inputs, int outputs, float[] weight, float[] bias) {
        return of(side, inputs, outputs, weight, bias, side * side, outputs * side * side);
    }

    private static Kernel of(
            int side, int inputs, int outputs, float[] weight, float[] bias, int outputStride, int inputStride) {
        float[] reordered = new float[weight.length];
        int q = 0;
        for (int tap = 0; tap < side * side; tap++) {
            for (int i = 0; i < inputs; i++) {
                for (int o = 0; o < outputs; o++) {
                    reordered[q++] = weight[o * outputStride + i * inputStride + tap];
                }
            }
        }
        return new Kernel(side, inputs, outputs, reordered, bias.clone());
    }

    int side() {
        return side;
    }

    /** A map with the bias everywhere, to which {@link #add} adds the products. */
    FeatureMap biased(int height, int width) {
        float[] values = new float[height * width * outputs];
        for (int q = 0; q < values.length; q += outputs) {
            System.arraycopy(bias, 0, values, q, outputs);
        }
        return new FeatureMap(height, width, outputs, values);
    }

    /** Adds (input vector at p) x (matrix of one tap) to the output vector at q. */
    void add(int row, int column, float[] input, int p, float[] output, int q) {
        int w = (row * side + column) * inputs * outputs;
        for (int i = 0; i < inputs; i++, w += outputs) {
            float x = input[p + i];
            // Half of the values behind a ReLU are zero.
            if (x != 0) {
                for (int o = 0; o < outputs; o++) {
                    output[q + o] += x * weight[w + o];
                }
            }
        }
    }

    void requireInput(FeatureMap input) {
        if (input.channels() != inputs) {
            throw new IllegalArgumentException("expected " + inputs + " channels, got " + input.channels());
        }
    }
}
