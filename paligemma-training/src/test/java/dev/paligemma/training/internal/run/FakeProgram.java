package dev.paligemma.training.internal.run;

import dev.paligemma.engine.graph.Graph;
import dev.paligemma.engine.training.RowLosses;
import dev.paligemma.engine.training.TrainingBatch;
import dev.paligemma.engine.training.TrainingProgram;
import dev.paligemma.engine.training.UpdateRule;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** Two numbers that are drawn to the targets: the loss of a target is half the square of its distance. */
final class FakeProgram implements TrainingProgram {
    static final String PARAMETER = "adapter.w";
    static final long POISON = 999;

    private final Map<Numbers, float[]> numbers = new EnumMap<>(Numbers.class);

    FakeProgram() {
        for (Numbers each : Numbers.values()) {
            numbers.put(each, new float[2]);
        }
    }

    float[] values() {
        return of(Numbers.VALUE);
    }

    private float[] of(Numbers which) {
        return numbers.get(which);
    }

    @Override
    public Graph graph() {
        throw new UnsupportedOperationException();
    }

    @Override
    public Map<String, List<Long>> parameters() {
        return Map.of(PARAMETER, List.of(1L, 2L));
    }

    @Override
    public RowLosses step(TrainingBatch batch) {
        RowLosses losses = evaluate(batch);
        FloatBuffer factors = batch.factors().floats();
        LongBuffer targets = batch.targets().longs();
        for (int i = 0; i < losses.rows(); i++) {
            for (int j = 0; j < 2; j++) {
                of(Numbers.GRADIENT)[j] += factors.get(i) * (values()[j] - targets.get(i) * (j + 1));
            }
        }
        return losses;
    }

    @Override
    public RowLosses evaluate(TrainingBatch batch) {
        LongBuffer targets = batch.targets().longs();
        float[] losses = new float[targets.remaining()];
        boolean[] correct = new boolean[losses.length];
        for (int i = 0; i < losses.length; i++) {
            for (int j = 0; j < 2; j++) {
                float distance = values()[j] - targets.get(i) * (j + 1);
                losses[i] += targets.get(i) == POISON ? Float.NaN : distance * distance / 2;
                correct[i] = Math.abs(distance) < 0.5f;
            }
        }
        return new RowLosses(losses, correct);
    }

    @Override
    public double update(UpdateRule rule) {
        double norm = Math.hypot(of(Numbers.GRADIENT)[0], of(Numbers.GRADIENT)[1]);
        for (int j = 0; j < 2; j++) {
            float g = of(Numbers.GRADIENT)[j];
            if (rule instanceof UpdateRule.AdamW adam) {
                float[] first = of(Numbers.FIRST_MOMENT);
                float[] second = of(Numbers.SECOND_MOMENT);
                first[j] += (float) ((1 - adam.beta1()) * (g - first[j]));
                second[j] = (float) (adam.beta2() * second[j] + (1 - adam.beta2()) * g * g);
                double root =
                        Math.sqrt(second[j] / (1 - Math.pow(adam.beta2(), (double) adam.number()))) + adam.epsilon();
                values()[j] -=
                        (float) (rule.rate() / (1 - Math.pow(adam.beta1(), (double) adam.number())) * first[j] / root);
            } else {
                values()[j] -= (float) (rule.rate() * g);
            }
        }
        clearGradients();
        return norm;
    }

    @Override
    public void clearGradients() {
        numbers.put(Numbers.GRADIENT, new float[2]);
    }

    @Override
    public void read(String parameter, Numbers which, FloatBuffer into) {
        into.put(of(which));
    }

    @Override
    public void write(String parameter, Numbers which, FloatBuffer from) {
        from.get(of(which));
    }

    @Override
    public void close() {}
}
