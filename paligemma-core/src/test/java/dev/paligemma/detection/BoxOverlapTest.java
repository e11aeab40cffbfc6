package dev.paligemma.detection;

import static dev.paligemma.detection.Answers.TOKENIZER;
import static dev.paligemma.detection.Answers.certain;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.paligemma.constraint.GeneratedToken;
import dev.paligemma.constraint.LocationDistribution;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class BoxOverlapTest {
    static Stream<Map<String, Object>> boxes() {
        return JsonCases.read("confidence.json").stream();
    }

    /** {@code src/reference/detections/confidence.py} adds up all combinations of the four edges. */
    @ParameterizedTest
    @MethodSource("boxes")
    void probabilityIsTheSumOverAllOtherBoxes(Map<String, Object> box) {
        double probability = BoxOverlap.probability(codes(box), edges(box));

        assertThat(probability).isCloseTo(JsonCases.number(box, "overlap"), within(1e-6));
    }

    @ParameterizedTest
    @MethodSource("boxes")
    void confidenceIsThatOfTheFormula(Map<String, Object> box) {
        List<GeneratedToken> tokens = new ArrayList<>();
        add(tokens, "dog;", JsonCases.number(box, "separator"));
        List<Integer> codes = JsonCases.list(box, "codes");
        List<LocationDistribution> edges = edges(box);
        for (int i = 0; i < codes.size(); i++) {
            tokens.add(new GeneratedToken(TOKENIZER.locationId(codes.get(i)), -9, 0, Optional.of(edges.get(i))));
        }
        add(tokens, " cat", JsonCases.number(box, "label"));

        Detection cat = Answers.parse(tokens).detections().get(0);

        assertThat(cat.label()).isEqualTo("cat");
        assertThat(cat.confidence()).isCloseTo(JsonCases.number(box, "confidence"), within(1e-6));
    }

    @Test
    void onlyAnEqualBoxIsTheSameWithoutArea() {
        List<LocationDistribution> edges = List.of(certain(7, 1), certain(300, 1), certain(7, 1), certain(300, 1));

        assertThat(BoxOverlap.probability(new LocationCodes(7, 300, 7, 300), edges))
                .isEqualTo(1);
        assertThat(BoxOverlap.probability(new LocationCodes(7, 300, 8, 301), edges))
                .isZero();
    }

    /** A neighbour of the best code is the same box, however the probability is shared among them. */
    @Test
    void neighbouringCodesAreTheSameBox() {
        LocationDistribution left = even(190, 210);
        LocationDistribution right = even(390, 410);

        assertThat(BoxOverlap.probability(new LocationCodes(200, 200, 400, 400), List.of(left, left, right, right)))
                .isCloseTo(1, within(1e-6));
    }

    /** The text in whose tokens the last one has a probability and the others are certain. */
    private static void add(List<GeneratedToken> tokens, String text, double probability) {
        int[] ids = TOKENIZER.encode(text);
        Arrays.stream(ids).limit(ids.length - 1).forEach(id -> tokens.add(GeneratedToken.of(id, 0)));
        tokens.add(GeneratedToken.of(ids[ids.length - 1], Math.log(probability)));
    }

    private static LocationDistribution even(int first, int last) {
        float[] probabilities = new float[1024];
        Arrays.fill(probabilities, first, last + 1, 1F / (last + 1 - first));
        return new LocationDistribution(probabilities, 1);
    }

    private static LocationCodes codes(Map<String, Object> box) {
        List<Integer> codes = JsonCases.list(box, "codes");
        return new LocationCodes(codes.get(0), codes.get(1), codes.get(2), codes.get(3));
    }

    private static List<LocationDistribution> edges(Map<String, Object> box) {
        List<LocationDistribution> edges = new ArrayList<>();
        for (Map<String, Object> edge : JsonCases.<Map<String, Object>>list(box, "edges")) {
            List<List<Integer>> weights = JsonCases.list(edge, "weights");
            double total = weights.stream().mapToInt(weight -> weight.get(1)).sum();
            float[] probabilities = new float[1024];
            weights.forEach(weight -> probabilities[weight.get(0)] = (float) (weight.get(1) / total));
            edges.add(new LocationDistribution(probabilities, JsonCases.number(edge, "mass")));
        }
        return edges;
    }
}
