package dev.paligemma.training.internal.figures;

import dev.paligemma.detection.BoundingBox;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The mean average precision of boxes as COCO has it: for each label and each of the overlaps 0.5, 0.55 to 0.95, the mean of
 * the precisions at 101 recalls; then the mean of all. Confined to one thread.
 */
public final class AveragePrecision {
    private static final int OVERLAPS = 10;
    private static final double FIRST_OVERLAP = 0.5;
    private static final double OVERLAP_STEP = 0.05;
    private static final int RECALLS = 100;

    private final List<Found> found = new ArrayList<>();
    private final Map<Integer, List<Box>> wanted = new LinkedHashMap<>();

    /** A box with its label. */
    public record Box(String label, BoundingBox box) {}

    private record Found(int picture, Box box, double confidence) {}

    /** Adds what should be in a picture; pictures have different numbers. */
    public void want(int picture, Box box) {
        wanted.computeIfAbsent(picture, key -> new ArrayList<>()).add(box);
    }

    /** Adds what was found in a picture, with a confidence from 0 to 1; NaN counts as 0. */
    public void find(int picture, Box box, double confidence) {
        found.add(new Found(picture, box, Double.isNaN(confidence) ? 0 : confidence));
    }

    /** The mean over all labels that are wanted anywhere; 0 if none is. */
    public double mean() {
        Set<String> labels = new LinkedHashSet<>();
        wanted.values().forEach(boxes -> boxes.forEach(box -> labels.add(box.label())));
        double sum = 0;
        for (String label : labels) {
            for (int i = 0; i < OVERLAPS; i++) {
                sum += of(label, FIRST_OVERLAP + i * OVERLAP_STEP);
            }
        }
        return labels.isEmpty() ? 0 : sum / (labels.size() * OVERLAPS);
    }

    private double of(String label, double overlap) {
        Map<Integer, List<BoundingBox>> left = new LinkedHashMap<>();
        int total = 0;
        for (Map.Entry<Integer, List<Box>> entry : wanted.entrySet()) {
            List<BoundingBox> boxes = new ArrayList<>();
            entry.getValue().stream().filter(box -> box.label().equals(label)).forEach(box -> boxes.add(box.box()));
            left.put(entry.getKey(), boxes);
            total += boxes.size();
        }
        List<Found> sure = found.stream()
                .filter(each -> each.box().label().equals(label))
                .sorted(Comparator.comparingDouble(Found::confidence).reversed())
                .toList();
        double[] precisions = new double[sure.size()];
        double[] recalls = new double[sure.size()];
        int right = 0;
        for (int i = 0; i < sure.size(); i++) {
            right += take(sure.get(i), left, overlap) ? 1 : 0;
            precisions[i] = (double) right / (i + 1);
            recalls[i] = (double) right / total;
        }
        return interpolated(precisions, recalls);
    }

    /** A box that is wanted is found once: by the first that is close enough, the most overlapping one of several. */
    private static boolean take(Found found, Map<Integer, List<BoundingBox>> left, double overlap) {
        List<BoundingBox> boxes = left.getOrDefault(found.picture(), List.of());
        int best = -1;
        double most = overlap;
        for (int i = 0; i < boxes.size(); i++) {
            double iou = boxes.get(i).iou(found.box().box());
            if (iou >= most) {
                most = iou;
                best = i;
            }
        }
        if (best >= 0) {
            boxes.remove(best);
        }
        return best >= 0;
    }

    private static double interpolated(double[] precisions, double[] recalls) {
        for (int i = precisions.length - 2; i >= 0; i--) {
            precisions[i] = Math.max(precisions[i], precisions[i + 1]);
        }
        double sum = 0;
        int at = 0;
        for (int i = 0; i <= RECALLS; i++) {
            while (at < recalls.length && recalls[at] < (double) i / RECALLS) {
                at++;
            }
            sum += at < recalls.length ? precisions[at] : 0;
        }
        return sum / (RECALLS + 1);
    }
}
