package dev.paligemma.detection;

/** What an answer consists of: boxes, and what is none. Immutable. */
public sealed interface AnswerPart permits Detection, Fragment {
    /**
     * What was written, and where.
     *
     * @return the text and the tokens of this part
     */
    AnswerSpan piece();
}
