package dev.paligemma.generation.internal;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Which boxes of two answers are the same thing.
 *
 * <p>Boxes with equal labels that overlap are paired one to one, the pair with the largest intersection over union first
 * (of equal ones the pair that is written first); all others stay alone.
 *
 * @param boxes the pairs and the boxes left alone on both sides, counted together
 * @param totalIou the sum of the intersections over unions of the pairs
 */
record BoxMatching(int boxes, double totalIou) {
    private record Pair(int reference, int other, double iou) {}

    static BoxMatching of(List<LocatedBox> reference, List<LocatedBox> other) {
        List<Pair> candidates = new ArrayList<>();
        for (int i = 0; i < reference.size(); i++) {
            for (int j = 0; j < other.size(); j++) {
                double iou = reference.get(i).iou(other.get(j));
                if (iou > 0 && reference.get(i).label().equals(other.get(j).label())) {
                    candidates.add(new Pair(i, j, iou));
                }
            }
        }
        candidates.sort(Comparator.comparingDouble(Pair::iou).reversed()); // stable: else as written
        boolean[] referenceTaken = new boolean[reference.size()];
        boolean[] otherTaken = new boolean[other.size()];
        int pairs = 0;
        double total = 0;
        for (Pair pair : candidates) {
            if (!referenceTaken[pair.reference] && !otherTaken[pair.other]) {
                referenceTaken[pair.reference] = true;
                otherTaken[pair.other] = true;
                pairs++;
                total += pair.iou;
            }
        }
        return new BoxMatching(reference.size() + other.size() - pairs, total);
    }
}
