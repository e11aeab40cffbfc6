package dev.paligemma.hub;

/** Text of others in our messages. */
final class FreeText {
    private FreeText() {}

    /** The text without characters that could break or disguise a line, cut off at a length. */
    static String printable(String text, int longest) {
        StringBuilder shown = new StringBuilder();
        text.codePoints().limit(longest).forEach(c -> {
            boolean odd = Character.isISOControl(c)
                    || Character.getType(c) == Character.FORMAT
                    || Character.getType(c) == Character.SURROGATE
                    || Character.getType(c) == Character.LINE_SEPARATOR
                    || Character.getType(c) == Character.PARAGRAPH_SEPARATOR;
            shown.appendCodePoint(odd ? '?' : c);
        });
        return text.codePointCount(0, text.length()) > longest ? shown + "..." : shown.toString();
    }
}
