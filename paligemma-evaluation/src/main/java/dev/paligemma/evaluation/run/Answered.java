package dev.paligemma.evaluation.run;

import dev.paligemma.evaluation.detection.CocoBox;
import dev.paligemma.vision.mask.CocoRle;
import java.util.List;
import java.util.Optional;

/**
 * What became of one question.
 *
 * @param id of the question
 * @param answer what the model wrote; empty if it could not be asked
 * @param found the boxes of the answer, if the question is about boxes
 * @param error why the model could not be asked, because the picture is damaged for example; the answer counts as wrong
 */
public record Answered(String id, String answer, List<Found> found, Optional<String> error) {
    /** Copies the list. */
    public Answered {
        found = List.copyOf(found);
    }

    /**
     * A thing that was found.
     *
     * @param label what it is said to be
     * @param box where it is, in pixels
     * @param mask its pixels, if the model gave them
     * @param score how sure the model is, 0 to 1
     */
    public record Found(String label, CocoBox box, Optional<CocoRle> mask, double score) {}
}
