package dev.paligemma.evaluation.internal.ptb;

import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Takes the longest text that one of several expressions matches. States are made when they are first met. Thread-safe. */
final class Automaton {
    /** A rule and the end of what it matched. */
    record Match(int rule, int end) {}

    private final class State {
        private final BitSet nodes;
        private final int rule;
        private final @Nullable State[] next = new @Nullable State[Symbols.COUNT];

        State(BitSet nodes) {
            this.nodes = nodes;
            this.rule = nfa.rule(nodes);
        }

        State next(int symbol) {
            State known = next[symbol];
            return known == null ? made(this, symbol) : known;
        }
    }

    private final Nfa nfa;
    private final Map<BitSet, State> states = new HashMap<>();
    private final State start;

    Automaton(Nfa nfa) {
        this.nfa = nfa;
        this.start = new State(nfa.start());
        states.put(start.nodes, start);
    }

    private synchronized State made(State from, int symbol) {
        BitSet nodes = nfa.next(from.nodes, symbol);
        State state = states.computeIfAbsent(nodes, State::new);
        from.next[symbol] = state;
        return state;
    }

    /** The longest match from a place in a text of symbols on, the first rule of several; null if there is none. */
    @Nullable
    Match longest(char[] symbols, int from, int to) {
        Match found = null;
        State state = start;
        for (int at = from; at < to && !state.nodes.isEmpty(); at++) {
            state = state.next(symbols[at]);
            if (state.rule >= 0) {
                found = new Match(state.rule, at + 1);
            }
        }
        return found;
    }

    /** Whether the expressions match a part of a text as a whole. */
    boolean matches(char[] symbols, int from, int to) {
        State state = start;
        for (int at = from; at < to; at++) {
            state = state.next(symbols[at]);
        }
        return state.rule >= 0;
    }
}
