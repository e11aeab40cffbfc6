package dev.paligemma.training.run;

/**
 * What an update was like. Immutable.
 *
 * @param update its number, from 1
 * @param updates how many the run makes
 * @param epoch how often the run has seen every example so far
 * @param loss what was minimised, before the update
 * @param gradientNorm the norm of all gradients together, before clipping
 * @param learningRate the rate of this update
 * @param examplesPerSecond since this process began to train
 * @param secondsLeft how long the rest of the updates takes at this speed
 */
public record UpdateReport(
        long update,
        long updates,
        double epoch,
        double loss,
        double gradientNorm,
        double learningRate,
        double examplesPerSecond,
        double secondsLeft) {}
