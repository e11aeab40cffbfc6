package dev.paligemma.evaluation.detection;

import dev.paligemma.evaluation.internal.Runs;
import dev.paligemma.evaluation.metric.EvaluationException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeSet;
import java.util.stream.IntStream;

/** Judges all detections of one category. Stateless. */
final class CategoryMatcher {
    /** Not by Double.compare, for which 0 and -0 are different scores. */
    private static final Comparator<Double> SUREST_FIRST = (a, b) -> a > b ? -1 : a < b ? 1 : 0;

    private final Shape shape;

    CategoryMatcher(Shape shape) {
        this.shape = shape;
    }

    /** The verdicts on one picture. */
    private record Picture(int place, List<CocoDetection> surest, Map<Area, ImageMatcher.Verdict> verdicts) {
        ImageMatcher.Verdict verdict(Area size) {
            return Objects.requireNonNull(verdicts.get(size));
        }
    }

    /** The verdicts by each size of objects. */
    Map<Area, CategoryMatches> match(ByPlace<CocoObject> objects, ByPlace<CocoDetection> detections) {
        List<Picture> pictures = new ArrayList<>();
        TreeSet<Integer> places = new TreeSet<>(objects.places());
        places.addAll(detections.places());
        for (int place : places) {
            pictures.add(picture(place, objects.in(place), detections.in(place)));
        }
        int count = pictures.stream().mapToInt(each -> each.surest.size()).sum();
        int[] picture = new int[count];
        byte[] rank = new byte[count];
        Double[] score = new Double[count];
        Integer[] order = new Integer[count];
        int at = 0;
        for (int p = 0; p < pictures.size(); p++) {
            List<CocoDetection> surest = pictures.get(p).surest;
            for (int r = 0; r < surest.size(); r++) {
                picture[at] = p;
                rank[at] = (byte) r;
                score[at] = surest.get(r).score();
                order[at] = at++;
            }
        }
        Arrays.sort(order, (a, b) -> SUREST_FIRST.compare(score[a], score[b]));
        Map<Area, CategoryMatches> matches = new EnumMap<>(Area.class);
        for (Area size : Area.values()) {
            matches.put(size, ordered(pictures, size, picture, rank, order));
        }
        return matches;
    }

    private static CategoryMatches ordered(
            List<Picture> pictures, Area size, int[] picture, byte[] rank, Integer[] order) {
        int count = order.length;
        int[] places = new int[count];
        byte[] ranks = new byte[count];
        short[] right = new short[count];
        short[] wrong = new short[count];
        for (int i = 0; i < count; i++) {
            int from = order[i];
            Picture where = pictures.get(picture[from]);
            ImageMatcher.Verdict verdict = where.verdict(size);
            places[i] = where.place;
            ranks[i] = rank[from];
            right[i] = verdict.right()[rank[from]];
            wrong[i] = verdict.wrong()[rank[from]];
        }
        int[] wanted = pictures.stream()
                .filter(each -> each.verdict(size).wanted() > 0)
                .flatMapToInt(
                        each -> IntStream.of(each.place, each.verdict(size).wanted()))
                .toArray();
        return new CategoryMatches(places, ranks, right, wrong, wanted);
    }

    private Picture picture(int place, List<CocoObject> objects, List<CocoDetection> detections) {
        List<CocoDetection> surest = new ArrayList<>(detections);
        surest.sort(Comparator.comparing(CocoDetection::score, SUREST_FIRST)); // stable
        if (surest.size() > ImageMatcher.MOST) {
            surest = new ArrayList<>(surest.subList(0, ImageMatcher.MOST));
        }
        boolean[] crowds = new boolean[objects.size()];
        double[] areas = new double[objects.size()];
        for (int g = 0; g < crowds.length; g++) {
            crowds[g] = objects.get(g).crowd();
            areas[g] = objects.get(g).area();
        }
        double[][] overlaps = shape == Shape.BOX ? boxes(surest, objects) : masks(surest, objects);
        double[] foundAreas = surest.stream().mapToDouble(CocoDetection::area).toArray();
        ImageMatcher matcher = new ImageMatcher(overlaps, foundAreas, areas, crowds);
        Map<Area, ImageMatcher.Verdict> verdicts = new EnumMap<>(Area.class);
        for (Area size : Area.values()) {
            verdicts.put(size, matcher.judge(size));
        }
        return new Picture(place, surest, verdicts);
    }

    private static double[][] boxes(List<CocoDetection> found, List<CocoObject> objects) {
        double[][] overlaps = new double[found.size()][objects.size()];
        for (int d = 0; d < overlaps.length; d++) {
            CocoBox box = found.get(d).box();
            for (int g = 0; g < overlaps[d].length; g++) {
                CocoObject object = objects.get(g);
                double shared = box.shared(object.box());
                double all =
                        object.crowd() ? box.area() : box.area() + object.box().area() - shared;
                overlaps[d][g] = shared == 0 ? 0 : shared / all;
            }
        }
        return overlaps;
    }

    private static double[][] masks(List<CocoDetection> found, List<CocoObject> objects) {
        List<Runs> masks = objects.stream()
                .map(each -> Runs.of(each.mask().orElseThrow(() -> missing("an object", each.image()))))
                .toList();
        double[][] overlaps = new double[found.size()][objects.size()];
        for (int d = 0; d < overlaps.length; d++) {
            String image = found.get(d).image();
            Runs mask = Runs.of(found.get(d).mask().orElseThrow(() -> missing("a detection", image)));
            for (int g = 0; g < overlaps[d].length; g++) {
                if (!mask.sameSize(masks.get(g))) {
                    throw new EvaluationException("the masks in the picture " + image + " have different sizes");
                }
                double shared = mask.shared(masks.get(g));
                double all = objects.get(g).crowd()
                        ? mask.area()
                        : mask.area() + masks.get(g).area() - shared;
                overlaps[d][g] = shared == 0 ? 0 : shared / all;
            }
        }
        return overlaps;
    }

    private static EvaluationException missing(String what, String image) {
        return new EvaluationException(
                what + " in the picture " + image + " has no mask; compare boxes, or read the files for masks");
    }
}
