package dev.paligemma.training.internal.run;

import dev.paligemma.engine.spi.HostTensor;
import dev.paligemma.engine.training.RowLosses;
import dev.paligemma.engine.training.TrainingBatch;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;

/**
 * A batch, and which of its targets belong to which example.
 *
 * @param origins where its examples come from, for messages
 * @param targets how many targets each example has, in the order of the examples; the array must not be changed
 */
public record LabelledBatch(TrainingBatch batch, List<String> origins, int[] targets) {
    /** An {@link IllegalArgumentException} if the numbers do not add up to the targets of the batch. */
    public LabelledBatch {
        origins = List.copyOf(origins);
        long rows = batch.targets().shape()[0];
        if (origins.size() != targets.length || Arrays.stream(targets).sum() != rows) {
            throw new IllegalArgumentException("expected " + rows + " targets of " + origins.size() + " examples, got "
                    + Arrays.toString(targets));
        }
    }

    /** The sum of factor times loss. */
    double weighted(RowLosses rows) {
        HostTensor factors = batch.factors();
        FloatBuffer values = factors.floats();
        double sum = 0;
        for (int row = 0; row < rows.rows(); row++) {
            sum += (double) values.get(row) * rows.losses()[row];
        }
        return sum;
    }

    /** The first example with a loss that is no finite number; its origin, or all of them if none stands out. */
    String suspect(RowLosses rows) {
        int row = 0;
        for (int example = 0; example < targets.length; example++) {
            for (int end = row + targets[example]; row < end; row++) {
                if (!Float.isFinite(rows.losses()[row])) {
                    return origins.get(example);
                }
            }
        }
        return String.join("; ", origins);
    }
}
