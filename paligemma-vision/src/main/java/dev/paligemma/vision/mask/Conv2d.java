package dev.paligemma.vision.mask;

/**
 * PyTorch's {@code Conv2d} with zeros as padding: [H, W, inputs] to [H', W', outputs], where
 * {@code H' = (H + 2 * padding - side) / stride + 1}.
 */
record Conv2d(Kernel kernel, int stride, int padding) implements Layer {
    @Override
    public FeatureMap apply(FeatureMap input) {
        kernel.requireInput(input);
        int side = kernel.side();
        FeatureMap output = kernel.biased(
                (input.height() + 2 * padding - side) / stride + 1, (input.width() + 2 * padding - side) / stride + 1);
        int q = 0;
        for (int y = 0; y < output.height(); y++) {
            for (int x = 0; x < output.width(); x++, q += output.channels()) {
                addWindow(input, y * stride - padding, x * stride - padding, output.values(), q);
            }
        }
        return output;
    }

    private void addWindow(FeatureMap input, int top, int left, float[] output, int q) {
        int rowEnd = Math.min(kernel.side(), input.height() - top);
        int columnEnd = Math.min(kernel.side(), input.width() - left);
        for (int row = Math.max(0, -top); row < rowEnd; row++) {
            for (int column = Math.max(0, -left); column < columnEnd; column++) {
                int p = ((top + row) * input.width() + left + column) * input.channels();
                kernel.add(row, column, input.values(), p, output, q);
            }
        }
    }
}
