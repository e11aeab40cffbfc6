package dev.paligemma.base.internal;

/** Makes text from files fit for an error message or a log line: quoted, on one line, of bounded length. Stateless. */
public final class Quote {
    private static final int MAX_CHARS = 200;

    private Quote() {}

    /**
     * Quotes a text.
     *
     * @param text a text from a file
     * @return at most some 200 characters of it, control characters escaped, in double quotes
     */
    public static String quote(String text) {
        StringBuilder out = new StringBuilder().append('"');
        for (int i = 0; i < Math.min(text.length(), MAX_CHARS); i++) {
            char c = text.charAt(i);
            // Line breaks and terminal escapes in a tensor name must not forge log lines.
            if (Character.isISOControl(c)
                    || Character.getType(c) == Character.FORMAT
                    || c == '\u2028'
                    || c == '\u2029') {
                out.append(String.format("\\u%04x", (int) c));
            } else {
                out.append(c);
            }
        }
        return out.append(text.length() > MAX_CHARS ? "...\"" : "\"").toString();
    }
}
