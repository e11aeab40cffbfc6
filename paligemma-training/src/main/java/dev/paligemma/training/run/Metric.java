package dev.paligemma.training.run;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/** A figure by which an evaluation says how good the model is on the examples held out. */
public enum Metric {
    /** The mean negative natural logarithm of the probability of each token of the answers; less is better. */
    LOSS,
    /** The share of tokens of the answers that are the most likely ones after the right tokens before them. */
    TOKEN_ACCURACY,
    /**
     * The share of answers of which every token, the end included, is the most likely one: those that a greedy answer would
     * get right, found without writing any.
     */
    EXACT_ANSWERS,
    /** The mean average precision of boxes at overlaps of 0.5, 0.55 to 0.95, as COCO has it; answers are written. */
    MEAN_AVERAGE_PRECISION,
    /** The mean overlap of the boxes asked for with those answered, 0 for a missing one; answers are written. */
    BOX_IOU,
    /** The mean overlap of the masks asked for with those answered, 0 for a missing one; answers are written. */
    MASK_IOU;

    /** The name in files and reports, such as {@code tokenAccuracy}. */
    public String label() {
        String[] words = name().toLowerCase(Locale.ROOT).split("_");
        StringBuilder label = new StringBuilder(words[0]);
        for (int i = 1; i < words.length; i++) {
            label.append(Character.toUpperCase(words[i].charAt(0))).append(words[i].substring(1));
        }
        return label.toString();
    }

    /** The metric with a {@link #label}, in any case and with dashes or underscores between words or none. */
    public static Metric named(String label) {
        String wanted = plain(label);
        return Arrays.stream(values())
                .filter(metric -> plain(metric.name()).equals(wanted))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("there is no metric '" + label + "'; there are "
                        + Arrays.stream(values()).map(Metric::label).collect(Collectors.joining(", "))));
    }

    private static String plain(String name) {
        return name.replaceAll("[-_]", "").toLowerCase(Locale.ROOT);
    }

    /** Whether a first value is better than a second one. */
    public boolean isBetter(double first, double second) {
        return this == LOSS ? first < second : first > second;
    }

    /** Whether answers have to be written for it, which takes far longer than one forward pass. */
    public boolean needsAnswers() {
        return this == MEAN_AVERAGE_PRECISION || this == BOX_IOU || this == MASK_IOU;
    }
}
