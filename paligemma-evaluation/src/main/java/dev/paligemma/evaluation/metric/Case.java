package dev.paligemma.evaluation.metric;

import java.util.List;

/**
 * One answer and what it is compared with.
 *
 * @param id what tells the case from others, for messages and reports
 * @param answer what a model wrote; it may be empty
 * @param references what people wrote, at least one, in the order of the data set
 */
public record Case(String id, String answer, List<String> references) {
    /** Copies the list; an {@link IllegalArgumentException} if it is empty. */
    public Case {
        references = List.copyOf(references);
        if (references.isEmpty()) {
            throw new IllegalArgumentException("case " + id + " has no references, expected at least one");
        }
    }
}
