package dev.paligemma.server.internal.typed;

import java.time.Duration;

/** How much a request may have of each thing. Stateless. */
final class FieldLimits {
    static final int LABELS = 64;
    static final int LABEL_CHARACTERS = 256;
    static final int PROMPT_CHARACTERS = 16_384;
    static final int ANSWER_CHARACTERS = 4_096;
    static final int NAME_CHARACTERS = 256;
    static final int LANGUAGE_CHARACTERS = 16;
    static final int TOKENS = 8_192;
    static final int MILLISECONDS = (int) Duration.ofHours(1).toMillis();
    static final double TEMPERATURE = 100;
    static final int TOP_K = 1_000_000;

    private FieldLimits() {}
}
