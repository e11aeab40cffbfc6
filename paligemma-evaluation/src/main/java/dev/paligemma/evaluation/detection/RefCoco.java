package dev.paligemma.evaluation.detection;

import dev.paligemma.evaluation.metric.EvaluationException;
import dev.paligemma.evaluation.metric.Scores;
import dev.paligemma.vision.PixelBox;
import dev.paligemma.vision.mask.BitMask;
import dev.paligemma.vision.mask.MaskCodec;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The figures of the segmentation tasks RefCOCO, RefCOCO+ and RefCOCOg, as big_vision's evaluator has them: the mean
 * intersection over union of the masks, how many boxes overlap by at least 0.5 and 0.75, and how many answers are invalid.
 *
 * <p>An answer is valid if it begins with four location and sixteen segmentation codes, of a box with an area; what follows
 * does not matter. Location codes are divided by 1023, edges are cut to whole pixels, and the mask of 64x64 values is resized
 * to the box before it is compared with the one of the data set in the full size of the picture. An invalid answer scores 0.
 * Immutable and thread-safe.
 */
public final class RefCoco {
    /** The name of the metric. */
    public static final String NAME = "refcoco";

    private static final Pattern ANSWER = Pattern.compile("((?:<loc(?:0\\d{3}|10[01]\\d|102[0-3])>){4})"
            + "((?:<seg(?:0\\d{2}|1[01]\\d|12[0-7])>){" + MaskCodec.CODES + "})");
    private static final Pattern NUMBER = Pattern.compile("\\d+");
    private static final double LAST_CODE = 1023;

    private final MaskCodec codec;

    /** Scores answers whose masks this codec decodes. */
    public RefCoco(MaskCodec codec) {
        this.codec = codec;
    }

    /**
     * What one expression refers to.
     *
     * @param id what tells it from others
     * @param box of the object, in pixels
     * @param mask of the object, in the size of the picture; at least one pixel
     */
    public record Reference(String id, CocoBox box, BitMask mask) {
        /** An {@link IllegalArgumentException} if there is nothing in box or mask. */
        public Reference {
            if (!(box.width() > 0 && box.height() > 0) || mask.area() == 0) {
                throw new IllegalArgumentException("the box or the mask of " + id + " is empty");
            }
        }
    }

    /** How one answer compares; {@code iou} is that of the masks. */
    private record Judged(double iou, double boxIou, boolean valid) {}

    /**
     * Scores answers.
     *
     * @param references at least one
     * @param answers one for each, in the same order
     * @throws EvaluationException if there are none
     * @throws IllegalArgumentException if the numbers differ
     */
    public Scores score(List<Reference> references, List<String> answers) {
        if (references.isEmpty()) {
            throw new EvaluationException("there is no case to score");
        }
        if (references.size() != answers.size()) {
            throw new IllegalArgumentException(
                    "expected " + references.size() + " answers, one for each reference, got " + answers.size());
        }
        List<Judged> judged = new ArrayList<>();
        for (int i = 0; i < references.size(); i++) {
            judged.add(judge(references.get(i), answers.get(i)));
        }
        double count = judged.size();
        Map<String, Double> parts = new LinkedHashMap<>();
        parts.put("mIoU", judged.stream().mapToDouble(Judged::iou).average().orElse(0));
        parts.put(
                "boxAccuracy50",
                judged.stream().filter(each -> each.boxIou >= 0.5).count() / count);
        parts.put(
                "boxAccuracy75",
                judged.stream().filter(each -> each.boxIou >= 0.75).count() / count);
        parts.put(
                "invalid", (double) judged.stream().filter(each -> !each.valid).count());
        return Scores.mean(
                        NAME,
                        references.stream().map(Reference::id).toList(),
                        judged.stream().mapToDouble(Judged::iou).toArray())
                .withParts(parts);
    }

    /**
     * Scores the answers of one file of JSON lines, {@code {"id": ..., "answer": ...}}, by the references of another,
     * {@code {"id": ..., "width": 640, "height": 480, "bbox": [x, y, width, height], "mask": ...}}, where the mask is as in
     * COCO's files and the box, if it is left out, the smallest around the mask.
     *
     * @throws EvaluationException if a file cannot be read, or an id comes twice or in one file only
     */
    public Scores score(Path predictions, Path references) {
        ReferredFiles.Pairs pairs = ReferredFiles.read(predictions, references);
        return score(pairs.references(), pairs.answers());
    }

    private Judged judge(Reference reference, String answer) {
        Matcher matcher = ANSWER.matcher(answer);
        if (!matcher.lookingAt()) {
            return new Judged(0, 0, false);
        }
        int[] place = codes(matcher.group(1));
        if (place[2] <= place[0] || place[3] <= place[1]) {
            return new Judged(0, 0, false);
        }
        double top = place[0] / LAST_CODE;
        double left = place[1] / LAST_CODE;
        double bottom = place[2] / LAST_CODE;
        double right = place[3] / LAST_CODE;
        int width = reference.mask.width();
        int height = reference.mask.height();
        CocoBox truth = reference.box;
        CocoBox share =
                new CocoBox(truth.x() / width, truth.y() / height, truth.width() / width, truth.height() / height);
        double boxIou = CocoBox.between(left, top, right, bottom).iou(share);
        PixelBox pixels = new PixelBox(
                (int) (left * width), (int) (top * height), (int) (right * width), (int) (bottom * height));
        if (pixels.isEmpty()) {
            return new Judged(0, boxIou, false);
        }
        BitMask mask = codec.decodeInto(width, height, pixels, codes(matcher.group(2)));
        return new Judged(mask.iou(reference.mask), boxIou, true);
    }

    private static int[] codes(String text) {
        return NUMBER.matcher(text)
                .results()
                .mapToInt(each -> Integer.parseInt(each.group()))
                .toArray();
    }
}
