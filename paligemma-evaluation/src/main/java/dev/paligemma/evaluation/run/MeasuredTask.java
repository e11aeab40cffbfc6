package dev.paligemma.evaluation.run;

import dev.paligemma.evaluation.Metrics;
import dev.paligemma.evaluation.TaskMetric;
import dev.paligemma.evaluation.detection.Shape;
import dev.paligemma.evaluation.metric.EvaluationException;
import dev.paligemma.vision.mask.MaskCodec;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * How a task is asked and measured.
 *
 * @param name of the task
 * @param measure how answers are scored
 * @param prompt of questions that have none of their own; empty if each must have one
 */
public record MeasuredTask(String name, Measure measure, Optional<String> prompt) {
    private static final List<String> REFERRED = List.of("refcoco", "refcoco+", "refcocoplus", "refcocog");

    /**
     * A task by its name: {@code coco-detection}, {@code coco-segmentation}, {@code refcoco}, {@code refcoco+}, {@code refcocog},
     * or one of {@link Metrics}.
     *
     * @param codec decodes masks, which RefCOCO needs
     * @throws EvaluationException if there is none of this name, or masks cannot be decoded
     */
    public static MeasuredTask named(String name, Optional<MaskCodec> codec) {
        if (name.equals("coco-detection")) {
            return new MeasuredTask(name, Measure.ofThings(Shape.BOX), Optional.of("detect {labels}"));
        }
        if (name.equals("coco-segmentation")) {
            return new MeasuredTask(name, Measure.ofThings(Shape.MASK), Optional.of("segment {labels}"));
        }
        if (REFERRED.contains(name)) {
            return new MeasuredTask(name, referred(codec), Optional.of("segment {expression}"));
        }
        if (!Metrics.tasks().contains(name)) {
            throw new EvaluationException(
                    "there is no task '" + name + "', expected one of " + String.join(", ", names()));
        }
        TaskMetric task = Metrics.forTask(name);
        return new MeasuredTask(name, Measure.of(task.metric()), Optional.of(task.prompt()));
    }

    /** The names of all tasks. */
    public static List<String> names() {
        List<String> names = new ArrayList<>(Metrics.tasks());
        names.add("coco-detection");
        names.add("coco-segmentation");
        names.addAll(REFERRED);
        return names;
    }

    /** A measure by the name of its metric: {@code coco-box}, {@code coco-mask}, {@code refcoco}, or one of {@link Metrics}. */
    public static Measure measure(String metric, Optional<MaskCodec> codec) {
        return switch (metric) {
            case "coco-box" -> Measure.ofThings(Shape.BOX);
            case "coco-mask" -> Measure.ofThings(Shape.MASK);
            case "refcoco" -> referred(codec);
            default -> Measure.of(Metrics.named(metric));
        };
    }

    private static Measure referred(Optional<MaskCodec> codec) {
        return Measure.ofReferred(codec.orElseThrow(() -> new EvaluationException(
                "RefCOCO compares masks, and there are no weights to decode them; name them with maskWeights(...)")));
    }
}
