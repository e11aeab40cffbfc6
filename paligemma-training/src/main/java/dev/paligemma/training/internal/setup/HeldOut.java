package dev.paligemma.training.internal.setup;

import dev.paligemma.engine.spi.HostTensor;
import dev.paligemma.engine.training.RowLosses;
import dev.paligemma.engine.training.TrainingProgram;
import dev.paligemma.training.data.Examples;
import dev.paligemma.training.data.LossAverage;
import dev.paligemma.training.internal.batch.Batcher;
import dev.paligemma.training.internal.batch.LossShares;
import dev.paligemma.training.internal.batch.TokenisedExample;
import dev.paligemma.training.internal.batch.TrainingTokens;
import dev.paligemma.training.internal.run.LabelledBatch;
import dev.paligemma.training.run.FineTuningException;
import dev.paligemma.training.run.Metric;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * Loss, accuracy and exact answers of examples from one forward pass each: a greedy answer equals the right one if and only
 * if, after the right tokens before it, each of its tokens is the most likely.
 */
record HeldOut(Examples examples, TrainingTokens tokens, Batcher batcher, int batch, Map<String, HostTensor> given) {

    Map<Metric, Double> evaluate(TrainingProgram program) {
        Sums sums = new Sums();
        for (int from = 0; from < examples.size(); from += batch) {
            List<TokenisedExample> some = new ArrayList<>();
            for (int i = from; i < Math.min(examples.size(), from + batch); i++) {
                some.add(tokens.encode(examples.get(i)));
            }
            LossShares shares = LossShares.of(LossAverage.PER_TOKEN, some);
            LabelledBatch labelled = ExampleUpdates.label(batcher.batch(some, shares, 0), some, given);
            sums.add(labelled, program.evaluate(labelled.batch()));
        }
        return sums.means();
    }

    private static final class Sums {
        private double loss;
        private long tokens;
        private long right;
        private long answers;
        private long exact;

        void add(LabelledBatch batch, RowLosses rows) {
            int row = 0;
            for (int example = 0; example < batch.targets().length; example++) {
                boolean all = true;
                for (int end = row + batch.targets()[example]; row < end; row++) {
                    float one = rows.losses()[row];
                    if (!Float.isFinite(one)) {
                        throw new FineTuningException("the loss of an example held out is " + one + ", of "
                                + batch.origins().get(example)
                                + "; the run has gone astray: a lower learningRate or a clip of the gradients helps");
                    }
                    loss += one;
                    tokens++;
                    right += rows.correct()[row] ? 1 : 0;
                    all &= rows.correct()[row];
                }
                answers++;
                exact += all ? 1 : 0;
            }
        }

        Map<Metric, Double> means() {
            Map<Metric, Double> means = new EnumMap<>(Metric.class);
            means.put(Metric.LOSS, loss / tokens);
            means.put(Metric.TOKEN_ACCURACY, (double) right / tokens);
            means.put(Metric.EXACT_ANSWERS, (double) exact / answers);
            return means;
        }
    }
}
