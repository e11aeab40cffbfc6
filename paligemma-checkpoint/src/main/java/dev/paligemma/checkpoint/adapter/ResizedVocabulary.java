package dev.paligemma.checkpoint.adapter;

import dev.paligemma.engine.graph.ElementType;
import dev.paligemma.engine.spi.HostTensor;
import java.util.Arrays;

/**
 * A vocabulary of another size than the base model's, as an adapter has it. The tensors are float32 and must not be changed;
 * then this is immutable and thread-safe. N is the number of rows beyond those of the base, 0 if there are fewer.
 *
 * @param rows the rows of token embedding and output head with the adapter, at least 1
 * @param embedding {@code float32[N, D]}: the further rows of the token embedding, before the scaling of embeddings
 * @param head {@code float32[N, D]}: the further rows of the output head
 */
public record ResizedVocabulary(int rows, HostTensor embedding, HostTensor head) {
    /** Checks that the parts fit. */
    public ResizedVocabulary {
        if (rows < 1) {
            throw new IllegalArgumentException("a vocabulary has at least 1 row, got " + rows);
        }
        if (embedding.type() != ElementType.FLOAT32
                || embedding.shape().length != 2
                || head.type() != ElementType.FLOAT32
                || !Arrays.equals(embedding.shape(), head.shape())) {
            throw new IllegalArgumentException("embedding and head must be float32 of one shape [N, D], got "
                    + embedding.type() + Arrays.toString(embedding.shape()) + " and " + head.type()
                    + Arrays.toString(head.shape()));
        }
    }

    /** How many rows there are beyond those of the base. */
    public int more() {
        return (int) embedding.shape()[0];
    }
}
