package dev.paligemma.training.internal.batch;

import dev.paligemma.engine.training.SequenceRows;
import dev.paligemma.tokenizer.Prompt;
import dev.paligemma.training.data.Example;

/**
 * An example as token ids. The array must not be changed.
 *
 * @param prompt images and prefix, as a request for an answer has them
 * @param suffix what the model should write: the suffix and, at its end, {@code <eos>}
 */
public record TokenisedExample(Example example, Prompt prompt, int[] suffix) {
    /** The rows of the sequence: all tokens but {@code <eos>}, which predicts nothing. */
    public int rows() {
        return prompt.length() + suffix.length - 1;
    }

    /** The number of tokens with a loss. */
    public int targets() {
        return suffix.length;
    }

    /** Who sees whom: images and prompt each other, the suffix what stands before. */
    SequenceRows sequence() {
        return new SequenceRows(rows(), prompt.length());
    }
}
