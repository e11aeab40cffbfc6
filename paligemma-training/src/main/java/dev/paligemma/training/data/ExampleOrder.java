package dev.paligemma.training.data;

/** In which order examples come within an epoch. */
public enum ExampleOrder {
    /** As the data has them. */
    GIVEN,
    /** In another order in each epoch, which follows from the seed and the epoch. */
    SHUFFLED
}
