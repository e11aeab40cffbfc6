package dev.paligemma.engine.contract;

import dev.paligemma.engine.training.UpdateRule;
import dev.paligemma.engine.training.UpdateRule.AdamW;

/** A parameter as the formulas of {@link UpdateRule} change it, in double precision from update to update. */
final class ExpectedParameter {
    private final double[] value;
    private final double[] first;
    private final double[] second;
    private final boolean undecayed;

    ExpectedParameter(float[] start, boolean undecayed) {
        this.value = new double[start.length];
        for (int i = 0; i < start.length; i++) {
            value[i] = start[i];
        }
        this.first = new double[start.length];
        this.second = new double[start.length];
        this.undecayed = undecayed;
    }

    /**
     * One update.
     *
     * @param norm of the gradients of all parameters
     */
    void update(UpdateRule rule, float[] gradient, double norm) {
        double factor = norm > rule.clip() ? rule.clip() / (norm + 1e-6) : 1;
        for (int i = 0; i < value.length; i++) {
            double g = factor * gradient[i];
            value[i] -= undecayed ? 0 : rule.rate() * rule.weightDecay() * value[i];
            if (rule instanceof AdamW adam) {
                first[i] = adam.beta1() * first[i] + (1 - adam.beta1()) * g;
                second[i] = adam.beta2() * second[i] + (1 - adam.beta2()) * g * g;
                double mean = first[i] / (1 - Math.pow(adam.beta1(), (double) adam.number()));
                double square = second[i] / (1 - Math.pow(adam.beta2(), (double) adam.number()));
                value[i] -= rule.rate() * mean / (Math.sqrt(square) + adam.epsilon());
            } else {
                value[i] -= rule.rate() * g;
            }
        }
    }

    float[] value() {
        return floats(value);
    }

    float[] first() {
        return floats(first);
    }

    float[] second() {
        return floats(second);
    }

    private static float[] floats(double[] numbers) {
        float[] floats = new float[numbers.length];
        for (int i = 0; i < numbers.length; i++) {
            floats[i] = (float) numbers[i];
        }
        return floats;
    }
}
