package dev.paligemma.vision.mask;

import java.util.List;

/**
 * Codebook vectors to a mask: {@code Decoder} in big_vision's {@code segmentation.py}.
 *
 * <p>[4, 4, 512] - 1x1 convolution - [4, 4, 128] - two residual blocks - four transposed convolutions, each twice the size
 * and with a ReLU behind it: [8, 8, 128], [16, 16, 64], [32, 32, 32], [64, 64, 16] - 1x1 convolution - [64, 64, 1].
 */
final class MaskDecoder {
    private final Layer in;
    private final List<ResidualBlock> residuals;
    private final List<ConvTranspose2d> enlarging;
    private final Layer out;

    MaskDecoder(MaskWeights weights) {
        in = weights.conv("decoder.0", 1, Codebook.WIDTH, 128);
        residuals = List.of(weights.residual("decoder.2", 128), weights.residual("decoder.3", 128));
        enlarging = List.of(
                weights.convTranspose("decoder.4", 4, 128, 128, 2, 1),
                weights.convTranspose("decoder.6", 4, 128, 64, 2, 1),
                weights.convTranspose("decoder.8", 4, 64, 32, 2, 1),
                weights.convTranspose("decoder.10", 4, 32, 16, 2, 1));
        out = weights.conv("decoder.12", 1, 16, 1);
    }

    /** float32[4, 4, 512] to float32[64, 64, 1], nominally -1 (outside) to 1 (inside) but not bounded. */
    FeatureMap decode(FeatureMap vectors) {
        FeatureMap x = in.apply(vectors).reluInPlace();
        for (Layer layer : residuals) {
            x = layer.apply(x);
        }
        for (Layer layer : enlarging) {
            x = layer.apply(x).reluInPlace();
        }
        return out.apply(x);
    }
}
