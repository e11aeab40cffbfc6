package dev.paligemma.cli.validation;

/**
 * What came of one check. Immutable.
 *
 * @param name the check's or the file's name
 * @param verdict whether it held
 * @param asked what was asked for
 * @param expected what was published
 * @param got what came out here, or why nothing did
 */
public record Outcome(String name, Verdict verdict, String asked, String expected, String got) {
    /** Whether a check held. */
    public enum Verdict {
        /** As published. */
        PASS,
        /** Another answer, or another file. */
        DIFFERS,
        /** It could not be tried: the picture could not be fetched, for example. */
        NOT_RUN
    }
}
