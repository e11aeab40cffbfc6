package dev.paligemma.vision.format;

/**
 * Decodes the first frame of a GIF file onto its canvas.
 *
 * <p>ImageIO returns the bare frame and accepts frames that end early, hence this decoder. Around a frame smaller than
 * the canvas Pillow shows the transparent colour, or colour 0 if there is none; the background colour is not used.
 */
final class GifFile {
    private static final int EXTENSION = 0x21;
    private static final int GRAPHIC_CONTROL = 0xF9;
    private static final int IMAGE = 0x2C;
    private static final int MAX_BITS = 12;
    private static final int MAX_CODES = 1 << MAX_BITS;

    private final ImageBytes file;

    /** Next byte to read; during picture data inside of the current block. */
    private long at;

    /** Unread bytes of the current block of picture data. */
    private int blockLeft;

    private GifFile(ImageBytes file) {
        this.file = file;
    }

    static Pixels decode(byte[] bytes, ImageOptions options) {
        return new GifFile(new ImageBytes("GIF", bytes)).decode(options);
    }

    private Pixels decode(ImageOptions options) {
        int canvasWidth = file.u16(6, true);
        int canvasHeight = file.u16(8, true);
        int flags = file.u8(10);
        at = 13;
        byte[] palette = readPalette(flags, Palette.greyRamp());

        int transparent = 0;
        int kind = file.u8(at++);
        while (kind == EXTENSION) {
            int label = file.u8(at++);
            if (label == GRAPHIC_CONTROL && file.u8(at) >= 4 && (file.u8(at + 1) & 1) != 0) {
                transparent = file.u8(at + 4);
            }
            skipBlocks();
            kind = file.u8(at++);
        }
        if (kind != IMAGE) {
            throw file.damaged("it has no picture, but a block of type " + kind);
        }

        int left = file.u16(at, true);
        int top = file.u16(at + 2, true);
        int width = file.u16(at + 4, true);
        int height = file.u16(at + 6, true);
        flags = file.u8(at + 8);
        at += 9;
        palette = readPalette(flags, palette);
        file.checkSize(width, height, options);
        int fullWidth = Math.max(canvasWidth, left + width);
        int fullHeight = Math.max(canvasHeight, top + height);
        file.checkSize(fullWidth, fullHeight, options);

        byte[] indices = readIndices(width, height);
        byte[] rgb = new byte[Pixels.byteCount(fullWidth, fullHeight)];
        if (width != fullWidth || height != fullHeight) {
            for (int p = 0; p < rgb.length; p += 3) {
                Palette.put(palette, transparent, rgb, p);
            }
        }
        boolean interlaced = (flags & 0x40) != 0;
        for (int n = 0; n < height; n++) {
            int y = top + (interlaced ? interlacedRow(n, height) : n);
            int p = (y * fullWidth + left) * 3;
            for (int x = 0; x < width; x++, p += 3) {
                Palette.put(palette, indices[n * width + x] & 255, rgb, p);
            }
        }
        return new Pixels(fullWidth, fullHeight, rgb);
    }

    private byte[] readPalette(int flags, byte[] otherwise) {
        if ((flags & 0x80) == 0) {
            return otherwise;
        }
        int length = 3 << ((flags & 7) + 1);
        byte[] palette = Palette.completed(file.array(), file.require(at, length), length);
        at += length;
        return palette;
    }

    private void skipBlocks() {
        int length;
        do {
            length = file.u8(at);
            at += 1 + length;
        } while (length > 0);
    }

    /** Stored row to shown row: every 8th from 0, every 8th from 4, every 4th from 2, every 2nd from 1. */
    private static int interlacedRow(int stored, int height) {
        int n = stored;
        int[] start = {0, 4, 2, 1};
        int[] step = {8, 8, 4, 2};
        for (int pass = 0; pass < 3; pass++) {
            int rows = (height - start[pass] + step[pass] - 1) / step[pass];
            if (n < rows) {
                return start[pass] + n * step[pass];
            }
            n -= rows;
        }
        return start[3] + n * step[3];
    }

    /** Variable-length LZW: uint8[height, width] in the order of storing. */
    private byte[] readIndices(int width, int height) {
        int minBits = file.u8(at++);
        if (minBits < 1 || minBits > 8) {
            throw file.damaged("code size " + minBits + ", expected 1 to 8");
        }
        long needed = (long) width * height;
        checkDataPresent(needed);
        byte[] out = new byte[(int) needed];
        int clear = 1 << minBits;
        int end = clear + 1;
        // A string is its last byte and the code of the string before it; written backwards from its length.
        int[] prefix = new int[MAX_CODES];
        byte[] suffix = new byte[MAX_CODES];
        int[] length = new int[MAX_CODES];
        byte[] first = new byte[MAX_CODES];
        for (int i = 0; i < clear; i++) {
            suffix[i] = (byte) i;
            first[i] = (byte) i;
            length[i] = 1;
        }
        int bits = minBits + 1;
        int next = end + 1;
        int previous = -1;
        int buffer = 0;
        int buffered = 0;
        int q = 0;
        while (q < out.length) {
            while (buffered < bits) {
                buffer |= nextDataByte() << buffered;
                buffered += 8;
            }
            int code = buffer & ((1 << bits) - 1);
            buffer >>>= bits;
            buffered -= bits;
            if (code == clear) {
                bits = minBits + 1;
                next = end + 1;
                previous = -1;
                continue;
            }
            if (code == end) {
                throw file.damaged("its picture data ends after " + q + " of " + out.length + " pixels");
            }
            boolean justDefined = code == next && previous >= 0 && next < MAX_CODES;
            if (code >= next && !justDefined) {
                throw file.damaged("code " + code + " is not defined at that point");
            }
            if (previous >= 0 && next < MAX_CODES) {
                prefix[next] = previous;
                suffix[next] = justDefined ? first[previous] : first[code];
                first[next] = first[previous];
                length[next] = length[previous] + 1;
                next++;
                if (next == 1 << bits && bits < MAX_BITS) {
                    bits++;
                }
            }
            int s = code;
            for (int i = q + length[code] - 1; i >= q; i--) {
                if (i < out.length) {
                    out[i] = suffix[s];
                }
                s = prefix[s];
            }
            q += length[code];
            previous = code;
        }
        return out;
    }

    private int nextDataByte() {
        if (blockLeft == 0) {
            blockLeft = file.u8(at++);
            if (blockLeft == 0) {
                throw file.damaged("truncated: its picture data ends early");
            }
        }
        blockLeft--;
        return file.u8(at++);
    }

    /** A code of at least 2 bits stands for at most 4096 pixels, so a small file cannot hold a large picture. */
    private void checkDataPresent(long pixels) {
        long bytes = file.length() - at;
        if (pixels > bytes * 4 * MAX_CODES) {
            throw file.damaged("truncated: " + bytes + " bytes of picture data cannot be " + pixels + " pixels");
        }
    }
}
