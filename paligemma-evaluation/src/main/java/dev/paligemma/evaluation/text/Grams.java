package dev.paligemma.evaluation.text;

import dev.paligemma.evaluation.internal.PythonText;
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

    /** How often sequences of each length occur in a text, by their numbers; and how many words the text has. */
    record Counts(List<Map<Integer, Integer>> ofLength, int words) {}

    private final Map<String, Integer> words = new HashMap<>();
    private final List<Map<Long, Integer>> longer = List.of(new HashMap<>(), new HashMap<>(), new HashMap<>());

    /** Counts the sequences of a text whose words stand between spaces. */
    Counts count(String text) {
        int[] ids = PythonText.words(text).stream()
                .mapToInt(word -> words.computeIfAbsent(word, key -> words.size()))
                .toArray();
        List<Map<Integer, Integer>> counts =
                List.of(new HashMap<>(), new HashMap<>(), new HashMap<>(), new HashMap<>());
        for (int start = 0; start < ids.length; start++) {
            int gram = ids[start];
            counts.get(0).merge(gram, 1, Integer::sum);
            for (int length = 2; length <= MAX_LENGTH && start + length <= ids.length; length++) {
                Map<Long, Integer> known = longer.get(length - 2);
                long key = (long) gram << 32 | ids[start + length - 1];
                gram = known.computeIfAbsent(key, pair -> known.size());
                counts.get(length - 1).merge(gram, 1, Integer::sum);
            }
        }
        return new Counts(counts, ids.length);
    }

    /** How many different sequences of a length were met. */
    int different(int length) {
        return length == 1 ? words.size() : longer.get(length - 2).size();
    }
}
