package dev.paligemma.vision.mask;

/**
 * PyTorch's {@code ConvTranspose2d}: [H, W, inputs] to [H', W', outputs], where
 * {@code H' = (H - 1) * stride - 2 * padding + side}. Every input vector is spread over a window of the output; what
 * falls outside is dropped.
 */
record ConvTranspose2d(Kernel kernel, int stride, int padding) implements Layer {
    @Override
    public FeatureMap apply(FeatureMap input) {
        kernel.requireInput(input);
        int side = kernel.side();
        FeatureMap output = kernel.biased(
                (input.height() - 1) * stride - 2 * padding + side, (input.width() - 1) * stride - 2 * padding + side);
        int p = 0;
        for (int y = 0; y < input.height(); y++) {
            for (int x = 0; x < input.width(); x++, p += input.channels()) {
                spread(input.values(), p, y * stride - padding, x * stride - padding, output);
            }
        }
        return output;
    }

    private void spread(float[] input, int p, int top, int left, FeatureMap output) {
        int rowEnd = Math.min(kernel.side(), output.height() - top);
        int columnEnd = Math.min(kernel.side(), output.width() - left);
        for (int row = Math.max(0, -top); row < rowEnd; row++) {
            for (int column = Math.max(0, -left); column < columnEnd; column++) {
                int q = ((top + row) * output.width() + left + column) * output.channels();
                kernel.add(row, column, input, p, output.values(), q);
            }
        }
    }
}
