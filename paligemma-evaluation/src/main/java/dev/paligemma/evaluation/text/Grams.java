package dev.paligemma.evaluation.text;

import dev.paligemma.evaluation.internal.PythonText;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Numbers for the sequences of one to four words that occur in texts. A sequence is its own without the last word, and that
 * word, so a table of pairs is enough. Confined to one thread.
 */
final class Grams {
    /** The longest sequences that are counted. */
    static final int MAX_LENGTH = 4;

    private static final long SPREAD = 0x9E37_79B9_7F4A_7C15L;

    /**
     * The sequences of one length in a text.
     *
     * @param ids their numbers, each once, in ascending order
     * @param counts how often each occurs
     */
    record Counts(int[] ids, int[] counts) {
        private static Counts of(int[] all) {
            Arrays.sort(all);
            int[] ids = new int[all.length];
            int[] counts = new int[all.length];
            int size = 0;
            for (int i = 0; i < all.length; i++) {
                if (i == 0 || all[i] != all[i - 1]) {
                    ids[size++] = all[i];
                }
                counts[size - 1]++;
            }
            return new Counts(Arrays.copyOf(ids, size), Arrays.copyOf(counts, size));
        }

        int size() {
            return ids.length;
        }
    }

    /**
     * What a text has.
     *
     * @param ofLength the sequences of one word, two words and so on
     * @param words how many words the text has
     */
    record Text(List<Counts> ofLength, int words) {}

    private final Map<String, Integer> words = new HashMap<>();
    private final List<Map<Long, Integer>> longer = List.of(new HashMap<>(), new HashMap<>(), new HashMap<>());

    /** Counts the sequences of a text whose words stand between spaces. */
    Text count(String text) {
        int[] ids = PythonText.words(text).stream()
                .mapToInt(word -> words.computeIfAbsent(word, key -> words.size()))
                .toArray();
        List<Counts> counts = new ArrayList<>(MAX_LENGTH);
        counts.add(Counts.of(ids.clone()));
        int[] shorter = ids;
        for (int length = 2; length <= MAX_LENGTH; length++) {
            Map<Long, Integer> known = longer.get(length - 2);
            int[] grams = new int[Math.max(0, ids.length - length + 1)];
            for (int start = 0; start < grams.length; start++) {
                long pair = (long) shorter[start] << 32 | ids[start + length - 1];
                // A Long hashes by its halves, whose small numbers would meet; an odd factor keeps keys apart.
                long key = pair * SPREAD;
                grams[start] = known.computeIfAbsent(key, unknown -> known.size());
            }
            counts.add(Counts.of(grams.clone()));
            shorter = grams;
        }
        return new Text(counts, ids.length);
    }

    /** How many different sequences of a length were met. */
    int different(int length) {
        return length == 1 ? words.size() : longer.get(length - 2).size();
    }
}
