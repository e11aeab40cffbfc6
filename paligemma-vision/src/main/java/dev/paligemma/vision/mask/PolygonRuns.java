package dev.paligemma.vision.mask;

import java.util.Arrays;

/**
 * Fills a polygon as {@code rleFrPoly} of COCO's {@code maskApi.c} does: its outline is walked in steps of a fifth of a
 * pixel, and each crossing of the centre of a column begins or ends a run. Confined to one thread.
 */
final class PolygonRuns {
    private static final double SCALE = 5;

    /** Bounds memory: an outline crosses a column twice, as a rule. */
    private static final int MAX_CROSSINGS = 1 << 24;

    private final int width;
    private final int height;

    /** Of crossings: column times height plus row. */
    private int[] crossings = new int[64];

    private int count;

    /** The last point of the outline; none yet if {@code started} is false. */
    private int lastX;

    private int lastY;
    private boolean started;

    private PolygonRuns(int width, int height) {
        this.width = width;
        this.height = height;
    }

    /** The lengths of runs, for points that have been checked: x and y in turn, at least three points. */
    static int[] of(int width, int height, double[] points) {
        PolygonRuns runs = new PolygonRuns(width, height);
        int corners = points.length / 2;
        for (int i = 0; i < corners; i++) {
            int next = (i + 1) % corners;
            runs.walk(
                    scaled(points[2 * i]),
                    scaled(points[2 * i + 1]),
                    scaled(points[2 * next]),
                    scaled(points[2 * next + 1]));
        }
        return runs.counts();
    }

    private static int scaled(double coordinate) {
        return (int) (SCALE * coordinate + 0.5);
    }

    /** Walks along an edge, both ends included, always from the smaller coordinate so that rounding has no direction. */
    private void walk(int fromX, int fromY, int toX, int toY) {
        int dx = Math.abs(toX - fromX);
        int dy = Math.abs(toY - fromY);
        boolean wide = dx >= dy;
        boolean back = wide ? fromX > toX : fromY > toY;
        int startX = back ? toX : fromX;
        int startY = back ? toY : fromY;
        int endX = back ? fromX : toX;
        int endY = back ? fromY : toY;
        int steps = wide ? dx : dy;
        double slope = steps == 0 ? 0 : wide ? (double) (endY - startY) / dx : (double) (endX - startX) / dy;
        for (int d = 0; d <= steps; d++) {
            int t = back ? steps - d : d;
            if (wide) {
                point(startX + t, (int) (startY + slope * t + 0.5));
            } else {
                point((int) (startX + slope * t + 0.5), startY + t);
            }
        }
    }

    private void point(int x, int y) {
        if (started && x != lastX) {
            double column = ((x < lastX ? x : x - 1) + 0.5) / SCALE - 0.5;
            if (Math.floor(column) == column && column >= 0 && column <= width - 1) {
                double row = (Math.min(y, lastY) + 0.5) / SCALE - 0.5;
                cross((int) column, (int) Math.ceil(Math.min(Math.max(row, 0), height)));
            }
        }
        lastX = x;
        lastY = y;
        started = true;
    }

    private void cross(int column, int row) {
        if (count == MAX_CROSSINGS) {
            throw new MaskException("a polygon crosses columns of pixels more than " + MAX_CROSSINGS + " times");
        }
        if (count == crossings.length) {
            crossings = Arrays.copyOf(crossings, 2 * count);
        }
        crossings[count++] = column * height + row;
    }

    /** Differences of the sorted crossings; two at one place end what they begin. */
    private int[] counts() {
        int[] places = Arrays.copyOf(crossings, count + 1);
        places[count] = width * height;
        Arrays.sort(places);
        int[] runs = new int[places.length];
        int used = 0;
        runs[used++] = places[0];
        for (int i = 1; i < places.length; i++) {
            int length = places[i] - places[i - 1];
            if (length > 0) {
                runs[used++] = length;
            } else if (i + 1 < places.length) {
                i++;
                runs[used - 1] += places[i] - places[i - 1];
            }
        }
        return Arrays.copyOf(runs, used);
    }
}
