package dev.paligemma.base.internal;

import java.util.regex.Pattern;

/**
 * Takes what only programmers understand out of the messages of the JSON parser: the names of its own settings, with which
 * its user could allow what the file holds. Stateless.
 */
final class JsonProblem {
    /** A place in the text, with a note that the text itself is not shown. */
    private static final Pattern PLACE = Pattern.compile("\\[Source: [^\\]\\[]*; line: (\\d+), column: (\\d+)]");

    private static final String SETTING = "`(?:Stream|Json)[A-Za-z]+\\.[A-Za-z_]+(?:\\(\\))?`";
    private static final Pattern LIMIT = Pattern.compile(", from " + SETTING);
    private static final Pattern PERMISSION = Pattern.compile(": enable " + SETTING + " to allow");
    private static final Pattern ADVICE =
            Pattern.compile(" \\((?:consider enabling " + SETTING + "|not recognized as one since Feature ).*");

    private JsonProblem() {}

    /** The message of the parser for people. */
    static String words(String message) {
        String placed = PLACE.matcher(message).replaceAll("line $1, column $2");
        String limited = LIMIT.matcher(placed).replaceAll("");
        String refused = PERMISSION.matcher(limited).replaceAll(" is not allowed");
        return ADVICE.matcher(refused).replaceAll("");
    }
}
