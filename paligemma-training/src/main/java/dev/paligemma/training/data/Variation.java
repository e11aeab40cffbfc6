package dev.paligemma.training.data;

import dev.paligemma.training.internal.random.Draws;

/** Makes another example of one, by random numbers that follow from the seed, the epoch and the example's place. */
interface Variation {
    /** The example as it is this time. */
    Example vary(Example example, Draws draws);

    /** Whether its pictures may be others than those of the data. */
    boolean changesPictures();

    /** All settings in words: equal texts stand for equal variations. */
    String describe();
}
