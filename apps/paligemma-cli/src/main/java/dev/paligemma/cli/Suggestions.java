package dev.paligemma.cli;

import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Words that were perhaps meant by one that is not known. Stateless. */
final class Suggestions {
    private static final int MOST = 3;
    private static final int LETTERS_PER_SLIP = 3;
    private static final int SHORTEST_BEGINNING = 3;

    /** What other programs call the same. */
    private static final Map<String, String> ELSEWHERE = Map.ofEntries(
            Map.entry("ask", "answer"),
            Map.entry("describe", "caption"),
            Map.entry("find", "detect"),
            Map.entry("list", "models"),
            Map.entry("pull", "download"),
            Map.entry("question", "answer"),
            Map.entry("read", "ocr"),
            Map.entry("vqa", "answer"),
            Map.entry("dtype", "--precision"),
            Map.entry("file", "--image"),
            Map.entry("input", "--image"),
            Map.entry("numbeams", "--beams"),
            Map.entry("picture", "--image"),
            Map.entry("temperature", "--sample"),
            Map.entry("verbose", "--debug"));

    private Suggestions() {}

    /** The known words that differ from one in few letters, or begin with it, the closest first; at most three. */
    static List<String> of(String typed, Collection<String> known) {
        String word = bare(typed);
        String other = ELSEWHERE.get(word);
        if (other != null && known.contains(other)) {
            return List.of(other);
        }
        Map<String, Integer> slips = known.stream()
                .distinct()
                .collect(Collectors.toMap(Function.identity(), each -> slips(word, bare(each))));
        boolean isSpelledOtherwise = slips.containsValue(0);
        return slips.entrySet().stream()
                .filter(each -> !isSpelledOtherwise || each.getValue() == 0)
                .filter(each -> each.getValue() <= Math.max(1, word.length() / LETTERS_PER_SLIP)
                        || begins(bare(each.getKey()), word)
                        || begins(word, bare(each.getKey())))
                .sorted(Map.Entry.<String, Integer>comparingByValue().thenComparing(Map.Entry.comparingByKey()))
                .limit(MOST)
                .map(Map.Entry::getKey)
                .toList();
    }

    private static boolean begins(String word, String beginning) {
        return beginning.length() >= SHORTEST_BEGINNING && word.startsWith(beginning);
    }

    /** How options are marked and words are joined is no difference. */
    private static String bare(String word) {
        return word.toLowerCase(Locale.ROOT).replace("-", "").replace("_", "");
    }

    /** How many letters have to be added, left out, changed, or swapped with their neighbours. */
    private static int slips(String from, String to) {
        int[][] slips = new int[from.length() + 1][to.length() + 1];
        for (int i = 0; i <= from.length(); i++) {
            for (int j = 0; j <= to.length(); j++) {
                if (i == 0 || j == 0) {
                    slips[i][j] = i + j;
                    continue;
                }
                int change = from.charAt(i - 1) == to.charAt(j - 1) ? 0 : 1;
                slips[i][j] = Math.min(slips[i - 1][j - 1] + change, Math.min(slips[i - 1][j], slips[i][j - 1]) + 1);
                if (i > 1
                        && j > 1
                        && from.charAt(i - 1) == to.charAt(j - 2)
                        && from.charAt(i - 2) == to.charAt(j - 1)) {
                    slips[i][j] = Math.min(slips[i][j], slips[i - 2][j - 2] + 1);
                }
            }
        }
        return slips[from.length()][to.length()];
    }
}
