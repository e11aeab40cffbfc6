package dev.paligemma.detection;

import dev.paligemma.vision.PixelBox;

/**
 * A box in fractions of a picture's width and height, whatever the picture's size; it lies inside the picture. Immutable.
 *
 * <p>A box may be without area: a thing thinner than a location code has equal edges.
 *
 * @param left left edge, 0 to 1 of the width
 * @param top upper edge, 0 to 1 of the height
 * @param right right edge, {@code left} to 1
 * @param bottom lower edge, {@code top} to 1
 */
public record BoundingBox(double left, double top, double right, double bottom) {
    /**
     * Checks the edges; see {@link #clipped} for a box that may reach out of the picture.
     *
     * @throws IllegalArgumentException if an edge is outside of 0 to 1, or opposite edges are the wrong way round
     */
    public BoundingBox {
        if (!(left >= 0 && left <= right && right <= 1 && top >= 0 && top <= bottom && bottom <= 1)) {
            throw new IllegalArgumentException(
                    "edges must satisfy 0 <= left <= right <= 1 and 0 <= top <= bottom <= 1, not left " + left
                            + ", top " + top + ", right " + right + ", bottom " + bottom);
        }
    }

    /**
     * The part of a box that lies inside the picture, without area if none of it is; edges are any finite fractions.
     *
     * @throws IllegalArgumentException if an edge is not finite, or opposite edges are the wrong way round
     */
    public static BoundingBox clipped(double left, double top, double right, double bottom) {
        if (!Double.isFinite(left) || !Double.isFinite(top) || !Double.isFinite(right) || !Double.isFinite(bottom)) {
            throw new IllegalArgumentException("edges must be finite, not left " + left + ", top " + top + ", right "
                    + right + ", bottom " + bottom);
        }
        return new BoundingBox(clip(left), clip(top), clip(right), clip(bottom));
    }

    private static double clip(double edge) {
        return Math.min(1, Math.max(0, edge));
    }

    /** The width, 0 to 1 of the picture's width. */
    public double width() {
        return right - left;
    }

    /** The height, 0 to 1 of the picture's height. */
    public double height() {
        return bottom - top;
    }

    /** The area, 0 to 1 of the picture's area. */
    public double area() {
        return width() * height();
    }

    /**
     * How much two boxes share: the area of the intersection over that of the union, from 0 to 1; 1 for equal boxes
     * even if they have no area, 0 if only one of two different boxes has area.
     */
    public double iou(BoundingBox other) {
        if (equals(other)) {
            return 1;
        }
        double shared = Math.max(0, Math.min(right, other.right) - Math.max(left, other.left))
                * Math.max(0, Math.min(bottom, other.bottom) - Math.max(top, other.top));
        double union = area() + other.area() - shared;
        return union > 0 ? shared / union : 0;
    }

    /**
     * The box in pixels of a picture: each edge is its fraction times the side, rounded to the nearest integer, halves
     * to the even one, as Python's {@code round} in the published parser. It lies inside the picture and is empty if
     * thinner than a pixel.
     *
     * @throws IllegalArgumentException if a side is less than 1
     */
    public PixelBox toPixels(int imageWidth, int imageHeight) {
        requireSize(imageWidth, imageHeight);
        return new PixelBox(
                (int) Math.rint(left * imageWidth),
                (int) Math.rint(top * imageHeight),
                (int) Math.rint(right * imageWidth),
                (int) Math.rint(bottom * imageHeight));
    }

    static void requireSize(int imageWidth, int imageHeight) {
        if (imageWidth < 1 || imageHeight < 1) {
            throw new IllegalArgumentException("a picture must be at least 1x1, not " + imageWidth + "x" + imageHeight);
        }
    }
}
