package dev.paligemma.detection.internal;

import dev.paligemma.vision.PixelBox;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * A place at a box where a tag could stand.
 *
 * @param box inside of the picture
 * @param cost how far it is from where one looks first: 0 is above the left corner
 */
record Place(PixelBox box, double cost) {
    private static final int STEPS = 8;

    /**
     * The places that touch a box, or lie within at its edge.
     *
     * @param tag a box of the tag's size, no larger than the picture
     */
    static List<Place> around(PixelBox target, PixelBox tag, int width, int height) {
        int columns = (int) tag.width();
        int rows = (int) tag.height();
        List<Place> places = new ArrayList<>();
        int above = target.top() - rows;
        int below = target.bottom();
        int inTop = Math.min(target.top(), height - rows);
        int inBottom = Math.max(target.bottom() - rows, 0);
        double aside = 0;
        for (int left : along(target.left(), target.right() - columns)) {
            int x = Math.max(0, Math.min(left, width - columns));
            add(places, x, above, 0 + aside, tag, height);
            add(places, x, below, 0.2 + aside, tag, height);
            add(places, x, inTop, 0.3 + aside, tag, height);
            add(places, x, inBottom, 0.4 + aside, tag, height);
            aside += 0.05;
        }
        aside = 0;
        for (int top : along(target.top(), target.bottom() - rows)) {
            int y = Math.max(0, Math.min(top, height - rows));
            for (int left : List.of(target.right(), target.left() - columns)) {
                if (left >= 0 && left <= width - columns) {
                    add(places, left, y, 0.5 + aside, tag, height);
                    add(places, left, above, 0.6 + aside, tag, height);
                    add(places, left, below, 0.7 + aside, tag, height);
                }
            }
            aside += 0.05;
        }
        return places;
    }

    private static void add(List<Place> places, int left, int top, double cost, PixelBox tag, int height) {
        int bottom = top + (int) tag.height();
        if (top >= 0 && bottom <= height) {
            places.add(new Place(new PixelBox(left, top, left + (int) tag.width(), bottom), cost));
        }
    }

    /** The first, the last, and some between them. */
    private static Set<Integer> along(int first, int last) {
        Set<Integer> positions = new TreeSet<>(first <= last ? null : (a, b) -> Integer.compare(b, a));
        for (int i = 0; i <= STEPS; i++) {
            positions.add(first + (int) Math.round((last - first) * (double) i / STEPS));
        }
        return positions;
    }
}
