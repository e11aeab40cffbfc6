package dev.paligemma.vision.mask;

import dev.paligemma.vision.PixelBox;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Follows the borders of a mask along pixel edges, always with the object on the right hand.
 *
 * <p>Pixels are visited row by row. The topmost, leftmost upper edge of a region is met before any other edge of it, so an
 * upper edge that no line has passed yet begins the exterior of a new region. Likewise the lower edge above the topmost,
 * leftmost pixel of a gap is the first of that gap's edges to be met, and an unpassed lower edge begins a hole. To find
 * the region of a hole, look left from its first pixel to the start of that row's run: the left edge there belongs to the
 * exterior of the same region or to another of its holes, and has been passed already.
 */
final class OutlineTracer {
    private static final int EAST = 0;
    private static final int SOUTH = 1;
    private static final int WEST = 2;
    private static final int NORTH = 3;
    private static final int[] DX = {1, 0, -1, 0};
    private static final int[] DY = {0, 1, 0, -1};

    private final BitMask mask;
    private final PixelBox box;
    private final int columns;
    private final BitSet passedUpper;
    private final BitSet passedLower;

    /** For each pixel of the box, the region whose line passed its left edge. */
    private final int[] leftRegion;

    private final List<PixelRing> exteriors = new ArrayList<>();
    private final List<List<PixelRing>> holes = new ArrayList<>();

    private OutlineTracer(BitMask mask) {
        this.mask = mask;
        box = mask.boundingBox();
        columns = (int) box.width();
        int pixels = columns * (int) box.height();
        passedUpper = new BitSet(pixels);
        passedLower = new BitSet(pixels);
        leftRegion = new int[pixels];
    }

    static List<MaskPolygon> trace(BitMask mask) {
        return new OutlineTracer(mask).trace();
    }

    private List<MaskPolygon> trace() {
        for (int y = box.top(); y < box.bottom(); y++) {
            int region = -1;
            boolean before = false;
            for (int x = box.left(); x < box.right(); x++) {
                boolean inside = mask.contains(x, y);
                if (inside) {
                    if (!inside(x, y - 1) && !passedUpper.get(pixel(x, y))) {
                        exteriors.add(follow(x, y, EAST, exteriors.size()));
                        holes.add(new ArrayList<>());
                    }
                    if (!before) {
                        region = leftRegion[pixel(x, y)];
                    }
                    if (!inside(x, y + 1) && !passedLower.get(pixel(x, y))) {
                        holes.get(region).add(follow(x + 1, y + 1, WEST, region));
                    }
                }
                before = inside;
            }
        }
        List<MaskPolygon> polygons = new ArrayList<>();
        for (int i = 0; i < exteriors.size(); i++) {
            polygons.add(new MaskPolygon(exteriors.get(i), holes.get(i)));
        }
        return List.copyOf(polygons);
    }

    /** Walks from a corner until it comes back there in the same direction. */
    private PixelRing follow(int startX, int startY, int startDirection, int region) {
        IntStream.Builder corners = IntStream.builder();
        int x = startX;
        int y = startY;
        int direction = startDirection;
        do {
            mark(x, y, direction, region);
            x += DX[direction];
            y += DY[direction];
            int turned = turn(x, y, direction);
            if (turned != direction) {
                corners.add(x).add(y);
            }
            direction = turned;
        } while (x != startX || y != startY || direction != startDirection);
        return new PixelRing(corners.build().toArray());
    }

    /** Notes the edge that leaves a corner; the pixel on its right belongs to the object. */
    private void mark(int x, int y, int direction, int region) {
        switch (direction) {
            case EAST -> passedUpper.set(pixel(x, y));
            case WEST -> passedLower.set(pixel(x - 1, y - 1));
            case NORTH -> leftRegion[pixel(x, y - 1)] = region;
            default -> {
                // Nobody asks about right edges.
            }
        }
    }

    /**
     * The direction behind a corner. Right comes first: where only corners of pixels touch, the line stays with the pixel it
     * came along.
     */
    private int turn(int x, int y, int direction) {
        if (!aheadRight(x, y, direction)) {
            return (direction + 1) % 4;
        }
        return aheadRight(x, y, (direction + 3) % 4) ? (direction + 3) % 4 : direction;
    }

    /** Whether the pixel ahead and to the right of a corner belongs to the object. */
    private boolean aheadRight(int x, int y, int direction) {
        return switch (direction) {
            case EAST -> inside(x, y);
            case SOUTH -> inside(x - 1, y);
            case WEST -> inside(x - 1, y - 1);
            default -> inside(x, y - 1);
        };
    }

    private boolean inside(int x, int y) {
        return box.contains(x, y) && mask.contains(x, y);
    }

    private int pixel(int x, int y) {
        return (y - box.top()) * columns + x - box.left();
    }
}
