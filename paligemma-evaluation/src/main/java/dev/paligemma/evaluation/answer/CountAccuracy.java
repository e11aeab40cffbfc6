package dev.paligemma.evaluation.answer;

import dev.paligemma.evaluation.internal.PythonText;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Exact match of counts, as TallyQA has it: {@code three} is {@code 3}, for words up to twenty. */
public final class CountAccuracy extends AnswerMetric {
    private static final Map<String, String> NUMERALS = numerals();

    /** The metric. */
    public CountAccuracy() {
        super(
                "tallyqa",
                each -> each.references().stream()
                                .anyMatch(reference -> numeral(reference).equals(numeral(each.answer())))
                        ? 1
                        : 0);
    }

    private static String numeral(String text) {
        return NUMERALS.getOrDefault(PythonText.lower(text), text);
    }

    private static Map<String, String> numerals() {
        List<String> words = List.of(
                "zero",
                "one",
                "two",
                "three",
                "four",
                "five",
                "six",
                "seven",
                "eight",
                "nine",
                "ten",
                "eleven",
                "twelve",
                "thirteen",
                "fourteen",
                "fifteen",
                "sixteen",
                "seventeen",
                "eighteen",
                "nineteen",
                "twenty");
        Map<String, String> numerals = new HashMap<>(Map.of("none", "0"));
        for (int i = 0; i < words.size(); i++) {
            numerals.put(words.get(i), Integer.toString(i));
        }
        return Map.copyOf(numerals);
    }
}
