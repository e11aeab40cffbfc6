package dev.paligemma.evaluation.detection;

/**
 * A box as COCO has it: its upper left corner and its size, in pixels, with fractions.
 *
 * @param x of its left edge
 * @param y of its upper edge
 * @param width zero or less overlaps with nothing
 * @param height zero or less overlaps with nothing
 */
public record CocoBox(double x, double y, double width, double height) {
    /** An {@link IllegalArgumentException} if a number is not finite. */
    public CocoBox {
        if (!Double.isFinite(x) || !Double.isFinite(y) || !Double.isFinite(width) || !Double.isFinite(height)) {
            throw new IllegalArgumentException("the numbers of a box must be finite, got x " + x + ", y " + y
                    + ", width " + width + ", height " + height);
        }
    }

    /** The box of x, y, width and height; an {@link IllegalArgumentException} if these are not four numbers. */
    public static CocoBox of(double... numbers) {
        if (numbers.length != 4) {
            throw new IllegalArgumentException("expected x, y, width and height, got " + numbers.length + " numbers");
        }
        return new CocoBox(numbers[0], numbers[1], numbers[2], numbers[3]);
    }

    /** The box between two corners. */
    public static CocoBox between(double left, double top, double right, double bottom) {
        return new CocoBox(left, top, right - left, bottom - top);
    }

    /** Width times height. */
    public double area() {
        return width * height;
    }

    /** The area that two boxes have in common, 0 or more. */
    public double shared(CocoBox other) {
        double common = Math.min(x + width, other.x + other.width) - Math.max(x, other.x);
        if (common <= 0) {
            return 0;
        }
        double high = Math.min(y + height, other.y + other.height) - Math.max(y, other.y);
        return high <= 0 ? 0 : common * high;
    }

    /** Intersection over union, 0 to 1; 0 if the boxes have nothing in common. */
    public double iou(CocoBox other) {
        double shared = shared(other);
        return shared == 0 ? 0 : shared / (area() + other.area() - shared);
    }
}
