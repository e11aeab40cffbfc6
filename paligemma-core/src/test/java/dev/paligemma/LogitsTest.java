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
}
