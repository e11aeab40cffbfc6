package dev.paligemma.network;

/**
 * Where implementations of the decoder differ, which one to follow. Immutable.
 *
 * @param capLogits whether the logits are soft-capped when the checkpoint names a cap, as big_vision can and
 *     transformers did before 4.52; the most likely token is the same, its probability is not
 * @param slidingWindow whether written tokens lose sight of what is further away than the checkpoint's window, as in
 *     transformers; big_vision, which trained the weights, has no window
 */
public record DecoderOptions(boolean capLogits, boolean slidingWindow) {
    /** As transformers 5.18 does: no cap on the logits, and the sliding window. */
    public static DecoderOptions defaults() {
        return new DecoderOptions(false, true);
    }
}
