package dev.paligemma;

/**
 * How likely one of several given answers is. Immutable.
 *
 * @param answer the answer
 * @param logProbability the natural logarithm of the probability that the model writes exactly its tokens and then ends
 * @param share that probability over the sum of those of all given answers, 0 to 1
 * @param generation the answer as if the model had written it: its tokens and their probabilities, and timings that all given
 *     answers share
 */
public record AnswerScore(String answer, double logProbability, double share, GenerationResult generation) {}
