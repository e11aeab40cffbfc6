package dev.paligemma.constraint;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The nondeterministic automaton of a pattern, by Thompson's construction from the back: each part is built in front of
 * the state that follows it. Confined to one thread.
 */
final class CharacterNfa {
    private static final int NONE = -1;
    private static final int ACCEPT = 0;

    private final int maxStates;
    private final List<@Nullable CodePoints> on = new ArrayList<>();
    private final List<Integer> next = new ArrayList<>();
    private final List<Integer> other = new ArrayList<>();
    private final int start;
    private long visits;

    CharacterNfa(TextPattern pattern, int maxStates) {
        this.maxStates = maxStates;
        state(null, NONE, NONE);
        this.start = build(pattern, ACCEPT);
    }

    /** Adds a state: one that takes a character, or one that goes on to up to two states without any. */
    private int state(@Nullable CodePoints character, int first, int second) {
        if (on.size() == maxStates) {
            throw new IllegalArgumentException("the pattern is too long: written out, with its counted repetitions, it"
                    + " would have more than " + maxStates + " states");
        }
        on.add(character);
        next.add(first);
        other.add(second);
        return on.size() - 1;
    }

    private int build(TextPattern pattern, int follower) {
        if (pattern instanceof TextPattern.OneOf character) {
            return state(character.set(), follower, NONE);
        }
        if (pattern instanceof TextPattern.Sequence sequence) {
            int entry = follower;
            for (int i = sequence.parts().size() - 1; i >= 0; i--) {
                entry = build(sequence.parts().get(i), entry);
            }
            return entry;
        }
        if (pattern instanceof TextPattern.Choice choice) {
            int entry = NONE;
            for (TextPattern each : choice.choices()) {
                entry = state(null, build(each, follower), entry);
            }
            return entry;
        }
        return buildRepeat((TextPattern.Repeat) pattern, follower);
    }

    private int buildRepeat(TextPattern.Repeat repeat, int follower) {
        int entry = follower;
        if (repeat.max() == TextPattern.UNBOUNDED) {
            entry = state(null, NONE, follower);
            next.set(entry, build(repeat.part(), entry));
        } else {
            for (int i = repeat.min(); i < repeat.max(); i++) {
                entry = state(null, build(repeat.part(), entry), follower);
            }
        }
        for (int i = 0; i < repeat.min(); i++) {
            entry = build(repeat.part(), entry);
        }
        return entry;
    }

    int start() {
        return start;
    }

    boolean accepts(int state) {
        return state == ACCEPT;
    }

    /** Returns the characters that a state takes, or {@code null} if it takes none. */
    @Nullable
    CodePoints on(int state) {
        return on.get(state);
    }

    /** Returns the state after the character that a state takes. */
    int after(int state) {
        return next.get(state);
    }

    /** Returns how many states all calls of {@link #closure} together have looked at. */
    long visits() {
        return visits;
    }

    /** Follows the moves without a character; of the states reached, those that take one or accept, ascending. */
    int[] closure(int[] states) {
        BitSet seen = new BitSet();
        BitSet kept = new BitSet();
        Deque<Integer> open = new ArrayDeque<>();
        for (int state : states) {
            reach(state, seen, open);
        }
        while (!open.isEmpty()) {
            int state = open.pop();
            visits++;
            if (state == ACCEPT || on.get(state) != null) {
                kept.set(state);
            } else {
                reach(next.get(state), seen, open);
                reach(other.get(state), seen, open);
            }
        }
        return kept.stream().toArray();
    }

    private static void reach(int state, BitSet seen, Deque<Integer> open) {
        if (state != NONE && !seen.get(state)) {
            seen.set(state);
            open.push(state);
        }
    }
}
