package dev.paligemma.detection;

/**
 * A box in whole pixels: rows {@code top} to {@code bottom - 1}, columns {@code left} to {@code right - 1}.
 *
 * @param left first column, at least 0
 * @param top first row, at least 0
 * @param right the column after the last one, at least {@code left}
 * @param bottom the row after the last one, at least {@code top}
 */
public record PixelBox(int left, int top, int right, int bottom) {
    /**
     * Checks the order of the edges.
     *
     * @param left first column, at least 0
     * @param top first row, at least 0
     * @param right the column after the last one, at least {@code left}
     * @param bottom the row after the last one, at least {@code top}
     * @throws IllegalArgumentException if an edge is negative or opposite edges are the wrong way round
     */
    public PixelBox {
        if (left < 0 || top < 0 || right < left || bottom < top) {
            throw new IllegalArgumentException("edges must satisfy 0 <= left <= right and 0 <= top <= bottom, not left "
                    + left + ", top " + top + ", right " + right + ", bottom " + bottom);
        }
    }

    /**
     * The width.
     *
     * @return the number of columns, at least 0
     */
    public int width() {
        return right - left;
    }

    /**
     * The height.
     *
     * @return the number of rows, at least 0
     */
    public int height() {
        return bottom - top;
    }

    /**
     * The area.
     *
     * @return the number of pixels, at least 0
     */
    public long area() {
        return (long) width() * height();
    }

    /**
     * Whether there is no pixel in the box.
     *
     * @return whether width or height is 0
     */
    public boolean isEmpty() {
        return area() == 0;
    }
}
