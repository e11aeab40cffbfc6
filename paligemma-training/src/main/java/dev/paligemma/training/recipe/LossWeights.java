package dev.paligemma.training.recipe;

/** What the tokens of a batch count. */
public enum LossWeights {
    /** Every token of every answer the same, as transformers does: a long answer counts more than a short one. */
    PER_TOKEN,
    /** Every example the same, whatever the length of its answer, as big_vision does. */
    PER_EXAMPLE
}
