package dev.paligemma.cli.report;

import java.io.FilterWriter;
import java.io.IOException;
import java.io.Writer;

/**
 * Writes control characters but line breaks and tabs as {@code \}{@code u001b}: what a model writes comes from the files of
 * strangers, and a terminal obeys such characters. In JSON the six characters mean the same as the one.
 */
public final class VisibleControls extends FilterWriter {
    public VisibleControls(Writer out) {
        super(out);
    }

    /** The text with control characters, line breaks among them, written out. */
    public static String inOneLine(String text) {
        StringBuilder shown = new StringBuilder();
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            // Marks of direction can make a line read as another one.
            append(shown, c, Character.isISOControl(c) || isDirection(c) || c == '\u2028' || c == '\u2029');
        }
        return shown.toString();
    }

    private static boolean isDirection(char c) {
        return c == '\u061c'
                || (c >= '\u200e' && c <= '\u200f')
                || (c >= '\u202a' && c <= '\u202e')
                || (c >= '\u2066' && c <= '\u2069');
    }

    private static void append(StringBuilder shown, char c, boolean written) {
        if (written) {
            shown.append(String.format("\\u%04x", (int) c));
        } else {
            shown.append(c);
        }
    }

    @Override
    public void write(int c) throws IOException {
        write(new char[] {(char) c}, 0, 1);
    }

    @Override
    public void write(char[] text, int from, int length) throws IOException {
        write(new String(text, from, length), 0, length);
    }

    @Override
    public void write(String text, int from, int length) throws IOException {
        StringBuilder shown = new StringBuilder(length);
        for (int i = from; i < from + length; i++) {
            char c = text.charAt(i);
            boolean ends = c == '\n' || (c == '\r' && i + 1 < from + length && text.charAt(i + 1) == '\n');
            append(shown, c, Character.isISOControl(c) && !ends && c != '\t');
        }
        out.write(shown.toString());
    }
}
