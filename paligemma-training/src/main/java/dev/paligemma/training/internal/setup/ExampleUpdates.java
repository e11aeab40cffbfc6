package dev.paligemma.training.internal.setup;

import dev.paligemma.engine.spi.HostTensor;
import dev.paligemma.engine.training.TrainingBatch;
import dev.paligemma.training.data.Examples;
import dev.paligemma.training.data.LossAverage;
import dev.paligemma.training.internal.batch.BatchPlan;
import dev.paligemma.training.internal.batch.Batcher;
import dev.paligemma.training.internal.batch.LossShares;
import dev.paligemma.training.internal.batch.TokenisedExample;
import dev.paligemma.training.internal.batch.TrainingTokens;
import dev.paligemma.training.internal.random.Draws;
import dev.paligemma.training.internal.run.LabelledBatch;
import dev.paligemma.training.internal.run.Updates;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Batches of examples.
 *
 * @param given inputs that every batch brings along
 */
public record ExampleUpdates(
        Examples examples,
        TrainingTokens tokens,
        Batcher batcher,
        BatchPlan plan,
        LossAverage average,
        Map<String, HostTensor> given,
        long count)
        implements Updates {
    /** Keeps dropout apart from other random numbers of the same seed. */
    private static final long PURPOSE = 0x64726f70L;

    @Override
    public double epochs(long updates) {
        return plan.epochs(updates);
    }

    @Override
    public List<LabelledBatch> batches(long number) {
        BatchPlan.Update update = plan.update(number);
        List<List<TokenisedExample>> batches = update.batches().stream()
                .map(indices -> indices.stream()
                        .map(index -> tokens.encode(examples.get(index, plan.seed(), update.epoch())))
                        .toList())
                .toList();
        LossShares shares =
                LossShares.of(average, batches.stream().flatMap(List::stream).toList());
        List<LabelledBatch> labelled = new ArrayList<>();
        for (int i = 0; i < batches.size(); i++) {
            long noise = Draws.of(plan.seed(), PURPOSE, number, i).nextLong();
            labelled.add(label(batcher.batch(batches.get(i), shares, noise), batches.get(i), given));
        }
        return labelled;
    }

    /** A batch with what every one brings along, and whose targets are whose. */
    static LabelledBatch label(TrainingBatch batch, List<TokenisedExample> examples, Map<String, HostTensor> given) {
        Map<String, HostTensor> inputs = new HashMap<>(batch.inputs());
        inputs.putAll(given);
        return new LabelledBatch(
                new TrainingBatch(inputs, batch.targets(), batch.factors(), batch.sequences(), batch.noise()),
                examples.stream().map(each -> each.example().origin()).toList(),
                examples.stream().mapToInt(TokenisedExample::targets).toArray());
    }
}
