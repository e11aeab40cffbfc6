package dev.paligemma.detection;

import java.util.Objects;
import java.util.Optional;

/**
 * A piece of an answer that is no box. Immutable.
 *
 * @param reason why it is none
 * @param piece what was written, and where
 * @param codes the codes of an inverted box; empty for other reasons
 * @param label the label of an inverted box; empty for other reasons
 */
public record Fragment(Reason reason, AnswerSpan piece, Optional<LocationCodes> codes, String label)
        implements AnswerPart {
    /** Why a piece is no box. */
    public enum Reason {
        /** Text where a box was expected. */
        TEXT,

        /** Fewer than four location codes in a row. */
        INCOMPLETE_BOX,

        /** A box whose lower edge is above its upper one or whose right edge is left of its left one. */
        INVERTED_BOX,

        /**
         * Segmentation codes without a box, after a label, fewer than sixteen, or beyond the sixteenth. In the last two
         * cases the fragment lies inside the {@link Detection} that has the box and the label.
         */
        STRAY_MASK_CODES
    }

    /**
     * Checks that an inverted box has codes, and another fragment neither codes nor label; else an {@link
     * IllegalArgumentException}.
     */
    public Fragment {
        Objects.requireNonNull(reason, "reason");
        Objects.requireNonNull(piece, "piece");
        Objects.requireNonNull(label, "label");
        boolean inverted = reason == Reason.INVERTED_BOX;
        if (inverted != codes.isPresent() || (!inverted && !label.isEmpty())) {
            throw new IllegalArgumentException(
                    "an inverted box has codes, other fragments have neither codes nor label: " + reason + ", " + codes
                            + ", '" + label + "'");
        }
    }

    /** A fragment that is not an inverted box. */
    static Fragment of(Reason reason, AnswerSpan piece) {
        return new Fragment(reason, piece, Optional.empty(), "");
    }
}
