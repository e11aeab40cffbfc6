package dev.paligemma.training.internal.figures;

import dev.paligemma.detection.Detection;
import dev.paligemma.detection.DetectionParser;
import dev.paligemma.detection.ParsedAnswer;
import dev.paligemma.detection.Segment;
import dev.paligemma.generation.GenerationRequest;
import dev.paligemma.generation.GenerationResult;
import dev.paligemma.task.TaskRunner;
import dev.paligemma.task.Tasks;
import dev.paligemma.tokenizer.ControlTokens;
import dev.paligemma.training.data.Example;
import dev.paligemma.training.data.Examples;
import dev.paligemma.training.run.FineTuningException;
import dev.paligemma.training.run.Metric;
import dev.paligemma.vision.RgbImage;
import dev.paligemma.vision.mask.BitMask;
import dev.paligemma.vision.mask.MaskCodec;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/**
 * Asks a model about the examples held out whose suffix has boxes, and compares what it answers. Confined to one thread.
 */
public final class AnswerFigures {
    private static final int FEWEST_TOKENS = 64;
    private static final double THRESHOLD = 0.5;

    private final List<Example> examples;

    /** Keeps the examples with one picture and boxes in the suffix; a {@link FineTuningException} if there are none. */
    public AnswerFigures(Examples heldOut, List<Metric> metrics) {
        List<Example> found = new ArrayList<>();
        boolean masks = false;
        for (int i = 0; i < heldOut.size(); i++) {
            Example example = heldOut.get(i);
            List<Detection> boxes =
                    DetectionParser.parse(example.suffix(), 1, 1).detections();
            if (example.pictures().size() == 1 && !boxes.isEmpty()) {
                found.add(example);
                masks |= boxes.stream().anyMatch(Detection::hasMask);
            }
        }
        if (found.isEmpty() || (metrics.contains(Metric.MASK_IOU) && !masks)) {
            throw new FineTuningException("none of the examples held out has "
                    + (found.isEmpty() ? "a box" : "a mask") + " in its suffix, which "
                    + metrics.stream()
                            .filter(Metric::needsAnswers)
                            .map(Metric::label)
                            .toList()
                    + " compare with answers; choose other metrics");
        }
        this.examples = List.copyOf(found);
    }

    /**
     * The three figures of a model.
     *
     * @param stops whether to give up, by a {@link FineTuningException}
     */
    public Map<Metric, Double> of(TaskRunner model, BooleanSupplier stops) {
        AveragePrecision precision = new AveragePrecision();
        Sums sums = new Sums();
        for (int i = 0; i < examples.size(); i++) {
            if (stops.getAsBoolean()) {
                throw new FineTuningException("the run was stopped while examples held out were asked");
            }
            Example example = examples.get(i);
            RgbImage picture = example.pictures().get(0).read();
            ParsedAnswer wanted = DetectionParser.parse(example.suffix(), picture.width(), picture.height());
            ParsedAnswer found = answer(model, example, picture);
            int number = i;
            wanted.detections().forEach(each -> precision.want(number, box(each)));
            found.detections().forEach(each -> precision.find(number, box(each), each.confidence()));
            sums.add(wanted, found, model.maskCodec());
        }
        Map<Metric, Double> figures = new EnumMap<>(Metric.class);
        figures.put(Metric.MEAN_AVERAGE_PRECISION, precision.mean());
        figures.put(Metric.BOX_IOU, sums.boxes == 0 ? 0 : sums.boxOverlaps / sums.boxes);
        figures.put(Metric.MASK_IOU, sums.masks == 0 ? 0 : sums.maskOverlaps / sums.masks);
        return figures;
    }

    private static AveragePrecision.Box box(Detection detection) {
        return new AveragePrecision.Box(detection.label(), detection.box());
    }

    private static ParsedAnswer answer(TaskRunner model, Example example, RgbImage picture) {
        int expected = model.tokenizer().encode(example.suffix(), ControlTokens.PARSE).length;
        GenerationRequest request = GenerationRequest.builder()
                .image(picture)
                .prompt(example.prefix())
                // A model that repeats itself without end is not waited for.
                .maxNewTokens(Math.max(FEWEST_TOKENS, 2 * expected))
                .build();
        GenerationResult result = model.generate(request);
        return model.read(Tasks.detect("anything"), request, result);
    }

    /** Sums over boxes and masks that are wanted. */
    private static final class Sums {
        private int boxes;
        private int masks;
        private double boxOverlaps;
        private double maskOverlaps;

        void add(ParsedAnswer wanted, ParsedAnswer found, Optional<MaskCodec> codec) {
            boxes += wanted.detections().size();
            boxOverlaps += Overlaps.sum(
                    wanted.detections(),
                    found.detections(),
                    (a, b) -> a.label().equals(b.label()),
                    (a, b) -> a.box().iou(b.box()));
            List<Segment> shapes = shapes(wanted, codec);
            masks += shapes.size();
            maskOverlaps += Overlaps.sum(
                    shapes, shapes(found, codec), (a, b) -> a.label().equals(b.label()), Sums::iou);
        }

        private static List<Segment> shapes(ParsedAnswer answer, Optional<MaskCodec> codec) {
            return Segment.of(answer, codec).stream()
                    .filter(segment -> segment.mask().isPresent())
                    .toList();
        }

        private static double iou(Segment a, Segment b) {
            Optional<BitMask> first = a.bitMask(THRESHOLD);
            Optional<BitMask> second = b.bitMask(THRESHOLD);
            return first.isPresent() && second.isPresent() ? first.get().iou(second.get()) : 0;
        }
    }
}
