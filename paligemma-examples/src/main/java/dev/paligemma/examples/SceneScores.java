package dev.paligemma.examples;

import dev.paligemma.detection.AnswerPart;
import dev.paligemma.detection.Detection;
import dev.paligemma.detection.DetectionParser;
import java.util.List;
import java.util.Locale;

/**
 * Counts how many answers about scenes are right. Confined to one thread.
 *
 * <p>Captions, answers and text count only if equal to the letter. Boxes are compared by intersection over union with
 * the box of the same place in the expected answer; a box that is missing or carries another name scores 0.
 */
final class SceneScores {
    private final Share captions = new Share();
    private final Share answers = new Share();
    private final Share texts = new Share();
    private final Share absences = new Share();
    private final Share overlapping = new Share();
    private double sumOfIou;

    /** So many of so many. */
    private static final class Share {
        private int right;
        private int all;

        void add(boolean isRight) {
            all++;
            if (isRight) {
                right++;
            }
        }

        double value() {
            return all == 0 ? Double.NaN : (double) right / all;
        }
    }

    /** Judges what the model wrote; throws IllegalArgumentException if the kind of the question is unknown. */
    void add(Scene scene, String given) {
        boolean equal = scene.expected().equals(given);
        switch (scene.kind()) {
            case "caption" -> captions.add(equal);
            case "answer" -> answers.add(equal);
            case "ocr" -> texts.add(equal);
            case "detect-absent" -> absences.add(equal);
            case "detect" ->
                addBoxes(DetectionParser.parse(scene.expected(), 1, 1).detections(), boxes(given));
            default -> throw new IllegalArgumentException("unknown kind of question: " + scene.kind());
        }
    }

    private void addBoxes(List<Detection> expected, List<AnswerPart> given) {
        for (int i = 0; i < expected.size(); i++) {
            Detection box = expected.get(i);
            double iou = i < given.size()
                            && given.get(i) instanceof Detection found
                            && found.label().equals(box.label())
                    ? box.box().iou(found.box())
                    : 0;
            sumOfIou += iou;
            overlapping.add(iou > 0.5);
        }
    }

    /** The boxes with a name of an answer, in order. One with swapped corners is among them: it takes its place. */
    static List<AnswerPart> boxes(String text) {
        return DetectionParser.parse(text, 1, 1).parts().stream() // overlaps need no pixels
                .filter(part -> !part.label().isEmpty())
                .toList();
    }

    /** The share of captions that are right, from 0 to 1; NaN if there was none. */
    double captions() {
        return captions.value();
    }

    /** The share of questions answered right, from 0 to 1; NaN if there was none. */
    double answers() {
        return answers.value();
    }

    /** The share of texts read right, from 0 to 1; NaN if there was none. */
    double texts() {
        return texts.value();
    }

    /** The mean intersection over union of all expected boxes, from 0 to 1; NaN if there was none. */
    double meanIou() {
        return overlapping.all == 0 ? Double.NaN : sumOfIou / overlapping.all;
    }

    /** The scores as a Markdown table: lines that end in a line break. */
    String markdown() {
        StringBuilder table = new StringBuilder("| measure | value | cases |\n| --- | ---: | ---: |\n");
        row(table, "captions exactly right", percent(captions.value()), captions.all);
        row(table, "questions answered exactly right", percent(answers.value()), answers.all);
        row(table, "text read exactly right", percent(texts.value()), texts.all);
        row(table, "boxes, mean intersection over union", decimal(meanIou()), overlapping.all);
        row(table, "boxes with intersection over union above 0.5", percent(overlapping.value()), overlapping.all);
        row(table, "nothing found where there is nothing", percent(absences.value()), absences.all);
        return table.toString();
    }

    private static void row(StringBuilder table, String measure, String value, int cases) {
        table.append(String.format(Locale.ROOT, "| %s | %s | %d |\n", measure, value, cases));
    }

    private static String percent(double share) {
        return Double.isNaN(share) ? "-" : String.format(Locale.ROOT, "%.1f %%", 100 * share);
    }

    private static String decimal(double value) {
        return Double.isNaN(value) ? "-" : String.format(Locale.ROOT, "%.3f", value);
    }
}
