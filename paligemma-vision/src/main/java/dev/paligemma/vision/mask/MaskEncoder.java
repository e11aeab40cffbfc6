package dev.paligemma.vision.mask;

import java.util.List;

/**
 * A mask to vectors near those of the codebook: {@code encode_to_codebook_indices} in big_vision's
 * {@code segmentation.py}, up to the choice of the codes.
 *
 * <p>[64, 64, 1] - four convolutions, each half the size and with a ReLU behind it: [32, 32, 16], [16, 16, 32],
 * [8, 8, 64], [4, 4, 128] - two residual blocks - 1x1 convolution - [4, 4, 512].
 */
final class MaskEncoder {
    private final List<Conv2d> shrinking;
    private final List<ResidualBlock> residuals;
    private final Layer out;

    MaskEncoder(MaskWeights weights) {
        shrinking = List.of(
                weights.conv("encoder.0", 4, 1, 16, 2, 1),
                weights.conv("encoder.2", 4, 16, 32, 2, 1),
                weights.conv("encoder.4", 4, 32, 64, 2, 1),
                weights.conv("encoder.6", 4, 64, 128, 2, 1));
        residuals = List.of(weights.residual("encoder.8", 128), weights.residual("encoder.9", 128));
        out = weights.conv("encoder.10", 1, 128, Codebook.WIDTH);
    }

    /** float32[64, 64, 1], -1 outside and 1 inside, to float32[4, 4, 512]. */
    FeatureMap encode(FeatureMap mask) {
        FeatureMap x = mask;
        for (Layer layer : shrinking) {
            x = layer.apply(x).reluInPlace();
        }
        for (Layer layer : residuals) {
            x = layer.apply(x);
        }
        return out.apply(x);
    }
}
