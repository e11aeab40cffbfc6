package dev.paligemma;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.paligemma.engine.EngineException;
import java.nio.FloatBuffer;
import org.junit.jupiter.api.Test;

class LogitsTest {
    @Test
    void argmaxIsTheLowestIdAmongEquals() {
        assertThat(Logits.argmax(FloatBuffer.wrap(new float[] {1, 3, 3, 2}))).isEqualTo(1);
    }

    @Test
    void argmaxRefusesLogitsThatAreNotNumbers() {
        float[] broken = {Float.NaN, Float.NaN};
        assertThatThrownBy(() -> Logits.argmax(FloatBuffer.wrap(broken))).isInstanceOf(EngineException.class);
        float[] infinite = {0, Float.POSITIVE_INFINITY};
        assertThatThrownBy(() -> Logits.argmax(FloatBuffer.wrap(infinite))).isInstanceOf(EngineException.class);
    }

    @Test
    void logProbabilityIsThatOfTheSoftmaxEvenForLargeLogits() {
        // softmax([ln 1, ln 3]) is [1/4, 3/4], whatever is added to both.
        float[] logits = {1000, 1000 + (float) Math.log(3)};
        assertThat(Math.exp(Logits.logProbability(FloatBuffer.wrap(logits), 1))).isCloseTo(0.75, within(1e-5));
        assertThat(Math.exp(Logits.logProbability(FloatBuffer.wrap(logits), 0))).isCloseTo(0.25, within(1e-5));
    }

    @Test
    void divergenceIsThatOfTheSoftmaxes() {
        // p = [1/4, 3/4] and q = [1/2, 1/2], each with its own constant added.
        FloatBuffer p = FloatBuffer.wrap(new float[] {500, 500 + (float) Math.log(3)});
        FloatBuffer q = FloatBuffer.wrap(new float[] {-2, -2});
        assertThat(Logits.divergence(p, q)).isCloseTo(0.25 * Math.log(0.5) + 0.75 * Math.log(1.5), within(1e-5));
        assertThat(Logits.divergence(q, p)).isCloseTo(0.5 * Math.log(2) + 0.5 * Math.log(2.0 / 3), within(1e-5));
    }

    @Test
    void divergenceFromItselfIsZero() {
        FloatBuffer p = FloatBuffer.wrap(new float[] {0.1f, -7, 3.3f, 88, Float.NEGATIVE_INFINITY});
        assertThat(Logits.divergence(p, p)).isZero();
    }

    @Test
    void divergenceIsInfiniteWhereOnlyTheOtherExcludesAToken() {
        FloatBuffer all = FloatBuffer.wrap(new float[] {0, 0});
        FloatBuffer one = FloatBuffer.wrap(new float[] {0, Float.NEGATIVE_INFINITY});
        assertThat(Logits.divergence(all, one)).isInfinite();
        assertThat(Logits.divergence(one, all)).isCloseTo(Math.log(2), within(1e-12));
    }

    @Test
    void divergenceRefusesLogitsThatAreNotNumbers() {
        FloatBuffer good = FloatBuffer.wrap(new float[] {0, 0});
        FloatBuffer bad = FloatBuffer.wrap(new float[] {0, Float.NaN});
        assertThatThrownBy(() -> Logits.divergence(good, bad)).isInstanceOf(EngineException.class);
        assertThatThrownBy(() -> Logits.divergence(bad, good)).isInstanceOf(EngineException.class);
    }
}
