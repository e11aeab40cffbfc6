package dev.paligemma.vision.format;

/**
 * A decoded picture. The holder of the array gives it away and does not write to it any more.
 *
 * @param width in pixels, at least 1
 * @param height in pixels, at least 1
 * @param rgb uint8[height, width, 3], top row first
 */
public record Pixels(int width, int height, byte[] rgb) {
    /** Checks that the number of samples fits the size. */
    public Pixels {
        if (rgb.length != byteCount(width, height)) {
            throw new IllegalArgumentException("expected " + byteCount(width, height) + " bytes for " + width + "x"
                    + height + ", got " + rgb.length);
        }
    }

    /**
     * How many samples a picture has: {@code 3 * width * height}.
     *
     * @throws IllegalArgumentException if a side is below 1 or above {@link ImageOptions#MAX_SIDE}, or there are more than
     *     {@link ImageOptions#LARGEST_MAX_PIXELS} pixels
     */
    public static int byteCount(int width, int height) {
        if (width < 1
                || height < 1
                || width > ImageOptions.MAX_SIDE
                || height > ImageOptions.MAX_SIDE
                || (long) width * height > ImageOptions.LARGEST_MAX_PIXELS) {
            throw new IllegalArgumentException("a picture must be at least 1x1, at most " + ImageOptions.MAX_SIDE
                    + " a side and " + ImageOptions.LARGEST_MAX_PIXELS + " pixels, not " + width + "x" + height);
        }
        return width * height * 3;
    }
}
