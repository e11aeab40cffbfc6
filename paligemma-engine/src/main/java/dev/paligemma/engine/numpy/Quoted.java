package dev.paligemma.engine.numpy;

/** Makes names from archives fit for an error message. */
final class Quoted {
    private static final int MAX_CHARS = 200;

    private Quoted() {}

    /** Text from a file on one line, of bounded length, without control characters. */
    static String of(String text) {
        StringBuilder out = new StringBuilder("\"");
        for (int i = 0; i < Math.min(text.length(), MAX_CHARS); i++) {
            char c = text.charAt(i);
            out.append(c < ' ' || c > '~' ? String.format("\\u%04x", (int) c) : String.valueOf(c));
        }
        return out.append(text.length() > MAX_CHARS ? "...\"" : "\"").toString();
    }
}
