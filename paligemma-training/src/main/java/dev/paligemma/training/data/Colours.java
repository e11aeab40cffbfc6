package dev.paligemma.training.data;

import dev.paligemma.vision.RgbImage;
import java.util.Arrays;

/**
 * Factors of brightness, contrast and saturation, bit for bit as Pillow's {@code ImageEnhance}: a mix of the picture with
 * black, with its mean grey, and with itself in grey; above 1 it goes away from them. Immutable.
 */
record Colours(float brightness, float contrast, float saturation) {
    static final Colours SAME = new Colours(1, 1, 1);

    RgbImage apply(RgbImage image) {
        if (equals(SAME)) {
            return image;
        }
        byte[] rgb = image.toBytes();
        mix(rgb, new byte[rgb.length], brightness);
        byte[] mean = new byte[rgb.length];
        Arrays.fill(mean, (byte) meanGrey(rgb));
        mix(rgb, mean, contrast);
        mix(rgb, grey(rgb), saturation);
        return RgbImage.of(image.width(), image.height(), rgb);
    }

    /** {@code degenerate + factor * (rgb - degenerate)}, in place, as Pillow's {@code Image.blend}. */
    private static void mix(byte[] rgb, byte[] degenerate, float factor) {
        if (factor == 1) {
            return;
        }
        for (int i = 0; i < rgb.length; i++) {
            int from = degenerate[i] & 255;
            float mixed = from + factor * ((rgb[i] & 255) - from);
            rgb[i] = (byte) (mixed <= 0 ? 0 : mixed >= 255 ? 255 : (int) mixed);
        }
    }

    /** ITU-R 601-2 luma, in 16 bits behind the point. */
    private static int luma(byte[] rgb, int p) {
        return ((rgb[p] & 255) * 19595 + (rgb[p + 1] & 255) * 38470 + (rgb[p + 2] & 255) * 7471 + 0x8000) >> 16;
    }

    private static byte[] grey(byte[] rgb) {
        byte[] grey = new byte[rgb.length];
        for (int p = 0; p < rgb.length; p += 3) {
            Arrays.fill(grey, p, p + 3, (byte) luma(rgb, p));
        }
        return grey;
    }

    private static int meanGrey(byte[] rgb) {
        long sum = 0;
        for (int p = 0; p < rgb.length; p += 3) {
            sum += luma(rgb, p);
        }
        int pixels = rgb.length / 3;
        return (int) ((double) sum / pixels + 0.5);
    }
}
