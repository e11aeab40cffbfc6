package dev.paligemma.training.data;

/** In which order examples come within an epoch. */
public enum ExampleOrder {
    /**
     * As the data has them. A run of a number of steps takes the first again after the last, in the middle of a batch too, so
     * that all batches are equally large.
     */
    GIVEN,
    /** In another order in each epoch, which follows from the seed and the epoch. */
    SHUFFLED
}
