package dev.paligemma.training.recipe;

/** In which order an epoch shows the examples. */
public enum ExampleOrder {
    /** As they are given, in every epoch. */
    GIVEN,
    /** Shuffled anew in every epoch; the recipe's seed fixes how. */
    SHUFFLED
}
