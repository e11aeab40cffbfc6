package dev.paligemma.retrieval;

import java.util.Arrays;

/**
 * Makes fewer rows of a page: rows that say nearly the same become one, their mean, brought to the length 1. Much of a page is
 * white, so a third of the rows finds nearly the same pages. Stateless.
 */
public final class RowPooling {
    /** The most rows that are pooled, as all pairs of them are compared. */
    private static final int MAX_ROWS = 8_192;

    private RowPooling() {}

    /**
     * Pools the rows of a page, not of a query. Groups are joined, the two whose means are closest by Ward's rule first, until there are
     * as many as wanted, as {@code HierarchicalTokenPooler} of colpali_engine does; that compares rows by their likeness to all
     * others, here they are compared themselves.
     *
     * @param rows at most 8192
     * @param factor how many rows become one on average, at least 1; 1 changes nothing
     * @return {@code max(1, R / factor)} rows, in the order of the first row of each group
     * @throws IllegalArgumentException if the factor is below 1 or there are too many rows
     */
    public static Rows pool(Rows rows, int factor) {
        if (factor < 1) {
            throw new IllegalArgumentException("factor must be at least 1, got " + factor);
        }
        if (rows.count() > MAX_ROWS) {
            throw new IllegalArgumentException(
                    "at most " + MAX_ROWS + " rows are pooled, got " + rows.count() + "; pool page by page");
        }
        int wanted = Math.max(1, rows.count() / factor);
        return wanted == rows.count() ? rows : new Groups(rows).joinedTo(wanted);
    }

    /**
     * Groups of rows by their sums. Pairs are found along a chain of nearest neighbours, which takes time of the square of the number
     * of rows, and are joined in the order of their costs.
     */
    private static final class Groups {
        private final int count;
        private final int width;
        private final float[] sums;
        private final int[] sizes;

        Groups(Rows rows) {
            this.count = rows.count();
            this.width = rows.width();
            this.sums = rows.toArray();
            this.sizes = new int[count];
            Arrays.fill(sizes, 1);
        }

        /** Two groups by one row of each, and what joining them costs. */
        private record Pair(int first, int second, double cost) {}

        Rows joinedTo(int wanted) {
            float[] original = sums.clone();
            Pair[] pairs = allPairs();
            Arrays.sort(pairs, (a, b) -> Double.compare(a.cost, b.cost));
            int[] root = new int[count];
            for (int i = 0; i < count; i++) {
                root[i] = i;
            }
            for (int i = 0; i < count - wanted; i++) {
                int a = find(root, pairs[i].first);
                int b = find(root, pairs[i].second);
                root[Math.max(a, b)] = Math.min(a, b);
            }
            return means(original, root, wanted);
        }

        /** All pairs that are joined until one group is left. */
        private Pair[] allPairs() {
            Pair[] pairs = new Pair[count - 1];
            int[] chain = new int[count];
            int length = 0;
            for (int made = 0; made < pairs.length; ) {
                if (length == 0) {
                    chain[length++] = firstAlive();
                }
                int top = chain[length - 1];
                int before = length > 1 ? chain[length - 2] : -1;
                int nearest = nearest(top, before);
                if (nearest != before) {
                    chain[length++] = nearest;
                    continue;
                }
                pairs[made++] = new Pair(top, before, cost(top, before));
                length -= 2;
                join(Math.min(top, before), Math.max(top, before));
            }
            return pairs;
        }

        private int firstAlive() {
            int i = 0;
            while (sizes[i] == 0) {
                i++;
            }
            return i;
        }

        /** The nearest group; of equal ones the preferred one, so that the chain ends. */
        private int nearest(int group, int preferred) {
            int best = preferred;
            double least = preferred < 0 ? Double.POSITIVE_INFINITY : cost(group, preferred);
            for (int other = 0; other < count; other++) {
                if (other != group && sizes[other] > 0) {
                    double cost = cost(group, other);
                    if (cost < least) {
                        least = cost;
                        best = other;
                    }
                }
            }
            return best;
        }

        /** Ward's: by how much the squared distances to the means grow. */
        private double cost(int a, int b) {
            float scaleA = 1f / sizes[a];
            float scaleB = 1f / sizes[b];
            float squares = 0;
            for (int i = 0; i < width; i++) {
                float difference = sums[a * width + i] * scaleA - sums[b * width + i] * scaleB;
                squares += difference * difference;
            }
            return (double) squares * sizes[a] * sizes[b] / (sizes[a] + sizes[b]);
        }

        private void join(int kept, int gone) {
            for (int i = 0; i < width; i++) {
                sums[kept * width + i] += sums[gone * width + i];
            }
            sizes[kept] += sizes[gone];
            sizes[gone] = 0;
        }

        private static int find(int[] root, int row) {
            int at = row;
            while (root[at] != at) {
                at = root[at];
            }
            return at;
        }

        private Rows means(float[] rows, int[] root, int wanted) {
            int[] place = new int[count];
            float[] means = new float[wanted * width];
            int groups = 0;
            for (int row = 0; row < count; row++) {
                int group = find(root, row);
                if (group == row) {
                    place[row] = groups++;
                }
                for (int i = 0; i < width; i++) {
                    means[place[group] * width + i] += rows[row * width + i];
                }
            }
            return Vectors.normalised(means, width);
        }
    }
}
