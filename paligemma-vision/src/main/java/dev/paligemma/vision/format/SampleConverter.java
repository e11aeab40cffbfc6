package dev.paligemma.vision.format;

import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.ComponentSampleModel;
import java.awt.image.DataBuffer;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;
import java.util.Arrays;

/**
 * Turns a {@link BufferedImage} into 8-bit RGB with the meaning of Pillow's {@code convert("RGB")}.
 *
 * <p>Reads raw samples: {@link BufferedImage#getRGB(int, int)} would bend grey values by up to 73 levels, because Java
 * holds grey to be linear, and would apply colour profiles.
 */
public final class SampleConverter {
    private SampleConverter() {}

    /**
     * Copies the samples of a picture in memory, of any type, which is only read during the call.
     *
     * @throws ImageException if it is too large
     */
    public static Pixels toRgb(BufferedImage image) {
        int width = image.getWidth();
        int height = image.getHeight();
        if (width > ImageOptions.MAX_SIDE
                || height > ImageOptions.MAX_SIDE
                || (long) width * height > ImageOptions.LARGEST_MAX_PIXELS) {
            throw new ImageException("image is too large: " + width + "x" + height + ", allowed are "
                    + ImageOptions.MAX_SIDE + " a side and " + ImageOptions.LARGEST_MAX_PIXELS + " pixels");
        }
        byte[] rgb = new byte[Pixels.byteCount(width, height)];
        RowConverter converter = converter(image);
        for (int y = 0; y < height; y++) {
            converter.convert(y, rgb, y * width * 3);
        }
        return new Pixels(width, height, rgb);
    }

    /** Converts one row of the image it was made for. */
    private interface RowConverter {
        void convert(int y, byte[] rgb, int at);
    }

    private static RowConverter converter(BufferedImage image) {
        Raster raster = image.getRaster();
        ColorModel colours = image.getColorModel();
        if (colours instanceof IndexColorModel palette) {
            return paletteRows(raster, palette);
        }
        int bands = raster.getNumBands();
        int space = colours.getColorSpace().getType();
        boolean integers = switch (raster.getTransferType()) {
            case DataBuffer.TYPE_BYTE, DataBuffer.TYPE_USHORT, DataBuffer.TYPE_INT -> true;
            default -> false;
        };
        if (integers && space == ColorSpace.TYPE_GRAY) {
            return sampleRows(raster, colours, new int[] {0, 0, 0});
        }
        if (integers && space == ColorSpace.TYPE_RGB && bands >= 3) {
            return sampleRows(raster, colours, new int[] {0, 1, 2});
        }
        if (integers && space == ColorSpace.TYPE_CMYK && bands >= 4 && colours.getComponentSize(0) == 8) {
            return cmykRows(raster);
        }
        return colourManagedRows(image);
    }

    private static RowConverter paletteRows(Raster raster, IndexColorModel palette) {
        int width = raster.getWidth();
        int[] row = new int[width];
        int[] argb = new int[palette.getMapSize()];
        palette.getRGBs(argb);
        return (y, rgb, at) -> {
            raster.getSamples(raster.getMinX(), raster.getMinY() + y, width, 1, 0, row);
            int q = at;
            for (int index : row) {
                int colour = argb[index];
                rgb[q++] = (byte) (colour >> 16);
                rgb[q++] = (byte) (colour >> 8);
                rgb[q++] = (byte) colour;
            }
        };
    }

    /**
     * Rows of integer samples.
     *
     * @param band the bands that become red, green and blue
     */
    private static RowConverter sampleRows(Raster raster, ColorModel colours, int[] band) {
        int width = raster.getWidth();
        int bands = raster.getNumBands();
        int[] size = colours.getComponentSize();
        boolean divide = colours.hasAlpha() && colours.isAlphaPremultiplied();
        if (isBytes(raster, size) && !divide) {
            return byteRows(raster, band);
        }
        int[] row = new int[Math.multiplyExact(width, bands)];
        return (y, rgb, at) -> {
            raster.getPixels(raster.getMinX(), raster.getMinY() + y, width, 1, row);
            int q = at;
            for (int p = 0; p < row.length; p += bands) {
                int alpha = divide ? toByte(row[p + bands - 1], size[bands - 1]) : 255;
                for (int k : band) {
                    rgb[q++] = (byte) unmultiply(toByte(row[p + k], size[k]), alpha);
                }
            }
        };
    }

    private static boolean isBytes(Raster raster, int[] size) {
        return raster.getTransferType() == DataBuffer.TYPE_BYTE
                && raster.getSampleModel() instanceof ComponentSampleModel
                && Arrays.stream(size).allMatch(bits -> bits == 8);
    }

    /** The usual case made fast: whole bytes, copied without widening. */
    private static RowConverter byteRows(Raster raster, int[] band) {
        int width = raster.getWidth();
        int bands = raster.getNumBands();
        byte[] row = new byte[Math.multiplyExact(width, bands)];
        return (y, rgb, at) -> {
            raster.getDataElements(raster.getMinX(), raster.getMinY() + y, width, 1, row);
            int q = at;
            for (int p = 0; p < row.length; p += bands) {
                rgb[q++] = row[p + band[0]];
                rgb[q++] = row[p + band[1]];
                rgb[q++] = row[p + band[2]];
            }
        };
    }

    /** Fewer than 8 bits are scaled to 0 to 255; of more, the upper 8 count. */
    private static int toByte(int sample, int bits) {
        if (bits == 8) {
            return sample;
        }
        return bits > 8 ? sample >>> (bits - 8) : sample * 255 / ((1 << bits) - 1);
    }

    /** Pillow's conversion from pre-multiplied alpha: truncating, and black where nothing shows. */
    private static int unmultiply(int colour, int alpha) {
        if (alpha == 255 || alpha == 0) {
            return alpha == 0 ? 0 : colour;
        }
        return Math.min(255, colour * 255 / alpha);
    }

    /** Pillow's formula; ImageIO has already undone the inversion that Adobe's JPEG files use. */
    private static RowConverter cmykRows(Raster raster) {
        int width = raster.getWidth();
        int bands = raster.getNumBands();
        int[] row = new int[Math.multiplyExact(width, bands)];
        return (y, rgb, at) -> {
            raster.getPixels(raster.getMinX(), raster.getMinY() + y, width, 1, row);
            int q = at;
            for (int p = 0; p < row.length; p += bands) {
                int white = 255 - row[p + 3];
                for (int c = 0; c < 3; c++) {
                    int product = row[p + c] * white + 128;
                    rgb[q++] = (byte) Math.max(0, white - ((product + (product >> 8)) >> 8));
                }
            }
        };
    }

    private static RowConverter colourManagedRows(BufferedImage image) {
        int[] row = new int[image.getWidth()];
        return (y, rgb, at) -> {
            image.getRGB(0, y, row.length, 1, row, 0, row.length);
            int q = at;
            for (int colour : row) {
                rgb[q++] = (byte) (colour >> 16);
                rgb[q++] = (byte) (colour >> 8);
                rgb[q++] = (byte) colour;
            }
        };
    }
}
