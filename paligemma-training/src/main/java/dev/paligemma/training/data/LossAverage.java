package dev.paligemma.training.data;

/** What the loss of an update is the mean of. */
public enum LossAverage {
    /** Of all tokens of all suffixes, as transformers has it: a long suffix counts more than a short one. */
    PER_TOKEN,
    /** Of the examples, each the mean of its own tokens, as big_vision has it: all examples count the same. */
    PER_EXAMPLE
}
