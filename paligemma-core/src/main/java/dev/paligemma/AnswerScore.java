package dev.paligemma;

/**
 * How likely one of several given answers is. Immutable.
 *
 * @param answer the answer
 * @param logProbability the natural logarithm of the probability that the model writes exactly its tokens and then ends
 * @param share that probability over the sum of those of all given answers, 0 to 1
 */
public record AnswerScore(String answer, double logProbability, double share) {}
