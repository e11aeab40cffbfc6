package dev.paligemma.vision.mask;

import dev.paligemma.base.internal.Quote;
import dev.paligemma.checkpoint.internal.numpy.NpzFile;

/**
 * Builds the layers from the arrays of a weight file, under the names of the published {@code vae-oid.npz}. PyTorch's
 * layouts: convolutions [out, in, side, side], transposed convolutions [in, out, side, side].
 */
final class MaskWeights {
    private final NpzFile file;
    private final String path;

    /** @param path of the file, for messages */
    MaskWeights(NpzFile file, String path) {
        this.file = file;
        this.path = path;
    }

    boolean has(String prefix) {
        return file.names().stream().anyMatch(name -> name.startsWith(prefix));
    }

    /** Arrays {@code name.weight} and {@code name.bias}; stride 1 and "same" padding. */
    Conv2d conv(String name, int side, int inputs, int outputs) {
        return conv(name, side, inputs, outputs, 1, (side - 1) / 2);
    }

    Conv2d conv(String name, int side, int inputs, int outputs, int stride, int padding) {
        float[] weight = finite(name + ".weight", outputs, inputs, side, side);
        return new Conv2d(
                Kernel.ofConv2d(side, inputs, outputs, weight, finite(name + ".bias", outputs)), stride, padding);
    }

    ConvTranspose2d convTranspose(String name, int side, int inputs, int outputs, int stride, int padding) {
        float[] weight = finite(name + ".weight", inputs, outputs, side, side);
        Kernel kernel = Kernel.ofConvTranspose2d(side, inputs, outputs, weight, finite(name + ".bias", outputs));
        return new ConvTranspose2d(kernel, stride, padding);
    }

    ResidualBlock residual(String name, int channels) {
        return new ResidualBlock(
                conv(name + ".net.0", 3, channels, channels),
                conv(name + ".net.2", 3, channels, channels),
                conv(name + ".net.4", 1, channels, channels));
    }

    /** The layers skip zeros, which is only right for finite weights; and anything else means a broken training run. */
    float[] finite(String name, int... shape) {
        float[] values = file.read(name, shape);
        for (int i = 0; i < values.length; i++) {
            if (!Float.isFinite(values[i])) {
                throw new MaskException(path + ", array " + Quote.quote(name) + ", element " + i + " is " + values[i]
                        + ", expected a finite number");
            }
        }
        return values;
    }
}
