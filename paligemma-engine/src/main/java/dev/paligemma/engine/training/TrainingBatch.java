package dev.paligemma.engine.training;

import dev.paligemma.engine.spi.HostTensor;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Sequences with the tokens they should write. The rows of all sequences lie one after the other, without padding. The
 * tensors must not change during a step.
 *
 * @param inputs one tensor for each input of the graph that is neither trained nor computed by the program
 * @param targets {@code int64[R]}: for each row of logits the token that should come next
 * @param factors {@code float32[R]}: what the loss of each row of logits counts
 * @param sequences the sequences in the order of their rows, at least one
 * @param noise from which dropout draws its random numbers: the same number drops the same
 */
public record TrainingBatch(
        Map<String, HostTensor> inputs,
        HostTensor targets,
        HostTensor factors,
        List<SequenceRows> sequences,
        long noise) {
    /** Copies the collections. */
    public TrainingBatch {
        inputs = Map.copyOf(inputs);
        Objects.requireNonNull(targets, "targets");
        Objects.requireNonNull(factors, "factors");
        sequences = List.copyOf(sequences);
    }

    /** How many rows all sequences have. */
    public int rows() {
        return sequences.stream().mapToInt(SequenceRows::rows).reduce(0, Math::addExact);
    }
}
