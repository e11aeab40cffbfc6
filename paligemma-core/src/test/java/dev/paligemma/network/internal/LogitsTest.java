package dev.paligemma.network.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.paligemma.engine.EngineException;
import java.nio.FloatBuffer;
import org.junit.jupiter.api.Test;

class LogitsTest {
    @Test
    void refusesProbabilitiesThatAreNotNumbers() {
        assertThat(Logits.requireNumber(-0.5)).isEqualTo(-0.5);
        assertThatThrownBy(() -> Logits.requireNumber(Double.NaN)).isInstanceOf(EngineException.class);
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
