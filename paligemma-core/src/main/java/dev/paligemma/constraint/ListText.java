package dev.paligemma.constraint;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.stream.IntStream;

/**
 * The automaton of lists of given items with a separator between them. Its states are made as an answer needs them,
 * since those of lists without repetitions are too many to make all. Immutable and thread-safe.
 *
 * @param items the items as characters, none empty, none with the separator in it
 * @param separator the separator as characters, not empty
 * @param maxItems the most items of a list, at least 1
 * @param distinct whether an item may come only once
 */
record ListText(List<int[]> items, int[] separator, int maxItems, boolean distinct) {
    private static final int IN_SEPARATOR = -1;

    /**
     * A place in the grammar: the number of items before; those of them, if none may come twice, not changed; the item
     * being written, or {@link #IN_SEPARATOR}; how many characters of it are written.
     */
    private record Place(int done, BitSet used, int item, int offset) {}

    /** Returns the state before the first item; each answer has its own, so that all states go when the answer does. */
    TextState start() {
        Set<Place> places = new LinkedHashSet<>();
        addItems(0, new BitSet(), places);
        return node(places);
    }

    private Node node(Set<Place> places) {
        SortedMap<Integer, Set<Place>> followers = new TreeMap<>();
        places.forEach(place -> addFollowers(place, followers));
        return new Node(places, followers);
    }

    private void addItems(int done, BitSet used, Collection<Place> places) {
        for (int item = used.nextClearBit(0); item < items.size(); item = used.nextClearBit(item + 1)) {
            places.add(new Place(done, used, item, 0));
        }
    }

    private boolean completesItem(Place place) {
        return place.item != IN_SEPARATOR && place.offset == items.get(place.item).length;
    }

    private void addFollowers(Place place, Map<Integer, Set<Place>> followers) {
        if (completesItem(place)) {
            BitSet used = (BitSet) place.used.clone();
            used.set(place.item, distinct);
            int done = place.done + 1;
            if (done < maxItems && used.cardinality() < items.size()) {
                add(separator[0], new Place(done, used, IN_SEPARATOR, 1), followers);
            }
        } else if (place.item != IN_SEPARATOR) {
            Place next = new Place(place.done, place.used, place.item, place.offset + 1);
            add(items.get(place.item)[place.offset], next, followers);
        } else if (place.offset < separator.length) {
            Place next = new Place(place.done, place.used, IN_SEPARATOR, place.offset + 1);
            add(separator[place.offset], next, followers);
        } else {
            List<Place> begun = new ArrayList<>();
            addItems(place.done, place.used, begun);
            begun.forEach(each -> addFollowers(each, followers));
        }
    }

    private static void add(int character, Place place, Map<Integer, Set<Place>> followers) {
        followers.computeIfAbsent(character, c -> new LinkedHashSet<>()).add(place);
    }

    /** All places a text may be at. */
    private final class Node extends TextState {
        private final List<Set<Place>> followers;
        private final AtomicReferenceArray<Node> targets;

        Node(Set<Place> places, SortedMap<Integer, Set<Place>> byCharacter) {
            super(
                    places.stream().anyMatch(ListText.this::completesItem),
                    byCharacter.keySet().stream()
                            .flatMapToInt(c -> IntStream.of(c, c))
                            .toArray());
            this.followers = List.copyOf(byCharacter.values());
            this.targets = new AtomicReferenceArray<>(followers.size());
        }

        @Override
        TextState target(int edge) {
            Node known = targets.get(edge);
            if (known == null) {
                known = node(followers.get(edge));
                targets.set(edge, known);
            }
            return known;
        }
    }
}
