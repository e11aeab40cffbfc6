package dev.paligemma.detection;

import dev.paligemma.constraint.LocationDistribution;
import dev.paligemma.tokenizer.PaliGemmaTokenizer;
import java.util.List;

/**
 * The probability that a box from the distributions of four edges is the same box as the one that was written: that
 * their intersection over union is at least one half. Stateless.
 *
 * <p>With overlaps {@code u} and {@code v} of the two boxes along x and y, sides {@code w} and {@code h} of the written box
 * and {@code w'} and {@code h'} of the other, intersection over union is {@code uv / (wh + w'h' - uv)}; it is at least one
 * half where {@code 3uv >= wh + w'h'}. The edges are independent, so that the pairs {@code (w', u)} and {@code (h', v)} are
 * too: each side has a table of its pairs, and the sum is over two tables instead of four edges. Lengths are in steps, a code
 * or 1/128 of a longer side; more exact ones move the result by less than 0.001.
 */
final class BoxOverlap {
    /** The most steps of a side. */
    private static final int STEPS = 128;

    private BoxOverlap() {}

    /** The probability, 0 to 1, by the distributions of the four codes in the model's order. */
    static double probability(LocationCodes box, List<LocationDistribution> edges) {
        LocationDistribution top = edges.get(0);
        LocationDistribution left = edges.get(1);
        LocationDistribution bottom = edges.get(2);
        LocationDistribution right = edges.get(3);
        if (box.bottom() <= box.top() || box.right() <= box.left()) {
            // Without area, only an equal box is the same.
            return top.probability(box.top())
                    * left.probability(box.left())
                    * bottom.probability(box.bottom())
                    * right.probability(box.right());
        }
        Side x = new Side(box.left(), box.right(), left, right);
        Side y = new Side(box.top(), box.bottom(), top, bottom);
        double[][] atLeast = x.atLeast();
        double sum = 0;
        for (int height = 0; height <= 2 * y.steps; height++) {
            for (int overlap = 1; overlap <= y.steps; overlap++) {
                double weight = y.pairs[height][overlap];
                if (weight > 0) {
                    sum += weight * wideEnough(x, atLeast, x.steps * y.steps, height, 3 * overlap);
                }
            }
        }
        return Math.min(1, sum);
    }

    /** The probability that the other box covers enough of x, by its height and three times its overlap along y. */
    private static double wideEnough(Side x, double[][] atLeast, int area, int height, int overlap3) {
        double sum = 0;
        for (int width = 0; width <= 2 * x.steps; width++) {
            int needed = (area + width * height + overlap3 - 1) / overlap3;
            if (needed <= x.steps) {
                sum += atLeast[width][needed];
            }
        }
        return sum;
    }

    /** One side of the box: what the other box's length and overlap along it may be. */
    private static final class Side {
        final int steps;

        /** The probabilities of the other length, up to twice this one, and the overlap, up to this one, in steps. */
        final double[][] pairs;

        Side(int low, int high, LocationDistribution lows, LocationDistribution highs) {
            steps = Math.min(STEPS, high - low);
            double scale = (double) steps / (high - low);
            double[] lowMoves = moves(low, lows, scale);
            double[] highMoves = moves(high, highs, scale);
            pairs = new double[2 * steps + 1][steps + 1];
            for (int lowMove = -steps; lowMove <= steps; lowMove++) {
                for (int highMove = -steps; highMove <= steps; highMove++) {
                    int length = steps + highMove - lowMove;
                    int overlap = Math.min(steps, steps + highMove) - Math.max(0, lowMove);
                    // Less than half of the union along one side is less than half of the area.
                    if (overlap > 0 && 3 * overlap >= steps + length) {
                        pairs[length][overlap] += lowMoves[lowMove + steps] * highMoves[highMove + steps];
                    }
                }
            }
        }

        /** The probabilities that an edge lies so many steps from where it was written, from {@code -steps} on. */
        private double[] moves(int written, LocationDistribution edge, double scale) {
            double[] moves = new double[2 * steps + 1];
            int reach = (int) Math.ceil((steps + 0.5) / scale);
            int last = Math.min(PaliGemmaTokenizer.LOCATIONS - 1, written + reach);
            for (int code = Math.max(0, written - reach); code <= last; code++) {
                int move = (int) Math.rint((code - written) * scale);
                if (Math.abs(move) <= steps) {
                    moves[move + steps] += edge.probability(code);
                }
            }
            return moves;
        }

        /** The pairs, added up over all overlaps from this one on. */
        double[][] atLeast() {
            double[][] sums = new double[pairs.length][];
            for (int length = 0; length < pairs.length; length++) {
                sums[length] = pairs[length].clone();
                for (int overlap = steps - 1; overlap >= 0; overlap--) {
                    sums[length][overlap] += sums[length][overlap + 1];
                }
            }
            return sums;
        }
    }
}
