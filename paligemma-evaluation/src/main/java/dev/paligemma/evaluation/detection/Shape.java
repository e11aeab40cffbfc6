package dev.paligemma.evaluation.detection;

/** What is compared. */
public enum Shape {
    /** Boxes. */
    BOX,
    /** Masks, pixel by pixel. */
    MASK
}
