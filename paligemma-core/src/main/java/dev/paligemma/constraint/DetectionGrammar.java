package dev.paligemma.constraint;

import java.util.List;
import java.util.regex.Pattern;

/**
 * What an answer with boxes or masks may look like: entries joined by {@code " ; "}, each of four location codes (top,
 * left, bottom, right), for masks sixteen segmentation codes, a space and a label. Immutable.
 *
 * <pre>{@code
 * <loc0051><loc0309><loc0708><loc0646> shoe ; <loc0100><loc0200><loc0300><loc0400> cat
 * }</pre>
 *
 * <p>{@link #boxes} and {@link #masks} give one with any number of entries, none included, whose corners are in order.
 *
 * @param masked whether each box is followed by the codes of its mask
 * @param labels the labels an entry may have; none for entries that consist of codes alone, as models for referring
 *     expressions write them
 * @param minCount the fewest entries; 0 allows an empty answer
 * @param maxCount the most entries, at least 1
 * @param orderedCorners whether bottom may not lie above top nor right left of left, so that every box has a size of at
 *     least 0
 */
public record DetectionGrammar(
        boolean masked, List<String> labels, int minCount, int maxCount, boolean orderedCorners) {
    /** The characters that a parser of answers takes for the end of a label. */
    private static final Pattern SEPARATOR = Pattern.compile("[;<>\\v]");

    /**
     * Checks the parts.
     *
     * @throws IllegalArgumentException if a label is empty, begins or ends with a space, or has a {@code ;}, {@code <},
     *     {@code >} or line break in it, or unless {@code 0 <= minCount <= maxCount} and {@code maxCount >= 1}
     */
    public DetectionGrammar {
        labels = List.copyOf(labels);
        for (String label : labels) {
            if (label.isEmpty()
                    || !label.equals(label.strip())
                    || SEPARATOR.matcher(label).find()) {
                throw new IllegalArgumentException("a label must not be empty, begin or end with a space, or contain"
                        + " ; < > or a line break, got '" + label + "'");
            }
        }
        if (minCount < 0 || maxCount < 1 || minCount > maxCount) {
            throw new IllegalArgumentException(
                    "need 0 <= minCount <= maxCount and maxCount >= 1, got " + minCount + " and " + maxCount);
        }
    }

    /**
     * The grammar of the answers to {@code detect ...}: any number of boxes with one of some labels, or without a label
     * if there are none.
     */
    public static DetectionGrammar boxes(List<String> labels) {
        return new DetectionGrammar(false, labels, 0, Integer.MAX_VALUE, true);
    }

    /**
     * The grammar of the answers to {@code segment ...}: any number of boxes with masks; otherwise as {@link #boxes}.
     */
    public static DetectionGrammar masks(List<String> labels) {
        return new DetectionGrammar(true, labels, 0, Integer.MAX_VALUE, true);
    }

    /** This grammar with limits on the number of entries, {@code 0 <= min <= max} and {@code max >= 1}. */
    public DetectionGrammar withCount(int min, int max) {
        return new DetectionGrammar(masked, labels, min, max, orderedCorners);
    }

    /** This grammar with corners in any order, also those of boxes turned inside out. */
    public DetectionGrammar withAnyCorners() {
        return new DetectionGrammar(masked, labels, minCount, maxCount, false);
    }
}
