package dev.paligemma.evaluation.detection;

import java.util.Arrays;

/**
 * Says which detections of one category in one picture are right: at each threshold every detection, the surest first, takes
 * the free object with which it overlaps most. Immutable.
 */
final class ImageMatcher {
    /** 0.5 to 0.95 in steps of 0.05, to the bit as numpy's linspace has them. */
    static final double[] THRESHOLDS = thresholds();

    /** More in one picture and category are not looked at. */
    static final int MOST = 100;

    /** What overlaps altogether is right at any threshold, whatever rounding left of it. */
    private static final double NEARLY_ALL = 1 - 1e-10;

    private final double[][] overlaps;
    private final double[] foundAreas;
    private final double[] areas;
    private final boolean[] crowds;

    /**
     * The detections with the highest scores, surest first, and the objects.
     *
     * @param overlaps of each detection with each object: {@code [detections][objects]}
     * @param foundAreas of the detections
     * @param areas of the objects
     * @param crowds which objects are crowds
     */
    ImageMatcher(double[][] overlaps, double[] foundAreas, double[] areas, boolean[] crowds) {
        this.overlaps = overlaps;
        this.foundAreas = foundAreas;
        this.areas = areas;
        this.crowds = crowds;
    }

    private static double[] thresholds() {
        double[] values = new double[10];
        double step = (0.95 - 0.5) / (values.length - 1);
        for (int i = 0; i < values.length; i++) {
            values[i] = i * step + 0.5;
        }
        values[values.length - 1] = 0.95;
        return values;
    }

    /** One bit for each threshold: whether a detection is right, and whether it is wrong; neither if it does not count. */
    record Verdict(short[] right, short[] wrong, int wanted) {}

    /** Judges the detections by the objects of one size; the others, and crowds, neither help nor harm. */
    Verdict judge(Area size) {
        int objects = areas.length;
        boolean[] ignored = new boolean[objects];
        int wanted = 0;
        for (int g = 0; g < objects; g++) {
            ignored[g] = crowds[g] || !size.holds(areas[g]);
            wanted += ignored[g] ? 0 : 1;
        }
        int[] order = wantedFirst(ignored, wanted);
        short[] right = new short[foundAreas.length];
        short[] wrong = new short[foundAreas.length];
        boolean[] taken = new boolean[objects];
        for (int t = 0; t < THRESHOLDS.length; t++) {
            Arrays.fill(taken, false);
            for (int d = 0; d < foundAreas.length; d++) {
                int match = match(overlaps[d], Math.min(THRESHOLDS[t], NEARLY_ALL), order, ignored, taken);
                if (match >= 0) {
                    taken[match] = true;
                    right[d] |= (short) (ignored[match] ? 0 : 1 << t);
                } else if (size.holds(foundAreas[d])) {
                    wrong[d] |= (short) (1 << t);
                }
            }
        }
        return new Verdict(right, wrong, wanted);
    }

    private static int[] wantedFirst(boolean[] ignored, int wanted) {
        int[] order = new int[ignored.length];
        int first = 0;
        int last = wanted;
        for (int g = 0; g < ignored.length; g++) {
            order[ignored[g] ? last++ : first++] = g;
        }
        return order;
    }

    /** The object that a detection takes, -1 for none; of several with the same overlap the last. */
    private int match(double[] overlap, double threshold, int[] order, boolean[] ignored, boolean[] taken) {
        double best = threshold;
        int match = -1;
        for (int g : order) {
            if (taken[g] && !crowds[g]) {
                continue;
            }
            if (match >= 0 && !ignored[match] && ignored[g]) {
                break;
            }
            if (overlap[g] >= best) {
                best = overlap[g];
                match = g;
            }
        }
        return match;
    }
}
