package dev.paligemma.evaluation.detection;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The verdicts on all detections of one category, the surest first, by the objects of one size. Immutable.
 *
 * @param image of each detection: the place of its picture
 * @param rank of each detection among those of its picture: 0 for the surest
 * @param right of each detection, a bit for each threshold
 * @param wrong of each detection, a bit for each threshold
 * @param wanted how many objects there are in each picture that has some: place of the picture and number in turn
 */
record CategoryMatches(int[] image, byte[] rank, short[] right, short[] wrong, int[] wanted) {
    private static final int RECALLS = 101;

    /** Average precision and recall at each threshold. */
    record Curve(double[] precision, double[] recall) {
        double meanPrecision() {
            return mean(precision);
        }

        double meanRecall() {
            return mean(recall);
        }

        private static double mean(double[] values) {
            double sum = 0;
            for (double value : values) {
                sum += value;
            }
            return sum / values.length;
        }
    }

    /**
     * The curve if at most so many detections of each picture count.
     *
     * @param weights how often each picture counts; null for once
     * @return null if there is nothing to be found
     */
    @Nullable
    Curve curve(int most, int @Nullable [] weights) {
        long all = 0;
        for (int i = 0; i < wanted.length; i += 2) {
            all += (long) wanted[i + 1] * (weights == null ? 1 : weights[wanted[i]]);
        }
        if (all == 0) {
            return null;
        }
        int thresholds = ImageMatcher.THRESHOLDS.length;
        double[] precision = new double[thresholds];
        double[] recall = new double[thresholds];
        double[] precisions = new double[image.length];
        double[] recalls = new double[image.length];
        for (int t = 0; t < thresholds; t++) {
            int count = 0;
            long found = 0;
            long mistaken = 0;
            for (int d = 0; d < image.length; d++) {
                int weight = weights == null ? 1 : weights[image[d]];
                if (rank[d] >= most || weight == 0) {
                    continue;
                }
                found += (long) weight * (right[d] >> t & 1);
                mistaken += (long) weight * (wrong[d] >> t & 1);
                recalls[count] = (double) found / all;
                precisions[count] = found / (mistaken + (double) found + Math.ulp(1.0));
                count++;
            }
            recall[t] = count == 0 ? 0 : recalls[count - 1];
            precision[t] = interpolated(precisions, recalls, count);
        }
        return new Curve(precision, recall);
    }

    /** The same of each picture alone, by its place. */
    Map<Integer, CategoryMatches> byPicture() {
        Map<Integer, List<Integer>> detections = new HashMap<>();
        for (int d = 0; d < image.length; d++) {
            detections.computeIfAbsent(image[d], place -> new ArrayList<>()).add(d);
        }
        Map<Integer, CategoryMatches> pictures = new HashMap<>();
        for (int i = 0; i < wanted.length; i += 2) {
            List<Integer> own = detections.getOrDefault(wanted[i], List.of());
            int[] at = own.stream().mapToInt(Integer::intValue).toArray();
            byte[] ranks = new byte[at.length];
            short[] rights = new short[at.length];
            short[] wrongs = new short[at.length];
            for (int d = 0; d < at.length; d++) {
                ranks[d] = rank[at[d]];
                rights[d] = right[at[d]];
                wrongs[d] = wrong[at[d]];
            }
            int[] place = new int[at.length];
            Arrays.fill(place, wanted[i]);
            int[] number = {wanted[i], wanted[i + 1]};
            pictures.put(wanted[i], new CategoryMatches(place, ranks, rights, wrongs, number));
        }
        return pictures;
    }

    /** The mean, over 101 recalls, of the best precision at that recall or a higher one; 0 where no recall is so high. */
    private static double interpolated(double[] precisions, double[] recalls, int count) {
        for (int i = count - 1; i > 0; i--) {
            precisions[i - 1] = Math.max(precisions[i - 1], precisions[i]);
        }
        double sum = 0;
        int at = 0;
        for (int r = 0; r < RECALLS; r++) {
            double least = r == RECALLS - 1 ? 1 : r * 0.01;
            while (at < count && recalls[at] < least) {
                at++;
            }
            if (at == count) {
                break;
            }
            sum += precisions[at];
        }
        return sum / RECALLS;
    }
}
