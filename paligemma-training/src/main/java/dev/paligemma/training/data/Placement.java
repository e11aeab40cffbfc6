package dev.paligemma.training.data;

import dev.paligemma.vision.RgbImage;
import java.util.Arrays;

/**
 * Where a picture, or a part of it, comes to lie: a window is cut out, mirrored if need be, and put into an area of a grey
 * canvas of its size. Immutable.
 *
 * @param window what is cut out, in fractions of the picture
 * @param flipped whether left and right change places
 * @param area where it is put, in fractions of the result
 */
record Placement(Area window, boolean flipped, Area area) {
    private static final byte GREY = 127;

    /** A rectangle in fractions, 0 to 1 unless it was mapped out of the picture. */
    record Area(double left, double top, double right, double bottom) {
        static final Area ALL = new Area(0, 0, 1, 1);

        double width() {
            return right - left;
        }

        double height() {
            return bottom - top;
        }

        double size() {
            return Math.max(0, width()) * Math.max(0, height());
        }

        Area intersect(Area other) {
            return new Area(
                    Math.max(left, other.left),
                    Math.max(top, other.top),
                    Math.min(right, other.right),
                    Math.min(bottom, other.bottom));
        }
    }

    static final Placement SAME = new Placement(Area.ALL, false, Area.ALL);

    boolean isSame() {
        return equals(SAME);
    }

    /** Where a rectangle of the picture lies in the result. */
    Area move(Area box) {
        double left = (box.left - window.left) / window.width();
        double right = (box.right - window.left) / window.width();
        double top = (box.top - window.top) / window.height();
        double bottom = (box.bottom - window.top) / window.height();
        return new Area(
                area.left + (flipped ? 1 - right : left) * area.width(),
                area.top + top * area.height(),
                area.left + (flipped ? 1 - left : right) * area.width(),
                area.top + bottom * area.height());
    }

    /** The result for a picture; edges are rounded to pixels. */
    RgbImage apply(RgbImage image) {
        RgbImage cut = window.equals(Area.ALL) ? image : cut(image, window);
        RgbImage turned = flipped ? mirror(cut) : cut;
        return area.equals(Area.ALL) ? turned : place(turned, area);
    }

    private static int edge(double fraction, int side) {
        return (int) Math.round(fraction * side);
    }

    private static RgbImage cut(RgbImage image, Area window) {
        int left = Math.min(edge(window.left, image.width()), image.width() - 1);
        int top = Math.min(edge(window.top, image.height()), image.height() - 1);
        int width = Math.max(1, edge(window.right, image.width()) - left);
        int height = Math.max(1, edge(window.bottom, image.height()) - top);
        byte[] from = image.toBytes();
        byte[] to = new byte[width * height * 3];
        for (int y = 0; y < height; y++) {
            System.arraycopy(from, ((top + y) * image.width() + left) * 3, to, y * width * 3, width * 3);
        }
        return RgbImage.of(width, height, to);
    }

    static RgbImage mirror(RgbImage image) {
        int width = image.width();
        byte[] from = image.toBytes();
        byte[] to = new byte[from.length];
        for (int row = 0; row < from.length; row += width * 3) {
            for (int x = 0; x < width; x++) {
                System.arraycopy(from, row + x * 3, to, row + (width - 1 - x) * 3, 3);
            }
        }
        return RgbImage.of(width, image.height(), to);
    }

    private static RgbImage place(RgbImage image, Area area) {
        int left = Math.min(edge(area.left, image.width()), image.width() - 1);
        int top = Math.min(edge(area.top, image.height()), image.height() - 1);
        int width = Math.max(1, edge(area.right, image.width()) - left);
        int height = Math.max(1, edge(area.bottom, image.height()) - top);
        byte[] small = image.resize(width, height).toBytes();
        byte[] canvas = new byte[image.width() * image.height() * 3];
        Arrays.fill(canvas, GREY);
        for (int y = 0; y < height; y++) {
            System.arraycopy(small, y * width * 3, canvas, ((top + y) * image.width() + left) * 3, width * 3);
        }
        return RgbImage.of(image.width(), image.height(), canvas);
    }
}
