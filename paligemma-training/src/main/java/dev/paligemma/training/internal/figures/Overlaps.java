package dev.paligemma.training.internal.figures;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.BiPredicate;
import java.util.function.ToDoubleBiFunction;

/** Pairs what is wanted with what was found, the most overlapping pair first. Stateless. */
final class Overlaps {
    private Overlaps() {}

    private record Pair(int wanted, int found, double iou) {}

    /** The sum of overlaps over all that is wanted; what is not found counts 0. */
    static <W, F> double sum(List<W> wanted, List<F> found, BiPredicate<W, F> alike, ToDoubleBiFunction<W, F> overlap) {
        List<Pair> pairs = new ArrayList<>();
        for (int i = 0; i < wanted.size(); i++) {
            for (int j = 0; j < found.size(); j++) {
                if (alike.test(wanted.get(i), found.get(j))) {
                    pairs.add(new Pair(i, j, overlap.applyAsDouble(wanted.get(i), found.get(j))));
                }
            }
        }
        pairs.sort(Comparator.comparingDouble(Pair::iou).reversed());
        boolean[] wantedTaken = new boolean[wanted.size()];
        boolean[] foundTaken = new boolean[found.size()];
        double sum = 0;
        for (Pair pair : pairs) {
            if (!wantedTaken[pair.wanted()] && !foundTaken[pair.found()]) {
                wantedTaken[pair.wanted()] = true;
                foundTaken[pair.found()] = true;
                sum += pair.iou();
            }
        }
        return sum;
    }
}
