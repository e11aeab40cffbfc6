package dev.paligemma.detection;

/**
 * One figure for each edge of a box, in fractions of the picture's width (left, right) or height (top, bottom).
 *
 * @param left of the left edge; NaN if unknown, like the others
 * @param top of the upper edge
 * @param right of the right edge
 * @param bottom of the lower edge
 */
public record BoxEdges(double left, double top, double right, double bottom) {
    /** Nothing is known. */
    static final BoxEdges UNKNOWN = new BoxEdges(Double.NaN, Double.NaN, Double.NaN, Double.NaN);

    /**
     * The mean of the four figures.
     *
     * @return the mean; NaN if a figure is unknown
     */
    public double mean() {
        return (left + top + right + bottom) / 4;
    }
}
