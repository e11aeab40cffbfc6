package dev.paligemma.tokenizer;

import java.util.Arrays;
import java.util.BitSet;

/**
 * Turns ids into text as the decoder {@code Replace U+2581 by " ", ByteFallback, Fuse} of the {@code tokenizers}
 * library does. Immutable once made, thread-safe.
 */
final class TokenDecoder {

    private static final int NOT_A_BYTE = -1;

    private final Vocabulary vocabulary;
    private final BitSet special;
    private final short[] byteOf;

    /** Prepares the table of byte tokens; the special ids, which decoding may skip, are not changed afterwards. */
    TokenDecoder(Vocabulary vocabulary, BitSet special) {
        this.vocabulary = vocabulary;
        this.special = special;
        this.byteOf = new short[vocabulary.size()];
        for (int id = 0; id < byteOf.length; id++) {
            byteOf[id] = (short) (vocabulary.contains(id) ? byteValue(vocabulary, id) : NOT_A_BYTE);
        }
    }

    /** Reads the value of a {@code <0xE2>} token; upper and lower case count, as in the library. */
    private static int byteValue(Vocabulary vocabulary, int id) {
        if (vocabulary.lengthOf(id) != 6) {
            return NOT_A_BYTE;
        }
        String text = vocabulary.textOf(id);
        int high = hexDigit(text.charAt(3));
        int low = hexDigit(text.charAt(4));
        return text.startsWith("<0x") && text.endsWith(">") && high >= 0 && low >= 0 ? high * 16 + low : NOT_A_BYTE;
    }

    private static int hexDigit(char c) {
        return c < 0x80 ? Character.digit(c, 16) : -1;
    }

    String decode(int[] ids, boolean skipSpecial) {
        StringBuilder text = new StringBuilder();
        byte[] run = new byte[16];
        int runLength = 0;
        for (int id : ids) {
            if (isSkipped(id, skipSpecial)) {
                continue;
            }
            if (isByte(id)) {
                if (runLength == run.length) {
                    run = Arrays.copyOf(run, runLength * 2);
                }
                run[runLength++] = byteOf(id);
            } else {
                appendRun(run, runLength, text);
                runLength = 0;
                vocabulary.appendDecoded(id, text);
            }
        }
        appendRun(run, runLength, text);
        return text.toString();
    }

    /** A run of bytes is either UTF-8 as a whole or, as the library has it, not text at all. */
    private static void appendRun(byte[] run, int length, StringBuilder text) {
        if (length > 0) {
            String decoded = Utf8.decode(run, 0, length);
            text.append(decoded != null ? decoded : Utf8.REPLACEMENT.repeat(length));
        }
    }

    /** Tells whether an id decodes to nothing: it has no token, or is special and these are not wanted. */
    boolean isSkipped(int id, boolean skipSpecial) {
        if (id < 0) {
            throw new IllegalArgumentException("a token id must not be negative, but is " + id);
        }
        return !vocabulary.contains(id) || (skipSpecial && special.get(id));
    }

    boolean isByte(int id) {
        return byteOf[id] != NOT_A_BYTE;
    }

    byte byteOf(int id) {
        return (byte) byteOf[id];
    }

    void appendText(int id, StringBuilder text) {
        vocabulary.appendDecoded(id, text);
    }
}
