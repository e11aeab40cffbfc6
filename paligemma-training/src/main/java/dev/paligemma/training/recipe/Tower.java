package dev.paligemma.training.recipe;

/** The parts of a model that LoRA can be put on. Names such as {@code q_proj} exist in both. */
public enum Tower {
    /** The language model. */
    DECODER,
    /** The image encoder. */
    VISION
}
