package dev.paligemma.generation;

/** Why a generation stopped. One that was given up, as by its time limit, has no result and so no reason. */
public enum FinishReason {
    /** The model wrote its end-of-sequence token, or one of {@link GenerationRequest#stopTokenIds}. */
    EOS,
    /** The limit on new tokens was reached. */
    LENGTH,
    /** The model wrote one of {@link GenerationRequest#stop}. */
    STOP_STRING
}
