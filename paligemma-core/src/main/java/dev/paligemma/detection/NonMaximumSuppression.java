package dev.paligemma.detection;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Removes boxes that show the same thing twice: greedy non-maximum suppression, label by label. Stateless, thread-safe.
 *
 * <p>The most confident box is kept; every other box of the same label that overlaps it by more than a threshold is
 * dropped; the same again with the most confident of those left. Of equally confident boxes the one that stands first in
 * the list goes first; boxes of unknown confidence come last. Boxes with different labels never suppress each other.
 */
public final class NonMaximumSuppression {
    private NonMaximumSuppression() {}

    /**
     * The boxes of one picture that are kept, in the order of the list.
     *
     * @param maxIou the highest intersection over union that two kept boxes of one label may have, 0 to 1; with 1 all
     *     are kept
     * @throws IllegalArgumentException if the limit is out of its range
     */
    public static List<Detection> apply(List<Detection> detections, double maxIou) {
        BitSet kept = kept(detections, maxIou);
        return IntStream.range(0, detections.size())
                .filter(kept::get)
                .mapToObj(detections::get)
                .toList();
    }

    /** The places of the boxes that are kept. */
    static BitSet kept(List<Detection> detections, double maxIou) {
        DetectionOptions.requireFraction("maxIou", maxIou);
        BitSet kept = new BitSet();
        if (maxIou == 1) { // nothing overlaps more
            kept.set(0, detections.size());
            return kept;
        }
        List<Detection> winners = new ArrayList<>();
        IntStream.range(0, detections.size())
                .boxed()
                .sorted(Comparator.comparingDouble(i -> -rank(detections.get(i)))) // stable: else as listed
                .forEach(i -> {
                    Detection candidate = detections.get(i);
                    if (winners.stream()
                            .noneMatch(winner -> winner.label().equals(candidate.label())
                                    && winner.box().iou(candidate.box()) > maxIou)) {
                        winners.add(candidate);
                        kept.set(i);
                    }
                });
        return kept;
    }

    private static double rank(Detection detection) {
        return Double.isNaN(detection.confidence()) ? -1 : detection.confidence();
    }
}
