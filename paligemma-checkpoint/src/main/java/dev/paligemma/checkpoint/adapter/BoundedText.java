package dev.paligemma.checkpoint.adapter;

/**
 * A text that can be looked at only so often: a regular expression from a file may take exponential time, and the matcher
 * offers no other way to stop it. Not thread-safe.
 */
final class BoundedText implements CharSequence {
    /** Thrown out of the matcher. */
    static final class SpentException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        SpentException() {
            super("the regular expression takes too long", null, false, false);
        }
    }

    private final CharSequence text;
    private int looks;

    BoundedText(CharSequence text, int looks) {
        this.text = text;
        this.looks = looks;
    }

    @Override
    public char charAt(int index) {
        if (looks-- == 0) {
            throw new SpentException();
        }
        return text.charAt(index);
    }

    @Override
    public int length() {
        return text.length();
    }

    @Override
    public CharSequence subSequence(int start, int end) {
        return text.subSequence(start, end);
    }

    @Override
    public String toString() {
        return text.toString();
    }
}
