package dev.paligemma.constraint;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Makes a deterministic automaton of a pattern, by the subset construction, and removes what leads nowhere. Sizes and
 * work are bounded, since a short expression can describe an enormous automaton. Used once, by one thread; the states
 * it returns are immutable.
 */
final class TextAutomaton {
    private static final int MAX_NFA_STATES = 20_000;
    private static final int MAX_STATES = 2_000;
    private static final long MAX_WORK = 5_000_000;

    private final VocabularyTexts vocabulary;
    private final CharacterNfa nfa;
    private final Map<List<Integer>, Integer> numbers = new HashMap<>();
    private final List<int[]> members = new ArrayList<>();
    private final List<List<Edge>> edges = new ArrayList<>();
    private long work;

    private record Edge(int first, int last, int target) {}

    private TextAutomaton(TextPattern pattern, VocabularyTexts vocabulary) {
        this.vocabulary = vocabulary;
        this.nfa = new CharacterNfa(pattern, MAX_NFA_STATES);
    }

    /**
     * The start of the automaton, or null if the vocabulary cannot write any text that matches; an {@link
     * IllegalArgumentException} if it takes too many states.
     */
    static @Nullable TextState of(TextPattern pattern, VocabularyTexts vocabulary) {
        return new TextAutomaton(pattern, vocabulary).build();
    }

    private @Nullable TextState build() {
        int start = number(nfa.closure(new int[] {nfa.start()}));
        for (int state = 0; state < members.size(); state++) {
            edges.add(edgesOf(members.get(state)));
        }
        BitSet live = liveStates();
        return live.get(start) ? connect(live).get(start) : null;
    }

    private int number(int[] nfaStates) {
        List<Integer> key = Arrays.stream(nfaStates).boxed().toList();
        Integer known = numbers.get(key);
        if (known != null) {
            return known;
        }
        if (members.size() == MAX_STATES) {
            throw tooComplex();
        }
        numbers.put(key, members.size());
        members.add(nfaStates);
        return members.size() - 1;
    }

    private static IllegalArgumentException tooComplex() {
        return new IllegalArgumentException(
                "the pattern is too complex: its automaton would have more than " + MAX_STATES + " states");
    }

    /** Cuts the characters at the bounds of all ranges; within a piece, the same states follow. */
    private List<Edge> edgesOf(int[] nfaStates) {
        TreeSet<Integer> cuts = new TreeSet<>();
        for (int state : nfaStates) {
            CodePoints on = nfa.on(state);
            for (int range = 0; on != null && range < on.ranges(); range++) {
                cuts.add(on.first(range));
                cuts.add(on.last(range) + 1);
            }
        }
        List<Edge> result = new ArrayList<>();
        Integer first = cuts.isEmpty() ? null : cuts.first();
        while (first != null) {
            Integer next = cuts.higher(first);
            if (next != null) {
                addEdge(nfaStates, first, next - 1, result);
            }
            first = next;
        }
        return result;
    }

    private void addEdge(int[] nfaStates, int first, int last, List<Edge> result) {
        work += nfaStates.length;
        int[] targets = new int[nfaStates.length];
        int count = 0;
        for (int state : nfaStates) {
            CodePoints on = nfa.on(state);
            if (on != null && on.contains(first)) {
                targets[count++] = nfa.after(state);
            }
        }
        if (count == 0) {
            return;
        }
        int[] closure = nfa.closure(Arrays.copyOf(targets, count));
        if (work + nfa.visits() > MAX_WORK) {
            throw tooComplex();
        }
        int target = number(closure);
        Edge before = result.isEmpty() ? null : result.get(result.size() - 1);
        if (before != null && before.target == target && before.last == first - 1) {
            result.set(result.size() - 1, new Edge(before.first, last, target));
        } else {
            result.add(new Edge(first, last, target));
        }
    }

    private boolean accepts(int state) {
        return Arrays.stream(members.get(state)).anyMatch(nfa::accepts);
    }

    /** Goes back from the accepting states along the edges of which at least one character can be written. */
    private BitSet liveStates() {
        List<List<Integer>> sources = new ArrayList<>();
        edges.forEach(state -> sources.add(new ArrayList<>()));
        for (int state = 0; state < edges.size(); state++) {
            for (Edge edge : edges.get(state)) {
                if (vocabulary.canWriteOneOf(edge.first, edge.last)) {
                    sources.get(edge.target).add(state);
                }
            }
        }
        BitSet live = new BitSet();
        Deque<Integer> open = new ArrayDeque<>();
        for (int state = 0; state < edges.size(); state++) {
            if (accepts(state)) {
                live.set(state);
                open.push(state);
            }
        }
        while (!open.isEmpty()) {
            for (int source : sources.get(open.pop())) {
                if (!live.get(source)) {
                    live.set(source);
                    open.push(source);
                }
            }
        }
        return live;
    }

    private List<Connected> connect(BitSet live) {
        edges.replaceAll(
                all -> all.stream().filter(edge -> live.get(edge.target)).toList());
        List<Connected> states = new ArrayList<>();
        for (int state = 0; state < edges.size(); state++) {
            int[] bounds = edges.get(state).stream()
                    .flatMapToInt(edge -> IntStream.of(edge.first, edge.last))
                    .toArray();
            states.add(new Connected(accepts(state), bounds));
        }
        for (int state = 0; state < edges.size(); state++) {
            states.get(state).targets = edges.get(state).stream()
                    .map(edge -> states.get(edge.target))
                    .toArray(Connected[]::new);
        }
        return states;
    }

    /** A state with its targets, which are set before anyone else sees it. */
    private static final class Connected extends TextState {
        private Connected[] targets = new Connected[0];

        Connected(boolean accepts, int[] bounds) {
            super(accepts, bounds);
        }

        @Override
        TextState target(int edge) {
            return targets[edge];
        }
    }
}
