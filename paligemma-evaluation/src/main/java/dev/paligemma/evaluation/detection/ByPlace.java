package dev.paligemma.evaluation.detection;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** Things of one category in the order of their pictures. Confined to one thread. */
final class ByPlace<T> {
    private final Map<Integer, List<T>> lists = new TreeMap<>();

    /** The things in the picture at this place, to add to. */
    List<T> at(int place) {
        return lists.computeIfAbsent(place, each -> new ArrayList<>(4));
    }

    /** The things in the picture at this place; empty if there are none. */
    List<T> in(int place) {
        return lists.getOrDefault(place, List.of());
    }

    /** The places that have something, from the first on. */
    Set<Integer> places() {
        return lists.keySet();
    }
}
