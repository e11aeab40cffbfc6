package dev.paligemma.evaluation.detection;

import dev.paligemma.evaluation.metric.EvaluationException;
import dev.paligemma.evaluation.metric.Scores;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/**
 * The twelve numbers of COCO's detection challenge, for boxes or masks, by the rule of pycocotools: precision averaged over
 * 101 recalls, ten thresholds of overlap from 0.5 to 0.95 and all categories; recall for at most 1, 10 and 100 detections of a
 * picture and category; small, medium and large objects apart. -1 stands for a number that nothing can be said about, because
 * there are no such objects. Immutable and thread-safe.
 */
public final class AveragePrecision {
    private static final int MOST = ImageMatcher.MOST;

    private final Shape shape;
    private final CocoTruth truth;

    /** For each category, the verdicts by each size. */
    private final List<Map<Area, CategoryMatches>> matches;

    private AveragePrecision(Shape shape, CocoTruth truth, List<Map<Area, CategoryMatches>> matches) {
        this.shape = shape;
        this.truth = truth;
        this.matches = matches;
    }

    /**
     * Compares what was found with what is there.
     *
     * @param found in any order; of equal scores the first counts first. Detections of a category that the data set does not
     *     have are left out, as pycocotools does
     * @throws EvaluationException if a detection is about a picture that is not in the data set, or masks are compared and
     *     one is missing or has another size than the others of its picture
     */
    public static AveragePrecision of(CocoTruth truth, List<CocoDetection> found, Shape shape) {
        Map<String, Integer> places = new HashMap<>();
        truth.images().forEach(id -> places.put(id, places.size()));
        Map<String, Found> byCategory = new LinkedHashMap<>();
        truth.categories().keySet().forEach(id -> byCategory.put(id, new Found()));
        for (CocoObject object : truth.objects()) {
            Objects.requireNonNull(byCategory.get(object.category()))
                    .objects
                    .at(Objects.requireNonNull(places.get(object.image())))
                    .add(object);
        }
        for (CocoDetection each : found) {
            Integer place = places.get(each.image());
            if (place == null) {
                throw new EvaluationException("a detection is about the picture " + each.image()
                        + ", which is not in the data set; it has " + places.size() + " pictures");
            }
            Found category = byCategory.get(each.category());
            if (category != null) {
                category.detections.at(place).add(each);
            }
        }
        List<Map<Area, CategoryMatches>> matches = new ArrayList<>();
        for (Found category : byCategory.values()) {
            matches.add(new CategoryMatcher(shape).match(category.objects, category.detections));
        }
        return new AveragePrecision(shape, truth, matches);
    }

    /** What there is of one category, by the places of pictures. */
    private static final class Found {
        final ByPlace<CocoObject> objects = new ByPlace<>();
        final ByPlace<CocoDetection> detections = new ByPlace<>();
    }

    /**
     * Reads what was found and compares it with what is there.
     *
     * @param found a list of results of COCO's tools, those as JSON lines, or the lines of {@code paligemma detect --jsonl}
     *     and {@code segment --jsonl}. Where the first result has a box, all must, and the area of a result is that of its box,
     *     also where masks are compared: pycocotools' rule
     * @throws EvaluationException if the file cannot be read, holds no detections, or none of a category of the data set
     */
    public static AveragePrecision read(CocoTruth truth, Path found, Shape shape) {
        return of(truth, CocoFiles.detections(found, truth, shape), shape);
    }

    /** AP: over all thresholds and sizes. */
    public double ap() {
        return precision(Area.ALL, -1, null);
    }

    /** AP50: boxes and masks may overlap by half. */
    public double ap50() {
        return precision(Area.ALL, 0, null);
    }

    /** The twelve numbers in pycocotools' order: AP, AP50, AP75, APs, APm, APl, AR1, AR10, AR100, ARs, ARm, ARl. */
    public Map<String, Double> numbers() {
        Map<String, Double> numbers = new LinkedHashMap<>();
        numbers.put("AP", ap());
        numbers.put("AP50", ap50());
        numbers.put("AP75", precision(Area.ALL, 5, null));
        numbers.put("APs", precision(Area.SMALL, -1, null));
        numbers.put("APm", precision(Area.MEDIUM, -1, null));
        numbers.put("APl", precision(Area.LARGE, -1, null));
        numbers.put("AR1", recall(Area.ALL, 1));
        numbers.put("AR10", recall(Area.ALL, 10));
        numbers.put("AR100", recall(Area.ALL, MOST));
        numbers.put("ARs", recall(Area.SMALL, MOST));
        numbers.put("ARm", recall(Area.MEDIUM, MOST));
        numbers.put("ARl", recall(Area.LARGE, MOST));
        return numbers;
    }

    /** AP of each category by its id; -1 where there is nothing of it. */
    public Map<String, Double> categories() {
        Map<String, Double> all = new LinkedHashMap<>();
        int at = 0;
        for (String id : truth.categories().keySet()) {
            CategoryMatches.Curve curve = curve(matches.get(at++), Area.ALL, MOST, null);
            all.put(id, curve == null ? -1.0 : curve.meanPrecision());
        }
        return all;
    }

    /**
     * The same as scores of pictures, for intervals and comparisons: the score of a picture is its AP alone, -1 if there is
     * nothing in it.
     */
    public Scores scores() {
        int pictures = truth.images().size();
        if (pictures == 0) {
            throw new EvaluationException("the data set has no picture");
        }
        double[] sums = new double[pictures];
        int[] counts = new int[pictures];
        for (Map<Area, CategoryMatches> category : matches) {
            of(category, Area.ALL).byPicture().forEach((place, alone) -> {
                CategoryMatches.Curve curve = alone.curve(MOST, null);
                sums[place] += curve == null ? 0 : curve.meanPrecision();
                counts[place] += curve == null ? 0 : 1;
            });
        }
        double[] each = new double[pictures];
        for (int i = 0; i < pictures; i++) {
            each[i] = counts[i] == 0 ? -1 : sums[i] / counts[i];
        }
        return Scores.ofCorpus(name(shape), truth.images(), each, this::score).withParts(numbers());
    }

    /** How the metric is called. */
    public static String name(Shape shape) {
        return shape == Shape.BOX ? "coco-box" : "coco-mask";
    }

    private double score(int[] chosen) {
        int[] weights = new int[truth.images().size()];
        for (int index : chosen) {
            weights[index]++;
        }
        return precision(Area.ALL, -1, weights);
    }

    /** The mean over categories, at one threshold or, for -1, over all. */
    private double precision(Area size, int threshold, int @Nullable [] weights) {
        return mean(size, MOST, weights, curve -> threshold < 0 ? curve.meanPrecision() : curve.precision()[threshold]);
    }

    private double recall(Area size, int most) {
        return mean(size, most, null, CategoryMatches.Curve::meanRecall);
    }

    private double mean(Area size, int most, int @Nullable [] weights, ToDoubleFunction<CategoryMatches.Curve> figure) {
        double[] figures = matches.stream()
                .map(category -> curve(category, size, most, weights))
                .filter(Objects::nonNull)
                .mapToDouble(figure)
                .toArray();
        return Arrays.stream(figures).average().orElse(-1);
    }

    private static CategoryMatches.@Nullable Curve curve(
            Map<Area, CategoryMatches> category, Area size, int most, int @Nullable [] weights) {
        return of(category, size).curve(most, weights);
    }

    private static CategoryMatches of(Map<Area, CategoryMatches> category, Area size) {
        return Objects.requireNonNull(category.get(size));
    }
}
