package dev.paligemma.evaluation.run;

import dev.paligemma.evaluation.detection.AveragePrecision;
import dev.paligemma.evaluation.detection.CocoDetection;
import dev.paligemma.evaluation.detection.CocoObject;
import dev.paligemma.evaluation.detection.CocoTruth;
import dev.paligemma.evaluation.detection.RefCoco;
import dev.paligemma.evaluation.detection.Shape;
import dev.paligemma.evaluation.metric.Case;
import dev.paligemma.evaluation.metric.EvaluationException;
import dev.paligemma.evaluation.metric.Metric;
import dev.paligemma.evaluation.metric.Scores;
import dev.paligemma.vision.mask.MaskCodec;
import java.util.ArrayList;
import java.util.List;

/**
 * How answers are scored: by a metric of texts, by the average precision of boxes or masks, or as RefCOCO. Immutable and
 * thread-safe.
 */
public abstract class Measure {
    /** Equals no reference and no part of one, whatever a metric does to texts. */
    private static final String NO_ANSWER = "\uFFFD";

    private final String name;

    private Measure(String name) {
        this.name = name;
    }

    /** By a metric of texts. */
    public static Measure of(Metric metric) {
        return new OfTexts(metric);
    }

    /** By the average precision of COCO. Confidences are the scores of boxes. */
    public static Measure ofThings(Shape shape) {
        return new OfThings(shape);
    }

    /** As the segmentation tasks RefCOCO, RefCOCO+ and RefCOCOg are scored. */
    public static Measure ofReferred(MaskCodec codec) {
        return new OfReferred(codec);
    }

    /** The name of the metric. */
    public String name() {
        return name;
    }

    /** Whether answers are about boxes, whose confidence is needed. */
    boolean needsBoxes() {
        return false;
    }

    /** Whether masks of boxes are needed. */
    boolean needsMasks() {
        return false;
    }

    /** Scores answers to questions, one for each in their order; what failed is wrong. */
    abstract Scores score(List<Question> questions, List<Answered> answers);

    /** The truth of a question in the form that is needed. */
    private static <T extends Truth> T truth(Question question, Class<T> form, String name, String what) {
        if (!form.isInstance(question.truth())) {
            throw new EvaluationException(
                    "question " + question.id() + " has no " + what + ", which " + name + " needs");
        }
        return form.cast(question.truth());
    }

    private static final class OfTexts extends Measure {
        private final Metric metric;

        OfTexts(Metric metric) {
            super(metric.name());
            this.metric = metric;
        }

        @Override
        Scores score(List<Question> questions, List<Answered> answers) {
            List<Case> cases = new ArrayList<>();
            for (int i = 0; i < questions.size(); i++) {
                Question question = questions.get(i);
                Answered answered = answers.get(i);
                String answer = answered.error().isPresent() ? NO_ANSWER : answered.answer();
                List<String> references = truth(question, Truth.Texts.class, name(), "texts as references")
                        .references();
                cases.add(new Case(question.id(), answer, references));
            }
            return metric.score(cases);
        }
    }

    private static final class OfThings extends Measure {
        private final Shape shape;

        OfThings(Shape shape) {
            super(AveragePrecision.name(shape));
            this.shape = shape;
        }

        @Override
        boolean needsBoxes() {
            return true;
        }

        @Override
        boolean needsMasks() {
            return shape == Shape.MASK;
        }

        @Override
        Scores score(List<Question> questions, List<Answered> answers) {
            CocoTruth.Builder truth = CocoTruth.builder();
            List<CocoDetection> found = new ArrayList<>();
            for (int i = 0; i < questions.size(); i++) {
                Question question = questions.get(i);
                Truth.Things things = truth(question, Truth.Things.class, name(), "boxes");
                truth.image(question.id(), things.width(), things.height());
                for (Truth.Thing thing : things.things()) {
                    if (!truth.hasCategory(thing.label())) {
                        truth.category(thing.label(), thing.label());
                    }
                    if (shape == Shape.MASK && thing.mask().isEmpty()) {
                        throw new EvaluationException(
                                "question " + question.id() + " has a box without a mask, which " + name() + " needs");
                    }
                    truth.object(new CocoObject(
                            question.id(), thing.label(), thing.box(), thing.mask(), thing.area(), thing.crowd()));
                }
                for (Answered.Found each : answers.get(i).found()) {
                    if (shape == Shape.BOX || each.mask().isPresent()) {
                        double area = shape == Shape.BOX
                                ? each.box().area()
                                : each.mask().orElseThrow().toMask().area();
                        found.add(new CocoDetection(
                                question.id(), each.label(), each.box(), each.mask(), area, each.score()));
                    }
                }
            }
            return AveragePrecision.of(truth.build(), found, shape).scores();
        }
    }

    private static final class OfReferred extends Measure {
        private final RefCoco metric;

        OfReferred(MaskCodec codec) {
            super(RefCoco.NAME);
            metric = new RefCoco(codec);
        }

        /** For pictures of reports. */
        @Override
        boolean needsBoxes() {
            return true;
        }

        @Override
        Scores score(List<Question> questions, List<Answered> answers) {
            List<RefCoco.Reference> references = new ArrayList<>();
            for (Question question : questions) {
                Truth.Referred truth = truth(question, Truth.Referred.class, name(), "box with a mask");
                references.add(new RefCoco.Reference(question.id(), truth.box(), truth.mask()));
            }
            return metric.score(
                    references, answers.stream().map(Answered::answer).toList());
        }
    }
}
