package dev.paligemma.vision.format;

import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The orientation tag of EXIF and XMP, and turning a picture upright by it.
 *
 * <p>Parsing never fails: metadata that makes no sense counts as absent, as it must not make a picture unreadable.
 */
final class Orientation {
    /** No tag was found. */
    static final int ABSENT = -1;

    static final int UPRIGHT = 1;

    private static final int TAG = 0x112;
    private static final int SHORT = 3;
    private static final int LONG = 4;

    /** Longest XMP packet looked at; the packets of cameras and editors have a few kilobytes. */
    static final int MAX_XMP_BYTES = 1 << 20;

    /** Pillow's own expression. */
    private static final Pattern XMP = Pattern.compile("tiff:Orientation(=\"|>)([0-9])");

    private Orientation() {}

    /**
     * Finds the tag in the first directory of a TIFF structure, which is what EXIF blocks consist of.
     *
     * @param from the start of the structure ({@code II*} or {@code MM*}) in the file
     * @param to its end
     * @return the value, any number of 0 to 65535, or {@link #ABSENT}
     */
    static int fromExif(ImageBytes file, int from, int to) {
        if (to - from < 14) {
            return ABSENT;
        }
        boolean little = file.startsWith(from, "II*\0");
        if (!little && !file.startsWith(from, "MM\0*")) {
            return ABSENT;
        }
        long directory = from + file.u32(from + 4, little);
        if (directory + 2 > to) {
            return ABSENT;
        }
        int entries = file.u16(directory, little);
        for (int i = 0; i < entries; i++) {
            long entry = directory + 2 + 12L * i;
            if (entry + 12 > to) {
                return ABSENT;
            }
            if (file.u16(entry, little) == TAG) {
                return value(file, entry, little);
            }
        }
        return ABSENT;
    }

    /** The value of one directory entry of 12 bytes, which must be a single integer. */
    static int value(ImageBytes file, long entry, boolean little) {
        int type = file.u16(entry + 2, little);
        if (file.u32(entry + 4, little) != 1) {
            return ABSENT;
        }
        if (type == SHORT) {
            return file.u16(entry + 8, little);
        }
        return type == LONG ? (int) Math.min(65535, file.u32(entry + 8, little)) : ABSENT;
    }

    /** Finds the tag in an XMP packet; {@link #ABSENT} if there is none. */
    static int fromXmp(byte[] data, int from, int to) {
        int length = Math.min(to - from, MAX_XMP_BYTES);
        Matcher matcher = XMP.matcher(new String(data, from, length, StandardCharsets.ISO_8859_1));
        return matcher.find() ? matcher.group(2).charAt(0) - '0' : ABSENT;
    }

    /** EXIF wins over XMP; a value outside of 1 to 8 means upright. */
    static int choose(int exif, int xmp) {
        int value = exif != ABSENT ? exif : xmp;
        return value >= 1 && value <= 8 ? value : UPRIGHT;
    }

    /**
     * Turns a picture upright.
     *
     * @param orientation 1 to 8: where the stored picture's first row and column belong
     */
    static Pixels apply(Pixels image, int orientation) {
        if (orientation == UPRIGHT) {
            return image;
        }
        boolean transposed = orientation >= 5;
        boolean mirrorX = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
        boolean mirrorY = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
        int width = transposed ? image.height() : image.width();
        int height = transposed ? image.width() : image.height();
        byte[] from = image.rgb();
        byte[] to = new byte[from.length];
        int q = 0;
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                int sx = transposed ? y : x;
                int sy = transposed ? x : y;
                sx = mirrorX ? image.width() - 1 - sx : sx;
                sy = mirrorY ? image.height() - 1 - sy : sy;
                int p = (sy * image.width() + sx) * 3;
                to[q++] = from[p];
                to[q++] = from[p + 1];
                to[q++] = from[p + 2];
            }
        }
        return new Pixels(width, height, to);
    }
}
