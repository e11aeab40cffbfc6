package dev.paligemma.generation.internal;

import static dev.paligemma.DecodingGolden.cases;
import static dev.paligemma.DecodingGolden.ids;
import static dev.paligemma.DecodingGolden.integer;
import static dev.paligemma.DecodingGolden.list;
import static dev.paligemma.DecodingGolden.maps;
import static dev.paligemma.DecodingGolden.number;
import static dev.paligemma.DecodingGolden.numbers;
import static dev.paligemma.DecodingGolden.text;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.paligemma.Golden;
import dev.paligemma.constraint.TokenSet;
import dev.paligemma.generation.Sampling;
import java.nio.FloatBuffer;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class TokenDistributionTest {

    /** The processors of transformers, in its order, on rows with ties, excluded tokens and real logits. */
    @ParameterizedTest
    @MethodSource("rows")
    void probabilitiesAreThoseOfTransformers(Map<?, ?> row) {
        FloatBuffer logits = logits(row);
        BitSet previous = new BitSet();
        ids(row, "previousTokenIds").forEach(previous::set);
        for (Map<?, ?> test : maps(row, "cases")) {
            Sampling sampling = Sampling.temperature(number(test, "temperature"))
                    .topP(number(test, "topP"))
                    .minP(number(test, "minP"));
            if (integer(test, "topK") > 0) {
                sampling = sampling.topK(integer(test, "topK"));
            }

            TokenDistribution got =
                    TokenDistribution.of(logits, limits(null, previous, number(test, "repetitionPenalty")), sampling);

            Map<Integer, Double> byId = new TreeMap<>();
            for (int i = 0; i < got.ids().length; i++) {
                byId.put(got.ids()[i], got.probabilities()[i]);
            }
            assertThat(byId.keySet()).as("%s", test).containsExactlyElementsOf(ids(test, "kept"));
            List<Double> expected = numbers(test, "probabilities");
            int i = 0;
            for (double probability : byId.values()) {
                assertThat(probability).isCloseTo(expected.get(i++), within(2e-6));
            }
        }
    }

    static Stream<Map<?, ?>> rows() {
        return cases("sampling.json").stream();
    }

    private static FloatBuffer logits(Map<?, ?> row) {
        if (row.get("logits") == null) {
            return FloatBuffer.wrap(
                    Objects.requireNonNull(Golden.of(text(row, "checkpoint")).tensor("prefill.logits")));
        }
        List<?> values = list(row, "logits");
        float[] logits = new float[values.size()];
        for (int i = 0; i < logits.length; i++) {
            logits[i] = values.get(i) == null ? Float.NEGATIVE_INFINITY : ((Number) values.get(i)).floatValue();
        }
        return FloatBuffer.wrap(logits);
    }

    private static TokenDistribution.Limits limits(@Nullable TokenSet allowed, BitSet repeated, double penalty) {
        return new TokenDistribution.Limits(allowed, new BitSet(), repeated, penalty);
    }

    @Test
    void forbiddenTokensAreLeftOutUnlessNothingElseRemains() {
        FloatBuffer logits = FloatBuffer.wrap(new float[] {5, 4, 3, 2, 1});
        BitSet forbidden = new BitSet();
        forbidden.set(0, 2);

        assertThat(TokenDistribution.best(logits, new TokenDistribution.Limits(null, forbidden, new BitSet(), 1)))
                .isEqualTo(2);
        TokenDistribution.Limits all = new TokenDistribution.Limits(TokenSet.of(0, 1), forbidden, new BitSet(), 1);
        assertThat(TokenDistribution.best(logits, all)).isZero();
        assertThat(TokenDistribution.of(logits, all, Sampling.temperature(1)).ids())
                .containsExactly(0, 1);
    }

    @Test
    void onlyAllowedTokensRemain() {
        FloatBuffer logits = FloatBuffer.wrap(new float[] {5, 4, 3, 2, 1});
        TokenSet allowed = TokenSet.of(1, 3, 4);

        TokenDistribution got = TokenDistribution.of(
                logits,
                limits(allowed, new BitSet(), 1),
                Sampling.temperature(1).topK(2));

        assertThat(got.ids()).containsExactly(1, 3);
        double odds = Math.exp(2);
        assertThat(got.probabilities())
                .containsExactly(new double[] {odds / (1 + odds), 1 / (1 + odds)}, within(1e-12));
        assertThat(TokenDistribution.best(logits, limits(allowed, new BitSet(), 1)))
                .isEqualTo(1);
    }

    /** Penalties make a positive logit smaller and a negative one more negative. */
    @Test
    void bestTokenTakesThePenaltyIntoAccount() {
        BitSet repeated = new BitSet();
        repeated.set(0);

        assertThat(TokenDistribution.best(FloatBuffer.wrap(new float[] {3, 2}), limits(null, repeated, 2)))
                .isEqualTo(1);
        assertThat(TokenDistribution.best(FloatBuffer.wrap(new float[] {-1, -1.5f}), limits(null, repeated, 2)))
                .isEqualTo(1);
    }

    @Test
    void drawsAsOftenAsTheProbabilitiesSay() {
        FloatBuffer logits =
                FloatBuffer.wrap(new float[] {(float) Math.log(1), (float) Math.log(3), (float) Math.log(6)});
        TokenDistribution distribution =
                TokenDistribution.of(logits, limits(null, new BitSet(), 1), Sampling.temperature(1));
        SplittableRandom random = new SplittableRandom(11);
        int[] counts = new int[3];
        for (int i = 0; i < 20_000; i++) {
            counts[distribution.sample(random)]++;
        }

        // Four standard deviations of 20,000 draws.
        assertThat(counts[0]).isBetween(1830, 2170);
        assertThat(counts[1]).isBetween(5740, 6260);
    }
}
