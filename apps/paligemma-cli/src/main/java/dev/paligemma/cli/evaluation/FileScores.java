package dev.paligemma.cli.evaluation;

import dev.paligemma.cli.report.Facts;
import dev.paligemma.evaluation.detection.AveragePrecision;
import dev.paligemma.evaluation.detection.CocoTruth;
import dev.paligemma.evaluation.detection.RefCoco;
import dev.paligemma.evaluation.detection.Shape;
import dev.paligemma.evaluation.metric.Scores;
import dev.paligemma.vision.mask.MaskCodec;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/** Scores answers that are in files already, without a model. Stateless. */
public final class FileScores {
    private FileScores() {}

    /** The scores of boxes or masks by the metric of this name; empty if it is a metric of texts. */
    public static Optional<Facts> ofBoxes(String metric, Path predictions, Path references, Supplier<MaskCodec> codec) {
        if (metric.equals(RefCoco.NAME)) {
            return Optional.of(facts(new RefCoco(codec.get()).score(predictions, references)));
        }
        for (Shape shape : Shape.values()) {
            if (metric.equals(AveragePrecision.name(shape))) {
                return Optional.of(averagePrecision(shape, predictions, references));
            }
        }
        return Optional.empty();
    }

    private static Facts averagePrecision(Shape shape, Path predictions, Path references) {
        CocoTruth truth = CocoTruth.read(references, shape);
        AveragePrecision precision = AveragePrecision.read(truth, predictions, shape);
        Map<String, Double> numbers = precision.numbers();
        Facts facts = facts(AveragePrecision.name(shape), precision.ap(), truth.images().size(), numbers);
        Facts categories = new Facts();
        precision.categories().forEach((id, ap) -> categories.value(truth.categories().getOrDefault(id, id), ap));
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
