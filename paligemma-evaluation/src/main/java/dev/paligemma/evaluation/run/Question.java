package dev.paligemma.evaluation.run;

import java.nio.file.Path;
import java.util.Objects;

/**
 * One question of a data set.
 *
 * @param id what tells it from the others
 * @param name what the data set calls the picture
 * @param picture the file of the picture; it need not exist, for a missing picture is an answer that failed
 * @param prompt the whole prompt
 * @param truth the right answer
 */
public record Question(String id, String name, Path picture, String prompt, Truth truth) {
    /** Checks that nothing is null. */
    public Question {
        Objects.requireNonNull(id, "id");
        Objects.requireNonNull(name, "name");
        Objects.requireNonNull(picture, "picture");
        Objects.requireNonNull(prompt, "prompt");
        Objects.requireNonNull(truth, "truth");
    }
}
