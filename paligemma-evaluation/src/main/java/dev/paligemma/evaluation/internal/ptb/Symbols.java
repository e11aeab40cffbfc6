package dev.paligemma.evaluation.internal.ptb;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Objects;

/**
 * What rules see of the characters of UTF-16: those of ASCII as they are, of the others a few kinds. In expressions one
 * character stands for its kind. Stateless.
 */
final class Symbols {
    /** How many symbols there are. */
    static final int COUNT = 160;

    /** A letter behind ASCII that is not in upper case. */
    static final char LETTER = '\u00E9';
    /** A letter behind ASCII in upper case. */
    static final char UPPER = '\u00C9';
    /** What joins letters to words, but begins no compound. */
    static final char MARK = '\u0300';
    /** A digit behind ASCII. */
    static final char DIGIT = '\u0660';
    /** Any mark that is a token alone. */
    static final char MARK_ALONE = '\u00A9';
    /** What is left out, as are both halves of a character behind the first 65,536. */
    static final char NOTHING = '\u0000';

    /** Each kind begins with the character that stands for it. */
    private static final String[] KINDS = {
        "" + LETTER,
        "" + UPPER,
        "" + MARK,
        "" + DIGIT,
        "" + MARK_ALONE,
        "\u2019\u0092",
        "\u2018\u0091\u201B",
        "\u201C\u201D\u201A\u201E\u201F\u2039\u203A\u00AB\u00BB\u0093\u0094",
        "\u00AD",
        "\u066B\u066C",
        "\u2044",
        "\u00B2\u00B3\u00B9\u2070\u2074\u2075\u2076\u2077\u2078\u2079",
        "\u2080\u2081\u2082\u2083\u2084\u2085\u2086\u2087\u2088\u2089",
        "\u207A\u207B\u208A\u208B",
        "\u2010\u2011\u058A",
        "\uFF20",
        "\uFF03",
        "\u3001",
        "\u00A0",
        "\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200A\u3000",
        "\u2028\u2029",
        "\u0085"
    };

    private static final byte[] OF = table();

    private Symbols() {}

    /** The symbol of a character. */
    static char of(char character) {
        return (char) (OF[character] & 255);
    }

    private static byte[] table() {
        byte[] table = new byte[1 << 16];
        for (int i = 0; i < 128; i++) {
            table[i] = (byte) i;
        }
        readRanges(table);
        for (int kind = 0; kind < KINDS.length; kind++) {
            for (char each : KINDS[kind].toCharArray()) {
                table[each] = (byte) (128 + kind);
            }
        }
        return table;
    }

    private static void readRanges(byte[] table) {
        try (BufferedReader in = new BufferedReader(new InputStreamReader(
                Objects.requireNonNull(Symbols.class.getResourceAsStream("characters.txt")),
                StandardCharsets.US_ASCII))) {
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                if (!line.startsWith("#")) {
                    String[] words = line.split(" ");
                    int kind = 128
                            + switch (words[0]) {
                                case "letter" -> 0;
                                case "upper" -> 1;
                                case "mark" -> 2;
                                case "digit" -> 3;
                                default -> 4;
                            };
                    for (int i = 1; i < words.length; i++) {
                        String[] ends = words[i].split("-");
                        int last = Integer.parseInt(ends[ends.length - 1], 16);
                        for (int each = Integer.parseInt(ends[0], 16); each <= last; each++) {
                            table[each] = (byte) kind;
                        }
                    }
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
