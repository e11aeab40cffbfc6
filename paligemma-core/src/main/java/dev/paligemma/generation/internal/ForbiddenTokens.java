package dev.paligemma.generation.internal;

import dev.paligemma.checkpoint.internal.generation.GenerationSettings;
import dev.paligemma.constraint.GeneratedToken;
import java.util.BitSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * The tokens that the checkpoint's own settings keep from coming next, by the rules of the logits processors of transformers
 * 5.24: {@code suppress_tokens}, {@code begin_suppress_tokens}, {@code min_new_tokens}, {@code min_length},
 * {@code no_repeat_ngram_size}, {@code bad_words_ids}. Immutable and thread-safe.
 */
final class ForbiddenTokens {
    private static final BitSet NONE = new BitSet();

    private final GenerationSettings settings;
    private final int[] prompt;
    private final Set<Integer> stops;
    private final BitSet always = new BitSet();

    /** Those of answers to a prompt with the places of its images; the stops end an answer. */
    ForbiddenTokens(GenerationSettings settings, int[] prompt, Set<Integer> stops) {
        this.settings = settings;
        this.prompt = prompt;
        this.stops = stops;
        settings.suppressed().forEach(always::set);
        settings.badWords().stream()
                .filter(word -> word.size() == 1 && !stops.contains(word.get(0)))
                .forEach(word -> always.set(word.get(0)));
    }

    /** Those behind what was written; not to be changed. */
    BitSet after(List<GeneratedToken> written) {
        if (!settings.forbidsTokens()) {
            return NONE;
        }
        BitSet forbidden = (BitSet) always.clone();
        if (written.isEmpty()) {
            settings.suppressedFirst().forEach(forbidden::set);
        }
        int shortest = settings.minNewTokens() > 0 ? settings.minNewTokens() : settings.minLength() - prompt.length;
        if (written.size() < shortest) {
            stops.forEach(forbidden::set);
        }
        int[] before = IntStream.concat(IntStream.of(prompt), written.stream().mapToInt(GeneratedToken::id))
                .toArray();
        settings.badWords().stream()
                .filter(word -> word.size() > 1 && ends(before, word))
                .forEach(word -> forbidden.set(word.get(word.size() - 1)));
        forbidRepeated(before, forbidden);
        return forbidden;
    }

    /** Whether all but the last token of a sequence come last. */
    private static boolean ends(int[] before, List<Integer> word) {
        int start = before.length - (word.size() - 1);
        return start >= 0 && IntStream.range(0, word.size() - 1).allMatch(i -> before[start + i] == word.get(i));
    }

    /** What would repeat a sequence of so many tokens. */
    private void forbidRepeated(int[] before, BitSet forbidden) {
        int context = settings.noRepeatNgram() - 1;
        if (context < 0 || context > before.length) {
            return;
        }
        int last = before.length - context;
        for (int start = 0; start + context < before.length; start++) {
            int from = start;
            if (IntStream.range(0, context).allMatch(i -> before[from + i] == before[last + i])) {
                forbidden.set(before[start + context]);
            }
        }
    }
}
