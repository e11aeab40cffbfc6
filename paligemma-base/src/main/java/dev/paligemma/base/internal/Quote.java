package dev.paligemma.base.internal;

/** Makes texts of others fit for an error message or a log line: on one line, of bounded length. Stateless. */
public final class Quote {
    private static final int MAX_CHARS = 200;

    private Quote() {}

    /** Quotes a text from a file: at most some 200 characters of it, control characters escaped, in double quotes. */
    public static String quote(String text) {
        return '"' + shown(text, MAX_CHARS) + '"';
    }

    /**
     * Shows at most {@code longest} characters of a text from a file or a server without quotes, control characters
     * escaped; three dots where it was cut off.
     */
    public static String shown(String text, int longest) {
        StringBuilder out = new StringBuilder();
        text.codePoints().limit(longest).forEach(c -> {
            // Line breaks and terminal escapes in a name must not forge log lines, nor marks of direction disguise
            // them.
            switch (Character.getType(c)) {
                case Character.CONTROL,
                        Character.FORMAT,
                        Character.SURROGATE,
                        Character.LINE_SEPARATOR,
                        Character.PARAGRAPH_SEPARATOR -> out.append(String.format("\\u%04x", c));
                default -> out.appendCodePoint(c);
            }
        });
        return text.codePointCount(0, text.length()) > longest ? out + "..." : out.toString();
    }
}
