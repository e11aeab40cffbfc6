package dev.paligemma.constraint;

import org.jspecify.annotations.Nullable;

/**
 * The first bytes of a character in UTF-8. Immutable.
 *
 * @param bits the bits of the character so far
 * @param missing how many bytes are still to come, 0 to 3
 * @param smallest the smallest character of this length, since longer spellings of smaller ones are not UTF-8
 */
record PartialCharacter(int bits, int missing, int smallest) {
    /** Takes the first byte; null if no character begins with it. */
    static @Nullable PartialCharacter begin(int value) {
        if (value < 0x80) {
            return new PartialCharacter(value, 0, 0);
        }
        if (value < 0xC2 || value > 0xF4) {
            return null;
        }
        if (value < 0xE0) {
            return new PartialCharacter(value & 0x1F, 1, 0x80);
        }
        return value < 0xF0
                ? new PartialCharacter(value & 0xF, 2, 0x800)
                : new PartialCharacter(value & 0x7, 3, 0x10000);
    }

    /** Takes one more byte, 0x80 to 0xBF. */
    PartialCharacter and(int value) {
        return new PartialCharacter((bits << 6) | (value & 0x3F), missing - 1, smallest);
    }

    /** Returns the first character that begins with these bytes. */
    int first() {
        return Math.max(bits << (6 * missing), smallest);
    }

    /** Returns the last character that begins with these bytes; past the last of Unicode for some. */
    int last() {
        return ((bits + 1) << (6 * missing)) - 1;
    }
}
