package dev.paligemma.vision.format;

/**
 * How image files are read; immutable and thread-safe.
 *
 * <p>Reading needs up to about 12 bytes of memory a pixel for a short time (16 bytes for 16-bit samples), partly outside
 * the Java heap, besides the bytes of the file. The defaults therefore admit any usual photograph; a service that reads
 * uploads should lower them.
 *
 * @param applyExifOrientation whether the picture is turned upright as its EXIF (or XMP) orientation says, as
 *     transformers does when it opens a file itself; default true. TIFF files follow the switch too
 * @param maxPixels largest accepted width times height, 1 to {@value #LARGEST_MAX_PIXELS}; default
 *     {@value #DEFAULT_MAX_PIXELS}
 * @param maxBytes largest accepted file, in bytes, 1 to {@value #LARGEST_MAX_BYTES}; default {@value #DEFAULT_MAX_BYTES}
 */
public record ImageOptions(boolean applyExifOrientation, long maxPixels, long maxBytes) {
    /** Default of {@code maxPixels}: one hundred million. */
    public static final long DEFAULT_MAX_PIXELS = 100_000_000;

    /** Default of {@code maxBytes}: 256 MiB. */
    public static final long DEFAULT_MAX_BYTES = 256L << 20;

    /** Largest width and largest height, in pixels; it bounds what resizing may need besides the picture. */
    public static final int MAX_SIDE = 1_000_000;

    /** Largest possible {@code maxPixels}: three bytes a pixel have to fit into one array. */
    public static final long LARGEST_MAX_PIXELS = (Integer.MAX_VALUE - 16) / 3;

    /** Largest possible {@code maxBytes}: a file has to fit into one array. */
    public static final long LARGEST_MAX_BYTES = Integer.MAX_VALUE - 1024;

    private static final ImageOptions DEFAULTS = new ImageOptions(true, DEFAULT_MAX_PIXELS, DEFAULT_MAX_BYTES);

    /** Checks the limits; an {@link IllegalArgumentException} if one is out of its range, as in the methods below. */
    public ImageOptions {
        if (maxPixels < 1 || maxPixels > LARGEST_MAX_PIXELS) {
            throw new IllegalArgumentException("maxPixels must be 1 to " + LARGEST_MAX_PIXELS + ", not " + maxPixels);
        }
        if (maxBytes < 1 || maxBytes > LARGEST_MAX_BYTES) {
            throw new IllegalArgumentException("maxBytes must be 1 to " + LARGEST_MAX_BYTES + ", not " + maxBytes);
        }
    }

    /**
     * Returns the default options: orientation applied, {@value #DEFAULT_MAX_PIXELS} pixels and {@value #DEFAULT_MAX_BYTES}
     * bytes at most.
     */
    public static ImageOptions defaults() {
        return DEFAULTS;
    }

    /** Returns these options with another choice about the orientation. */
    public ImageOptions withApplyExifOrientation(boolean apply) {
        return new ImageOptions(apply, maxPixels, maxBytes);
    }

    /** Returns these options with another limit of width times height. */
    public ImageOptions withMaxPixels(long pixels) {
        return new ImageOptions(applyExifOrientation, pixels, maxBytes);
    }

    /** Returns these options with another limit of bytes of a file. */
    public ImageOptions withMaxBytes(long bytes) {
        return new ImageOptions(applyExifOrientation, maxPixels, bytes);
    }
}
