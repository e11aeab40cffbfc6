package dev.paligemma.examples;

import dev.paligemma.detection.Detection;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/**
 * Finds out how well the confidence of boxes tells right ones from wrong ones. Confined to one thread.
 *
 * <p>A box is right if its intersection over union with a true box of its label is at least 0.5; each true box makes one
 * right, the most confident.
 */
final class BoxScores {
    private static final int BINS = 10;

    private final List<Judged> boxes = new ArrayList<>();
    private int wanted;

    private record Judged(double confidence, boolean right) {}

    /** Judges the boxes of one answer, in which each has a confidence. */
    void add(List<Detection> expected, List<Detection> given) {
        wanted += expected.size();
        List<Detection> left = new ArrayList<>(expected);
        given.stream()
                .sorted(Comparator.comparingDouble(Detection::confidence).reversed())
                .forEach(box -> boxes.add(new Judged(box.confidence(), take(left, box))));
    }

    private static boolean take(List<Detection> left, Detection box) {
        return left.stream()
                .filter(other ->
                        other.label().equals(box.label()) && other.box().iou(box.box()) >= 0.5)
                .max(Comparator.comparingDouble(other -> other.box().iou(box.box())))
                .map(left::remove)
                .orElse(false);
    }

    /** How many boxes were written. */
    int written() {
        return boxes.size();
    }

    /** How many boxes are right, or wrong. */
    long count(boolean right) {
        return boxes.stream().filter(box -> box.right == right).count();
    }

    /** The share of the right, or wrong, boxes that are at least so confident; NaN if there are none. */
    double kept(boolean right, double confidence) {
        return boxes.stream()
                .filter(box -> box.right == right)
                .mapToInt(box -> box.confidence >= confidence ? 1 : 0)
                .average()
                .orElse(Double.NaN);
    }

    /**
     * The area under the curve of precision over recall, precision made monotonic, recall in relation to all true boxes:
     * the average precision of COCO at 0.5, without its 101 steps.
     */
    double averagePrecision() {
        List<Judged> surestFirst = boxes.stream()
                .sorted(Comparator.comparingDouble(Judged::confidence).reversed())
                .toList();
        double best = 0;
        double sum = 0;
        long right = count(true);
        for (int i = surestFirst.size() - 1; i >= 0; i--) {
            if (surestFirst.get(i).right) {
                best = Math.max(best, (double) right / (i + 1));
                sum += best;
                right--;
            }
        }
        return sum / wanted;
    }

    /**
     * The probability that a right box is more confident than a wrong one, ties counted half; NaN if there are not both.
     */
    double separation() {
        double sum = 0;
        for (Judged right : boxes) {
            for (Judged wrong : boxes) {
                if (right.right && !wrong.right) {
                    sum += right.confidence > wrong.confidence ? 1 : right.confidence == wrong.confidence ? 0.5 : 0;
                }
            }
        }
        return sum / (count(true) * count(false));
    }

    /**
     * The expected calibration error: the mean difference, over ten bins of equal width and weighted by their boxes,
     * between the mean confidence and the share of right boxes.
     */
    double calibrationError() {
        double sum = 0;
        for (int bin = 0; bin < BINS; bin++) {
            List<Judged> in = bin(bin);
            sum += in.size() * Math.abs(confidence(in) - right(in));
        }
        return sum / boxes.size();
    }

    private List<Judged> bin(int bin) {
        return boxes.stream()
                .filter(box -> Math.min(BINS - 1, (int) (box.confidence * BINS)) == bin)
                .toList();
    }

    private static double confidence(List<Judged> boxes) {
        return boxes.stream().mapToDouble(Judged::confidence).average().orElse(0);
    }

    private static double right(List<Judged> boxes) {
        return boxes.stream().mapToInt(box -> box.right ? 1 : 0).average().orElse(0);
    }

    /** The figures and the reliability table as Markdown, under a heading: lines that end in a line break. */
    String markdown(String heading) {
        StringBuilder text = new StringBuilder(String.format(
                Locale.ROOT,
                """

                | %s | value | cases |
                | --- | ---: | ---: |
                | average precision at 0.5 | %.4f | %d |
                | right box surer than wrong one | %.1f %% | %d |
                | expected calibration error | %.4f | %d |
                | right boxes with confidence of at least 0.5 | %.1f %% | %d |
                | wrong boxes with confidence of at least 0.5 | %.1f %% | %d |

                | confidence | mean | right | boxes |
                | --- | ---: | ---: | ---: |
                """,
                heading,
                averagePrecision(),
                wanted,
                100 * separation(),
                count(true) * count(false),
                calibrationError(),
                boxes.size(),
                100 * kept(true, 0.5),
                count(true),
                100 * kept(false, 0.5),
                count(false)));
        for (int bin = 0; bin < BINS; bin++) {
            List<Judged> in = bin(bin);
            if (!in.isEmpty()) {
                text.append(String.format(
                        Locale.ROOT,
                        "| %.1f to %.1f | %.3f | %.3f | %d |\n",
                        (double) bin / BINS,
                        (bin + 1.0) / BINS,
                        confidence(in),
                        right(in),
                        in.size()));
            }
        }
        return text.toString();
    }
}
