package dev.paligemma.vision.format;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** The bytes of an image file, read with bounds checked: a position beyond the end means a truncated file. */
final class ImageBytes {
    private final String format;
    private final byte[] data;

    /**
     * Wraps a file.
     *
     * @param format the name of the format, for messages
     */
    ImageBytes(String format, byte[] data) {
        this.format = format;
        this.data = data;
    }

    byte[] array() {
        return data;
    }

    int length() {
        return data.length;
    }

    /** Checks that {@code count} bytes from {@code at} are inside the file; returns the position as int. */
    int require(long at, long count) {
        if (at < 0 || count < 0 || at > data.length || count > data.length - at) {
            throw damaged("truncated: " + count + " bytes are needed at position " + at + ", the file has "
                    + data.length + " bytes");
        }
        return (int) at;
    }

    int u8(long at) {
        return data[require(at, 1)] & 255;
    }

    int u16(long at, boolean littleEndian) {
        int p = require(at, 2);
        int a = data[p] & 255;
        int b = data[p + 1] & 255;
        return littleEndian ? b << 8 | a : a << 8 | b;
    }

    long u32(long at, boolean littleEndian) {
        require(at, 4);
        long a = u16(at, littleEndian);
        long b = u16(at + 2, littleEndian);
        return littleEndian ? b << 16 | a : a << 16 | b;
    }

    boolean startsWith(long at, String latin1) {
        byte[] expected = latin1.getBytes(StandardCharsets.ISO_8859_1);
        long end = at + expected.length;
        return at >= 0 && end <= data.length && Arrays.equals(data, (int) at, (int) end, expected, 0, expected.length);
    }

    /** An error about the structure of this file. */
    ImageException damaged(String what) {
        return new ImageException(format + " image is damaged: " + what);
    }

    /** An error about a valid file that this library cannot read. */
    ImageException unsupported(String what) {
        return new ImageException(format + " image is not supported: " + what);
    }

    /** Refuses a picture before memory for it is allocated. */
    void checkSize(long width, long height, ImageOptions options) {
        if (width < 1 || height < 1) {
            throw damaged("its size is " + width + "x" + height);
        }
        if (width > ImageOptions.MAX_SIDE || height > ImageOptions.MAX_SIDE) {
            throw new ImageException(format + " image is too large: " + width + "x" + height + ", at most "
                    + ImageOptions.MAX_SIDE + " a side are allowed");
        }
        if (width * height > options.maxPixels()) {
            throw new ImageException(format + " image is too large: " + width + "x" + height + " = " + width * height
                    + " pixels, allowed are " + options.maxPixels() + " (maxPixels)");
        }
    }
}
