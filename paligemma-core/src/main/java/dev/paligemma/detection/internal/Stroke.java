package dev.paligemma.detection.internal;

import dev.paligemma.vision.PixelBox;
import dev.paligemma.vision.mask.ImageMask;

/**
 * Draws the edges of boxes and masks: a line of their colour just inside, and beside it a thin dark or light one, the halo,
 * that keeps the line apart from a picture of the same colour.
 *
 * @param line in pixels, 1 to {@link #THICKEST}
 */
public record Stroke(int line) {
    /** Distances of {@link #distances} must fit into a byte. */
    public static final int THICKEST = 60;

    /** How much of the picture the halo covers, of {@link Canvas#OPAQUE}. */
    private static final int HALO = 192;

    /** A pixel of a mask is more likely than this. */
    private static final float THRESHOLD = 0.5f;

    private static final int STRAIGHT = 3;
    private static final int DIAGONAL = 4;

    /** The line, thinner at a small box so that something is seen of what is inside. */
    private int thickness(PixelBox box) {
        return Math.max(1, (int) Math.min(line, Math.min(box.width(), box.height()) / 6));
    }

    /** Pixels beside a line. */
    private static int halo(int thickness) {
        return (thickness + 2) / 3;
    }

    /** Draws the edge of a box: the line inside, a halo outside, and one within the line if there is room for it. */
    public void frame(Canvas canvas, PixelBox box, int colour) {
        int thickness = thickness(box);
        int halo = halo(thickness);
        int ink = Ink.on(colour);
        canvas.ring(Canvas.grow(box, halo), halo, ink, HALO);
        canvas.ring(box, thickness, colour, Canvas.OPAQUE);
        if (Math.min(box.width(), box.height()) >= 8L * (thickness + halo)) {
            canvas.ring(Canvas.grow(box, -thickness), halo, ink, HALO);
        }
    }

    /** Mixes a colour into the pixels of a mask. */
    public static void tint(Canvas canvas, ImageMask mask, int colour, int share) {
        PixelBox box = mask.box();
        for (int y = box.top(); y < box.bottom(); y++) {
            for (int x = box.left(); x < box.right(); x++) {
                if (mask.probability(x, y) > THRESHOLD) {
                    canvas.blend(x, y, colour, share);
                }
            }
        }
    }

    /** Draws the edges of a mask, those of its holes too: the line on the pixels of the mask, the halo around them. */
    public void outline(Canvas canvas, ImageMask mask, int colour) {
        int thickness = thickness(mask.box());
        int halo = halo(thickness);
        int margin = halo + 1;
        PixelBox region = Canvas.grow(mask.box(), margin);
        int columns = (int) region.width();
        int rows = (int) region.height();
        boolean[] inside = new boolean[Math.multiplyExact(columns, rows)];
        for (int y = margin; y < rows - margin; y++) {
            for (int x = margin; x < columns - margin; x++) {
                inside[y * columns + x] = mask.probability(region.left() + x, region.top() + y) > THRESHOLD;
            }
        }
        byte[] distances = distances(inside, columns, rows);
        int ink = Ink.on(colour);
        for (int y = 0; y < rows; y++) {
            for (int x = 0; x < columns; x++) {
                int p = y * columns + x;
                int distance = distances[p] & 255;
                if (inside[p] && distance <= STRAIGHT * thickness) {
                    canvas.blend(region.left() + x, region.top() + y, colour, Canvas.OPAQUE);
                } else if (!inside[p] && distance <= STRAIGHT * halo) {
                    canvas.blend(region.left() + x, region.top() + y, ink, HALO);
                }
            }
        }
    }

    /**
     * How far each pixel is from the nearest one of the other kind, in thirds of a pixel, at most 255: the chamfer distance,
     * 3 for a straight step and 4 for a diagonal one, which is close to the Euclidean one. There is nothing beyond the array.
     */
    private static byte[] distances(boolean[] inside, int columns, int rows) {
        byte[] distances = new byte[inside.length];
        for (int y = 0; y < rows; y++) {
            for (int x = 0; x < columns; x++) {
                int p = y * columns + x;
                int least = 255;
                if (x > 0) {
                    least = nearer(least, inside, distances, p, p - 1, STRAIGHT);
                }
                if (y > 0) {
                    least = nearer(least, inside, distances, p, p - columns, STRAIGHT);
                    least = x == 0 ? least : nearer(least, inside, distances, p, p - columns - 1, DIAGONAL);
                    least = x == columns - 1 ? least : nearer(least, inside, distances, p, p - columns + 1, DIAGONAL);
                }
                distances[p] = (byte) least;
            }
        }
        for (int y = rows - 1; y >= 0; y--) {
            for (int x = columns - 1; x >= 0; x--) {
                int p = y * columns + x;
                int least = distances[p] & 255;
                if (x < columns - 1) {
                    least = nearer(least, inside, distances, p, p + 1, STRAIGHT);
                }
                if (y < rows - 1) {
                    least = nearer(least, inside, distances, p, p + columns, STRAIGHT);
                    least = x == 0 ? least : nearer(least, inside, distances, p, p + columns - 1, DIAGONAL);
                    least = x == columns - 1 ? least : nearer(least, inside, distances, p, p + columns + 1, DIAGONAL);
                }
                distances[p] = (byte) least;
            }
        }
        return distances;
    }

    private static int nearer(int least, boolean[] inside, byte[] distances, int p, int neighbour, int step) {
        return Math.min(least, inside[p] == inside[neighbour] ? (distances[neighbour] & 255) + step : step);
    }
}
