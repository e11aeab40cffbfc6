package dev.paligemma.detection;

import java.util.Optional;

/** What an answer consists of: boxes, and what is none. Immutable. */
public sealed interface AnswerPart permits Detection, Fragment {
    /** The location codes as they were written: the four codes of a box, right or inverted; empty for anything else. */
    Optional<LocationCodes> codes();

    /** What the codes are said to be: the label of a box, right or inverted, without surrounding blanks; else empty. */
    String label();

    /** What was written, and where: the text and the tokens of this part. */
    AnswerSpan piece();
}
