package dev.paligemma.tokenizer;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** UTF-8 by the byte. */
final class Utf8 {

    /** What stands for a byte or surrogate that is not text. */
    static final String REPLACEMENT = "\uFFFD";

    private Utf8() {}

    /** Encodes a code point that is not a surrogate. */
    static byte[] encode(int codePoint) {
        return Character.toString(codePoint).getBytes(StandardCharsets.UTF_8);
    }

    /** Decodes a range of bytes, or returns {@code null} if it is not well-formed as a whole. */
    static @Nullable String decode(byte[] bytes, int offset, int count) {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes, offset, count))
                    .toString();
        } catch (CharacterCodingException e) {
            return null;
        }
    }

    /**
     * Returns how many bytes the character has that starts with the given bytes, or 0 if no character does.
     *
     * @param bytes a buffer
     * @param count how many bytes of it to look at, at least 1
     */
    static int characterLength(byte[] bytes, int count) {
        int first = bytes[0] & 0xff;
        if (first < 0x80) {
            return 1;
        }
        int length = first < 0xC2 || first > 0xF4 ? 0 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
        if (length > 0 && count > 1 && !isSecondByte(first, bytes[1] & 0xff)) {
            return 0;
        }
        for (int i = 2; i < Math.min(length, count); i++) {
            if ((bytes[i] & 0xC0) != 0x80) {
                return 0;
            }
        }
        return length;
    }

    /** Rules out longer forms than needed, surrogates, and code points past U+10FFFF. */
    private static boolean isSecondByte(int first, int second) {
        int low = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
        int high = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
        return second >= low && second <= high;
    }
}
