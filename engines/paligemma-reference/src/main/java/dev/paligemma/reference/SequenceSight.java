package dev.paligemma.reference;

import dev.paligemma.engine.graph.AttentionSpec;
import dev.paligemma.engine.training.SequenceRows;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;

/**
 * Whole sequences, one after the other in one run, as in training: rows of a prefix see all of the prefix, later ones what is
 * before them in their sequence and themselves, or the window at the end of that.
 *
 * @param sequences their rows and prefixes
 */
record SequenceSight(List<SequenceRows> sequences) implements Sight {
    @Override
    public IntFunction<KeysAndValues> of(AttentionSpec spec, KeysAndValues rows) {
        List<KeysAndValues> seen = new ArrayList<>();
        int start = 0;
        for (SequenceRows sequence : sequences) {
            KeysAndValues own = rows.part(start, start + sequence.rows());
            for (int row = 0; row < sequence.rows(); row++) {
                boolean later = row >= sequence.prefix();
                int end = later ? row + 1 : sequence.prefix();
                seen.add(own.part(later && spec.window() != 0 ? Math.max(0, end - spec.window()) : 0, end));
            }
            start += sequence.rows();
        }
        return seen::get;
    }
}
