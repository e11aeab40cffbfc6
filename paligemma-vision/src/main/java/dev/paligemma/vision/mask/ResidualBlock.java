package dev.paligemma.vision.mask;

/**
 * {@code x + last(relu(second(relu(first(x)))))}, without a ReLU behind the sum: {@code ResBlock} in big_vision. All three
 * convolutions keep the size and the number of channels.
 */
record ResidualBlock(Layer first, Layer second, Layer last) implements Layer {
    @Override
    public FeatureMap apply(FeatureMap input) {
        FeatureMap change =
                last.apply(second.apply(first.apply(input).reluInPlace()).reluInPlace());
        float[] sum = change.values();
        for (int i = 0; i < sum.length; i++) {
            sum[i] += input.values()[i];
        }
        return change;
    }
}
