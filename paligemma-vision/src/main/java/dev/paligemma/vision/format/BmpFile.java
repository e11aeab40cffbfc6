package dev.paligemma.vision.format;

import org.jspecify.annotations.Nullable;

/**
 * Decodes BMP files: palette of 1, 4 and 8 bits (also run-length coded), 16, 24 and 32 bits, with or without masks.
 *
 * <p>ImageIO does not know all header sizes that Pillow knows, and accepts run-length data that ends early.
 */
final class BmpFile {
    private static final int FILE_HEADER = 14;
    private static final int OS2_HEADER = 12;
    private static final int WINDOWS_HEADER = 40;

    private static final int UNCOMPRESSED = 0;
    private static final int RLE8 = 1;
    private static final int RLE4 = 2;
    private static final int MASKS = 3;
    private static final int ALPHA_MASKS = 6;

    private final ImageBytes file;

    private BmpFile(ImageBytes file) {
        this.file = file;
    }

    static Pixels decode(byte[] bytes, ImageOptions options) {
        return new BmpFile(new ImageBytes("BMP", bytes)).decode(options);
    }

    private Pixels decode(ImageOptions options) {
        long offset = file.u32(10, true);
        long header = file.u32(FILE_HEADER, true);
        boolean os2 = header == OS2_HEADER;
        if (!os2 && (header < WINDOWS_HEADER || header > 124)) {
            throw file.unsupported("a header of " + header + " bytes");
        }
        file.require(FILE_HEADER, header);
        long width = os2 ? file.u16(18, true) : (int) file.u32(18, true);
        long signedHeight = os2 ? file.u16(20, true) : (int) file.u32(22, true);
        long height = Math.abs(signedHeight);
        file.checkSize(width, height, options);
        int bits = file.u16(os2 ? 24 : 28, true);
        long compression = os2 ? UNCOMPRESSED : file.u32(30, true);
        byte[] palette = bits <= 8 ? readPalette(header, bits, offset) : new byte[0];

        if ((compression == RLE8 && bits == 8) || (compression == RLE4 && bits == 4)) {
            byte[] indices = readRuns(offset, (int) width, (int) height, bits);
            return paint((int) width, (int) height, signedHeight > 0, indices, palette);
        }
        boolean masks = (compression == MASKS || compression == ALPHA_MASKS) && (bits == 16 || bits == 32);
        if (compression != UNCOMPRESSED && !masks) {
            throw file.unsupported("compression " + compression + " with " + bits + " bits a pixel");
        }
        if (bits != 1 && bits != 4 && bits != 8 && bits != 16 && bits != 24 && bits != 32) {
            throw file.unsupported(bits + " bits a pixel");
        }
        long stride = (width * bits + 31) / 32 * 4;
        // The last row need not be filled up.
        long lastRow = (width * bits + 7) / 8;
        int pixels = file.require(offset, Math.addExact(Math.multiplyExact(stride, height - 1), lastRow));
        byte[] rgb = new byte[Pixels.byteCount((int) width, (int) height)];
        RowReader reader = rowReader(bits, palette, masks ? readMasks(header) : null);
        for (int y = 0; y < height; y++) {
            long row = signedHeight > 0 ? height - 1 - y : y;
            reader.read(file.array(), (int) (pixels + row * stride), rgb, (int) (y * width * 3), (int) width);
        }
        return new Pixels((int) width, (int) height, rgb);
    }

    /** Turns one stored row into RGB. */
    private interface RowReader {
        void read(byte[] from, int p, byte[] rgb, int q, int width);
    }

    private RowReader rowReader(int bits, byte[] palette, Mask @Nullable [] masks) {
        if (bits <= 8) {
            return (from, p, rgb, q, width) -> {
                for (int x = 0; x < width; x++) {
                    int shift = 8 - bits - x * bits % 8;
                    int index = (from[p + x * bits / 8] & 255) >> shift & ((1 << bits) - 1);
                    Palette.put(palette, index, rgb, q + x * 3);
                }
            };
        }
        if (masks == null && bits >= 24) {
            int step = bits / 8;
            return (from, p, rgb, q, width) -> {
                for (int x = 0; x < width; x++) {
                    rgb[q + x * 3] = from[p + x * step + 2];
                    rgb[q + x * 3 + 1] = from[p + x * step + 1];
                    rgb[q + x * 3 + 2] = from[p + x * step];
                }
            };
        }
        Mask[] used = masks != null ? masks : new Mask[] {new Mask(10, 31), new Mask(5, 31), new Mask(0, 31)};
        return (from, p, rgb, q, width) -> {
            for (int x = 0; x < width; x++) {
                long pixel = bits == 16 ? file.u16(p + x * 2L, true) : file.u32(p + x * 4L, true);
                for (int c = 0; c < 3; c++) {
                    rgb[q + x * 3 + c] = used[c].apply(pixel);
                }
            }
        };
    }

    /** A colour inside of a pixel: a run of bits, scaled to 0 to 255. */
    private record Mask(int shift, long max) {
        byte apply(long pixel) {
            return (byte) ((pixel >> shift & max) * 255 / max);
        }
    }

    /** Red, green and blue masks: the last fields of longer headers, or after the shortest. */
    private Mask[] readMasks(long header) {
        Mask[] masks = new Mask[3];
        for (int c = 0; c < 3; c++) {
            long mask = file.u32(FILE_HEADER + WINDOWS_HEADER + 4L * c, true);
            int shift = Long.numberOfTrailingZeros(mask);
            long max = mask == 0 ? 0 : mask >> shift;
            if (mask == 0 || (max & max + 1) != 0) {
                throw file.unsupported(
                        "colour mask " + Long.toHexString(mask) + " with a header of " + header + " bytes");
            }
            masks[c] = new Mask(shift, max);
        }
        return masks;
    }

    private byte[] readPalette(long header, int bits, long offset) {
        boolean os2 = header == OS2_HEADER;
        long count = os2 ? 0 : file.u32(46, true);
        if (count == 0) {
            count = 1L << bits;
        }
        if (count > 256) {
            throw file.damaged("its palette has " + count + " entries");
        }
        int size = os2 ? 3 : 4;
        // Writers of OS/2 headers may leave out unused entries: the palette ends where the pixels start.
        long from = FILE_HEADER + header;
        count = os2 ? Math.min(count, Math.max(0, offset - from) / size) : count;
        file.require(from, count * size);
        byte[] palette = new byte[Palette.BYTES]; // missing entries are black, as in Pillow
        for (int i = 0; i < count; i++) {
            for (int c = 0; c < 3; c++) {
                palette[i * 3 + c] = file.array()[(int) from + i * size + 2 - c];
            }
        }
        return palette;
    }

    /** Run-length coding: uint8[height, width] palette indices in the order of storing; skipped pixels are 0. */
    private byte[] readRuns(long offset, int width, int height, int bits) {
        byte[] indices = new byte[Math.multiplyExact(width, height)];
        long at = offset;
        int x = 0;
        int y = 0;
        while (y < height) {
            if (y == height - 1 && x >= width && at + 2 > file.length()) {
                break; // all pixels are there, and only marks are missing
            }
            int count = file.u8(at);
            int value = file.u8(at + 1);
            at += 2;
            if (count > 0) {
                for (int i = 0; i < count && x < width; i++, x++) {
                    indices[y * width + x] = (byte) nibble(value, i, bits);
                }
            } else if (value == 0) {
                x = 0;
                y++;
            } else if (value == 1) {
                // The end mark may replace the end of the last row.
                if (y < height - 1 || x < width) {
                    throw file.damaged("its picture data ends in row " + y + " of " + height);
                }
                return indices;
            } else if (value == 2) {
                x += file.u8(at);
                y += file.u8(at + 1);
                at += 2;
                if (x > width) {
                    throw file.damaged("its picture data leaves the row");
                }
            } else {
                int bytes = (value * bits + 7) / 8;
                file.require(at, bytes);
                for (int i = 0; i < value && x < width; i++, x++) {
                    indices[y * width + x] = (byte) nibble(file.u8(at + i * bits / 8), i, bits);
                }
                at += bytes + bytes % 2;
            }
        }
        return indices;
    }

    private static int nibble(int value, int position, int bits) {
        if (bits == 8) {
            return value;
        }
        return position % 2 == 0 ? value >> 4 : value & 15;
    }

    private static Pixels paint(int width, int height, boolean bottomUp, byte[] indices, byte[] palette) {
        byte[] rgb = new byte[Pixels.byteCount(width, height)];
        for (int y = 0; y < height; y++) {
            int p = (bottomUp ? height - 1 - y : y) * width;
            for (int x = 0; x < width; x++) {
                Palette.put(palette, indices[p + x] & 255, rgb, (y * width + x) * 3);
            }
        }
        return new Pixels(width, height, rgb);
    }
}
