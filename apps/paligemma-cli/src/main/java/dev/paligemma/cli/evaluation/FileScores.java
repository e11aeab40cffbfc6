package dev.paligemma.cli.evaluation;

import dev.paligemma.cli.report.Facts;
import dev.paligemma.evaluation.Metrics;
import dev.paligemma.evaluation.detection.AveragePrecision;
import dev.paligemma.evaluation.detection.CocoTruth;
import dev.paligemma.evaluation.detection.RefCoco;
import dev.paligemma.evaluation.detection.Shape;
import dev.paligemma.evaluation.metric.EvaluationException;
import dev.paligemma.evaluation.metric.Metric;
import dev.paligemma.evaluation.metric.Scores;
import dev.paligemma.vision.mask.MaskCodec;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/** Scores answers that are in files already, without a model. Stateless. */
public final class FileScores {
    private FileScores() {}

    /** Whether a metric compares boxes or masks. */
    public static boolean isOfBoxes(String metric) {
        return names().contains(metric);
    }

    private static List<String> names() {
        List<String> names = new ArrayList<>(List.of(RefCoco.NAME));
        for (Shape shape : Shape.values()) {
            names.add(AveragePrecision.name(shape));
        }
        return names;
    }

    /** The scores of boxes or masks by the metric of this name. */
    public static Facts ofBoxes(String metric, Path predictions, Path references, Supplier<MaskCodec> codec) {
        if (metric.equals(RefCoco.NAME)) {
            return facts(new RefCoco(codec.get()).score(predictions, references));
        }
        Shape shape = metric.equals(AveragePrecision.name(Shape.BOX)) ? Shape.BOX : Shape.MASK;
        return averagePrecision(shape, predictions, references);
    }

    /** A metric of texts by its name; a failure names those of boxes as well. */
    public static Metric named(String metric) {
        if (!Metrics.names().contains(metric)) {
            throw new EvaluationException("there is no metric '" + metric + "', expected one of "
                    + String.join(", ", Metrics.names()) + ", " + String.join(", ", names()));
        }
        return Metrics.named(metric);
    }

    private static Facts averagePrecision(Shape shape, Path predictions, Path references) {
        CocoTruth truth = CocoTruth.read(references, shape);
        AveragePrecision precision = AveragePrecision.read(truth, predictions, shape);
        Map<String, Double> numbers = precision.numbers();
        Facts facts = facts(
                AveragePrecision.name(shape), precision.ap(), truth.images().size(), numbers);
        Facts categories = new Facts();
        precision
                .categories()
                .forEach((id, ap) -> categories.value(truth.categories().getOrDefault(id, id), ap));
        return facts.value("categories", categories);
    }

    /** A score with its metric, its cases and further figures. */
    public static Facts facts(Scores scores) {
        return facts(scores.metric(), scores.score(), scores.cases(), scores.parts());
    }

    private static Facts facts(String metric, double score, int cases, Map<String, Double> parts) {
        Facts facts = new Facts()
                .add("metric", "metric", metric)
                .line("score", "%.4f", score)
                .value("score", score)
                .add("cases", "cases", cases);
        parts.forEach((name, value) -> facts.line(name, number(value), value).value(name, value));
        return facts;
    }

    private static String number(double value) {
        return value == Math.rint(value) && Math.abs(value) > 1 ? "%.0f" : "%.4f";
    }
}
