package dev.paligemma.generation;

/** Why a generation stopped. */
public enum FinishReason {
    /** The model wrote its end-of-sequence token. */
    EOS,
    /** The limit on new tokens was reached. */
    LENGTH
}
