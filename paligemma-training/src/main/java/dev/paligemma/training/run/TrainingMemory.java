package dev.paligemma.training.run;

/**
 * How much memory a fine-tuning takes at its peak, in bytes: what is known from the sizes is counted, the rest estimated.
 * Immutable.
 *
 * @param frozenBytes what is not trained
 * @param trainedBytes what is trained, with its gradients and the moments of the optimiser
 * @param activationBytes what is kept between the forward and the backward pass of the longest batch
 * @param workingBytes the process itself, and what exists for the time of one operation
 */
public record TrainingMemory(long frozenBytes, long trainedBytes, long activationBytes, long workingBytes) {
    /** All of it. */
    public long totalBytes() {
        return Math.addExact(Math.addExact(frozenBytes, trainedBytes), Math.addExact(activationBytes, workingBytes));
    }
}
