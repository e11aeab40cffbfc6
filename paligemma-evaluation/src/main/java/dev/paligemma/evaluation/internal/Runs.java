package dev.paligemma.evaluation.internal;

import dev.paligemma.vision.mask.CocoRle;
import java.util.Arrays;

/**
 * A mask as run lengths that can be compared without decoding it: outside, inside, outside and so on, column by column.
 * Immutable.
 */
public final class Runs {
    private final int width;
    private final int height;
    private final int[] counts;
    private final long area;
    private int left;
    private int top;
    private int right;
    private int bottom;

    private Runs(int width, int height, int[] counts) {
        this.width = width;
        this.height = height;
        this.counts = counts;
        long inside = 0;
        for (int i = 1; i < counts.length; i += 2) {
            inside += counts[i];
        }
        area = inside;
        findBox();
    }

    /** The runs of a mask. */
    public static Runs of(CocoRle mask) {
        return new Runs(mask.width(), mask.height(), mask.counts());
    }

    /** Whether both are of pictures of one size. */
    public boolean sameSize(Runs other) {
        return width == other.width && height == other.height;
    }

    /** How many pixels are inside. */
    public long area() {
        return area;
    }

    /** The smallest box around all of them: x, y, width and height; four zeros if there are none. */
    public double[] box() {
        return area == 0 ? new double[4] : new double[] {left, top, (double) right - left, (double) bottom - top};
    }

    private void findBox() {
        left = width;
        top = height;
        int at = 0;
        for (int i = 0; i < counts.length; i++) {
            int end = at + counts[i];
            if (i % 2 == 1 && counts[i] > 0) {
                int first = at / height;
                int last = (end - 1) / height;
                left = Math.min(left, first);
                right = Math.max(right, last + 1);
                // A run that goes on in the next column touches both edges of the picture.
                top = first == last ? Math.min(top, at % height) : 0;
                bottom = first == last ? Math.max(bottom, (end - 1) % height + 1) : height;
            }
            at = end;
        }
    }

    /** How many pixels are inside both, of two masks of one picture. */
    public long shared(Runs other) {
        if (left >= other.right || other.left >= right || top >= other.bottom || other.top >= bottom) {
            return 0;
        }
        long both = 0;
        int i = 0;
        int j = 0;
        int mine = counts[0];
        int its = other.counts[0];
        while (true) {
            int step = Math.min(mine, its);
            if ((i & j & 1) == 1) {
                both += step;
            }
            mine -= step;
            its -= step;
            if (mine == 0 && ++i < counts.length) {
                mine = counts[i];
            }
            if (its == 0 && ++j < other.counts.length) {
                its = other.counts[j];
            }
            if (i == counts.length || j == other.counts.length) {
                return both;
            }
        }
    }

    /** The pixels that are inside one or the other, as a mask. */
    public static CocoRle union(CocoRle one, CocoRle other) {
        int[] a = one.counts();
        int[] b = other.counts();
        int[] merged = new int[a.length + b.length];
        int used = 0;
        boolean inside = false;
        int i = 0;
        int j = 0;
        int left = a[0];
        int right = b[0];
        while (i < a.length && j < b.length) {
            int step = Math.min(left, right);
            if (step > 0) {
                if (((i | j) & 1) == 1 != inside) {
                    inside = !inside;
                    used++;
                }
                merged[used] += step;
            }
            left -= step;
            right -= step;
            if (left == 0 && ++i < a.length) {
                left = a[i];
            }
            if (right == 0 && ++j < b.length) {
                right = b[j];
            }
        }
        return CocoRle.of(one.width(), one.height(), Arrays.copyOf(merged, used + 1));
    }
}
