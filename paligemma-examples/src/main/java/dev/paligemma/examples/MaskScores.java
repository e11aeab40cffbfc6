package dev.paligemma.examples;

import dev.paligemma.detection.Segment;
import dev.paligemma.vision.mask.BitMask;
import java.util.List;
import java.util.Locale;

/**
 * Counts how well masks fit. Confined to one thread.
 *
 * <p>A mask is compared, by intersection over union of pixels at probability 0.5, with that of the same place in the expected
 * answer; one that is missing or carries another name scores 0.
 */
final class MaskScores {
    private int masks;
    private int good;
    private double sumOfIou;
    private int absences;
    private int rightAbsences;

    /** Judges one answer, by the pixels and names of the things expected. */
    void add(List<BitMask> expected, List<String> names, List<Segment> given) {
        if (expected.isEmpty()) {
            absences++;
            rightAbsences += given.isEmpty() ? 1 : 0;
        }
        for (int i = 0; i < expected.size(); i++) {
            boolean named = i < given.size() && given.get(i).label().equals(names.get(i));
            BitMask wanted = expected.get(i);
            double iou = named ? given.get(i).bitMask(0.5).map(wanted::iou).orElse(0.0) : 0;
            masks++;
            sumOfIou += iou;
            good += iou > 0.5 ? 1 : 0;
        }
    }

    /** The mean intersection over union of all expected masks, from 0 to 1; NaN if there was none. */
    double meanIou() {
        return masks == 0 ? Double.NaN : sumOfIou / masks;
    }

    /** The scores as rows of a Markdown table with the columns measure, value and cases, each ended by a line break. */
    String markdown() {
        return String.format(
                Locale.ROOT,
                """
                | masks, mean intersection over union | %.3f | %d |
                | masks with intersection over union above 0.5 | %.1f %% | %d |
                | nothing segmented where there is nothing | %.1f %% | %d |
                """,
                meanIou(),
                masks,
                100.0 * good / masks,
                masks,
                100.0 * rightAbsences / absences,
                absences);
    }
}
