package dev.paligemma.training.data;

/** In which order the boxes of one answer stand. Answers that are no list of boxes stay as they are. */
public enum ObjectOrder {
    /** As the data has them. */
    GIVEN,
    /** From the top down, those of equal height from left to right: an order that can be seen in the picture. */
    POSITION,
    /** In another order in each epoch, so that the model learns none. */
    SHUFFLED
}
