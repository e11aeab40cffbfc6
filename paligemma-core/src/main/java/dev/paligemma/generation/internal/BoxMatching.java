package dev.paligemma.generation.internal;

import dev.paligemma.detection.DetectionParser;
import dev.paligemma.detection.LocationCodes;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Which boxes of two answers are the same thing: the pairs and the boxes left alone on both sides, counted together,
 * and the sum of the intersections over unions of the pairs.
 *
 * <p>Boxes with equal labels that overlap are paired one to one, the pair with the largest intersection over union
 * first (of equal ones the pair that is written first); all others stay alone.
 */
record BoxMatching(int boxes, double totalIou) {
    /** A box as the model writes it, right or not. */
    record Box(LocationCodes codes, String label) {}

    private record Pair(int reference, int other, double iou) {}

    /** Matches the boxes of two answers, also those with swapped edges; other parts do not count. */
    static BoxMatching ofAnswers(String reference, String other) {
        return of(boxes(reference), boxes(other));
    }

    /** The boxes of an answer in their order, also those with swapped edges; what is no box is skipped. */
    static List<Box> boxes(String answer) {
        // Codes need no pixels.
        return DetectionParser.parse(answer, 1, 1).parts().stream()
                .flatMap(part -> part.codes().map(codes -> new Box(codes, part.label())).stream())
                .toList();
    }

    static BoxMatching of(List<Box> reference, List<Box> other) {
        List<Pair> candidates = new ArrayList<>();
        for (int i = 0; i < reference.size(); i++) {
            for (int j = 0; j < other.size(); j++) {
                double iou = reference.get(i).codes.iou(other.get(j).codes);
                if (iou > 0 && reference.get(i).label.equals(other.get(j).label)) {
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
