package dev.paligemma.reference;

import dev.paligemma.engine.training.TrainingProgram.Numbers;
import dev.paligemma.engine.training.UpdateRule;
import dev.paligemma.engine.training.UpdateRule.AdamW;
import java.util.Arrays;

/**
 * The numbers of a parameter, float32. Every change is computed in double precision and rounded once.
 *
 * @param value what the graph reads
 * @param gradient what was added up since the last update
 * @param first AdamW's mean of gradients
 * @param second AdamW's mean of squared gradients
 */
record TrainedParameter(Array value, float[] gradient, float[] first, float[] second) {
    /** Nothing is known of its gradients yet. */
    static TrainedParameter of(Array value) {
        int size = value.floats().length;
        return new TrainedParameter(value, new float[size], new float[size], new float[size]);
    }

    float[] numbers(Numbers which) {
        return switch (which) {
            case VALUE -> value.floats();
            case GRADIENT -> gradient;
            case FIRST_MOMENT -> first;
            case SECOND_MOMENT -> second;
        };
    }

    double sumOfSquares() {
        double sum = 0;
        for (float g : gradient) {
            sum += (double) g * g;
        }
        return sum;
    }

    /**
     * One update of all its numbers.
     *
     * @param scale what gradients are multiplied by first, to keep to the limit of the norm
     * @param decay the weight decay of this parameter
     */
    void change(UpdateRule rule, double scale, double decay) {
        for (int i = 0; i < gradient.length; i++) {
            double kept = value.floats()[i] * (1 - rule.rate() * decay);
            value.floats()[i] = (float) (kept - rule.rate() * direction(rule, i, scale * gradient[i]));
        }
    }

    private double direction(UpdateRule rule, int i, double g) {
        if (!(rule instanceof AdamW adam)) {
            return g;
        }
        double m = first[i] + (1 - adam.beta1()) * (g - first[i]);
        double v = adam.beta2() * second[i] + (1 - adam.beta2()) * g * g;
        first[i] = (float) m;
        second[i] = (float) v;
        double root = Math.sqrt(v / (1 - Math.pow(adam.beta2(), (double) adam.number())));
        return m / (1 - Math.pow(adam.beta1(), (double) adam.number())) / (root + adam.epsilon());
    }

    void clearGradient() {
        Arrays.fill(gradient, 0);
    }
}
