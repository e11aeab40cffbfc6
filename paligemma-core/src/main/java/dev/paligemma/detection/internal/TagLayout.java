package dev.paligemma.detection.internal;

import dev.paligemma.vision.PixelBox;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Where tags stand: inside of the picture, none on another, each at its box if possible. The same things get the same
 * places on every machine that measures letters alike.
 *
 * <p>Small boxes choose first. A tag takes the place at its box, above, below, inside or beside, that is best by
 * {@link Place#cost}. Of a few sizes of letters the one wins with which most tags find such a place; the others
 * go to the nearest free one. Where even that fails letters become smaller still, and then names are cut. Nothing is left
 * out before a tag of one letter has no place.
 */
public final class TagLayout {
    /** Letters smaller than this are hard to read, and smaller than {@link #SMALLEST} cannot be. */
    private static final int LEGIBLE = 9;

    private static final int SMALLEST = 7;
    private static final double[] SHARES = {1, 0.85, 0.7, 0.6};

    /** The widest text in sizes of its letters, where names must be cut. */
    private static final double[] CUTS = {8, 5, 3, 1.5, 0};

    private final List<Tag> tags;
    private final int width;
    private final int height;
    private final Lettering lettering;

    private TagLayout(List<Tag> tags, int width, int height, Lettering lettering) {
        this.tags = tags;
        this.width = width;
        this.height = height;
        this.lettering = lettering;
    }

    /**
     * Finds a place for each tag.
     *
     * @param width of the picture
     * @param height of the picture
     * @param size of the letters where there is room
     * @return in the order in which they were placed; shorter than the list of tags only if the picture is full, or too low for a letter
     */
    public static List<PlacedTag> place(List<Tag> tags, int width, int height, int size, Lettering lettering) {
        int least = Math.min(size, SMALLEST);
        boolean hasRoom = lettering.height("x", least) + 2 * insetY(least) <= height;
        return tags.isEmpty() || !hasRoom ? List.of() : new TagLayout(tags, width, height, lettering).place(size);
    }

    private List<PlacedTag> place(int size) {
        Attempt best = null;
        List<Attempt> attempts = new ArrayList<>();
        for (int each : sizes(size)) {
            Attempt attempt = new Attempt(each, Math.max(Math.min(width / 3, 18 * each), 10 * each));
            attempt.placeAtBoxes();
            attempts.add(attempt);
            if (best == null || attempt.placed.size() > best.placed.size()) {
                best = attempt;
            }
            if (attempt.isComplete()) {
                return attempt.placed;
            }
        }
        Attempt fullest = best;
        attempts.removeIf(attempt -> fullest != null && attempt.size > fullest.size);
        int least = Math.min(size, SMALLEST);
        for (double cut : CUTS) {
            attempts.add(new Attempt(least, (int) (cut * least)));
        }
        for (Attempt attempt : attempts) {
            attempt.placeAtBoxes();
            attempt.placeElsewhere();
            if (attempt.isComplete()) {
                return attempt.placed;
            }
            best = best == null || attempt.placed.size() >= best.placed.size() ? attempt : best;
        }
        return best == null ? List.of() : best.placed;
    }

    private static Set<Integer> sizes(int size) {
        Set<Integer> sizes = new LinkedHashSet<>();
        for (double share : SHARES) {
            sizes.add(Math.max(Math.min(size, LEGIBLE), (int) Math.round(size * share)));
        }
        return sizes;
    }

    /** All tags with letters of one size. */
    private final class Attempt {
        private final int size;
        private final int widest;
        private final List<PlacedTag> placed = new ArrayList<>();
        private List<Integer> left;

        Attempt(int size, int widest) {
            this.size = size;
            this.widest = widest;
            this.left = IntStream.range(0, tags.size())
                    .boxed()
                    .sorted(Comparator.comparingLong(i -> area(tags.get(i).target())))
                    .toList();
        }

        boolean isComplete() {
            return left.isEmpty();
        }

        void placeAtBoxes() {
            List<Integer> homeless = new ArrayList<>();
            for (int index : left) {
                PlacedTag tag = measured(index);
                Place.around(tags.get(index).target(), tag.box(), width, height).stream()
                        .filter(place -> isFree(place.box()))
                        .min(Comparator.comparingDouble(place -> place.cost() + hidden(place.box(), index)))
                        .ifPresentOrElse(place -> placed.add(at(tag, place.box())), () -> homeless.add(index));
            }
            left = homeless;
        }

        /** Gives up at the first tag that finds no place, if others of its size cannot find one either. */
        void placeElsewhere() {
            List<Integer> homeless = new ArrayList<>();
            PixelBox tooLarge = null;
            for (int index : left) {
                PlacedTag tag = measured(index);
                if (tooLarge != null
                        && tag.box().width() >= tooLarge.width()
                        && tag.box().height() >= tooLarge.height()) {
                    homeless.add(index);
                    continue;
                }
                Optional<PixelBox> place = nearest(tags.get(index).target(), tag.box());
                if (place.isPresent()) {
                    placed.add(at(tag, place.get()));
                } else {
                    homeless.add(index);
                    tooLarge = tag.box();
                }
            }
            left = homeless;
        }

        /** A tag at the origin. */
        private PlacedTag measured(int index) {
            int inset = 2 * insetX(size);
            String text = tags.get(index).fit(lettering, size, Math.min(width, widest) - inset);
            int columns = Math.min(width, lettering.width(text, size) + inset);
            int rows = Math.min(height, lettering.height(text, size) + 2 * insetY(size));
            return new PlacedTag(index, text, size, new PixelBox(0, 0, columns, rows));
        }

        private PlacedTag at(PlacedTag tag, PixelBox place) {
            return new PlacedTag(tag.index(), tag.text(), tag.size(), place);
        }

        private boolean isFree(PixelBox place) {
            return placed.stream()
                    .allMatch(other -> other.box().intersect(place).isEmpty());
        }

        /** How much of other things, or of its own, a tag would hide, most of all of small ones. */
        private double hidden(PixelBox place, int index) {
            double hidden = 0;
            for (int i = 0; i < tags.size(); i++) {
                PixelBox other = tags.get(i).target();
                double common = area(place.intersect(other));
                if (common > 0) {
                    hidden += i == index ? common / area(other) : 0.6 * common / Math.min(area(other), area(place));
                }
            }
            return hidden;
        }

        /** The free place with the least gap to a box, then the one closest to its left upper corner. */
        private Optional<PixelBox> nearest(PixelBox target, PixelBox tag) {
            int columns = (int) tag.width();
            int rows = (int) tag.height();
            PixelBox best = null;
            long least = Long.MAX_VALUE;
            for (int top : rowsToTry(rows)) {
                PixelBox place = nearestInRow(target, columns, top, top + rows);
                if (place != null) {
                    long distance = 4 * gap(place, target)
                            + Math.abs(place.left() - target.left())
                            + Math.abs(place.bottom() - target.top());
                    if (distance < least) {
                        least = distance;
                        best = place;
                    }
                }
            }
            return Optional.ofNullable(best);
        }

        private Set<Integer> rowsToTry(int rows) {
            Set<Integer> tops = new TreeSet<>();
            for (int top = 0; top <= height - rows; top += Math.max(1, rows / 2)) {
                tops.add(top);
            }
            tops.add(height - rows);
            if (placed.size() < 200) { // to pack closely; where there are more it would take long
                for (PlacedTag other : placed) {
                    tops.add(Math.min(other.box().bottom(), height - rows));
                    tops.add(Math.max(other.box().top() - rows, 0));
                }
            }
            return tops;
        }

        /** The free place in these rows that is closest to the left side of the target. */
        private @Nullable PixelBox nearestInRow(PixelBox target, int columns, int top, int bottom) {
            PixelBox row = new PixelBox(0, top, width, bottom);
            List<PixelBox> taken = placed.stream()
                    .map(other -> other.box().intersect(row))
                    .filter(box -> !box.isEmpty())
                    .sorted(Comparator.comparingInt(PixelBox::left))
                    .toList();
            int best = -1;
            int from = 0;
            for (int i = 0; i <= taken.size(); i++) {
                int to = i < taken.size() ? taken.get(i).left() : width;
                if (to - from >= columns) {
                    int x = Math.max(from, Math.min(target.left(), to - columns));
                    if (best < 0 || Math.abs(x - target.left()) < Math.abs(best - target.left())) {
                        best = x;
                    }
                }
                from = i < taken.size() ? Math.max(from, taken.get(i).right()) : from;
            }
            return best < 0 ? null : new PixelBox(best, top, best + columns, bottom);
        }
    }

    /** From a tag's side to its letters: the border and some room. */
    static int insetX(int size) {
        return border(size) + Math.max(1, size / 5);
    }

    /** From a tag's upper or lower edge to its letters. */
    static int insetY(int size) {
        return border(size) + size / 12;
    }

    /** Of the line around a tag. */
    static int border(int size) {
        return Math.max(1, size / 16);
    }

    /** Pixels between two boxes, straight across and down; 0 if they touch. */
    static long gap(PixelBox one, PixelBox other) {
        int across = Math.max(0, Math.max(one.left() - other.right(), other.left() - one.right()));
        int down = Math.max(0, Math.max(one.top() - other.bottom(), other.top() - one.bottom()));
        return (long) across + down;
    }

    static long area(PixelBox box) {
        return box.width() * box.height();
    }
}
