package dev.paligemma.evaluation.internal;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/** Texts as the evaluators of the data sets treat them, which are written in Python. Stateless. */
public final class PythonText {
    private static final Pattern NUMBER = Pattern.compile(
            "[+-]?(?:(?:D(?:_?D)*(?:\\.(?:D(?:_?D)*)?)?|\\.D(?:_?D)*)(?:[eE][+-]?D(?:_?D)*)?)".replace("D", "[0-9]"));
    private static final Pattern SPECIAL = Pattern.compile("([+-]?)(?:(nan)|inf(?:inity)?)", Pattern.CASE_INSENSITIVE);

    private static final char SIGMA = '\u03A3';
    /** Marks within words, which do not matter for where a word ends. */
    private static final String IGNORED =
            "'.:\u00B7\u0387\u055F\u05F4\u2018\u2019\u2024\u2027\uFE13\uFE52\uFE55\uFF07\uFF0E\uFF1A";

    private PythonText() {}

    /** Whether {@code str.isspace} says so: more than {@link Character#isWhitespace(int)}, which knows no hard spaces. */
    public static boolean isSpace(int character) {
        if (character < 128) {
            return character <= 32 && (character >= 0x1C || (character >= 9 && character <= 13));
        }
        return character == 0x85
                || character == 0xA0
                || character == 0x1680
                || (character >= 0x2000 && character <= 0x200A)
                || character == 0x2028
                || character == 0x2029
                || character == 0x202F
                || character == 0x205F
                || character == 0x3000;
    }

    /** The words between spaces, as {@code str.split()} gives them: none of them is empty. */
    public static List<String> words(String text) {
        List<String> words = new ArrayList<>();
        int start = 0;
        for (int i = 0; i <= text.length(); i++) {
            if (i == text.length() || isSpace(text.charAt(i))) {
                if (i > start) {
                    words.add(text.substring(start, i));
                }
                start = i + 1;
            }
        }
        return words;
    }

    /** A text without spaces at its ends, as {@code str.strip()}. */
    public static String strip(String text) {
        String ended = stripEnd(text);
        int start = 0;
        while (start < ended.length() && isSpace(ended.charAt(start))) {
            start++;
        }
        return ended.substring(start);
    }

    /** A text without spaces at its end, as {@code str.rstrip()}. */
    public static String stripEnd(String text) {
        int end = text.length();
        while (end > 0 && isSpace(text.charAt(end - 1))) {
            end--;
        }
        return text.substring(0, end);
    }

    /** A text in lower case, as {@code str.lower()}, whatever the language of the machine. */
    public static String lower(String text) {
        if (text.indexOf(SIGMA) < 0) {
            return text.toLowerCase(Locale.ROOT);
        }
        StringBuilder lower = new StringBuilder(text.length());
        int start = 0;
        for (int at = text.indexOf(SIGMA); at >= 0; at = text.indexOf(SIGMA, start)) {
            lower.append(text.substring(start, at).toLowerCase(Locale.ROOT));
            lower.append(isEndOfWord(text, at) ? '\u03C2' : '\u03C3');
            start = at + 1;
        }
        return lower.append(text.substring(start).toLowerCase(Locale.ROOT)).toString();
    }

    /** Whether a letter follows a letter of the same word and is followed by none; Java's idea of a word is another one. */
    private static boolean isEndOfWord(String text, int at) {
        int[] before = text.substring(0, at).codePoints().toArray();
        int last = before.length - 1;
        while (last >= 0 && isIgnored(before[last])) {
            last--;
        }
        int[] after = text.substring(at + 1).codePoints().toArray();
        int next = 0;
        while (next < after.length && isIgnored(after[next])) {
            next++;
        }
        return last >= 0 && isCased(before[last]) && (next == after.length || !isCased(after[next]));
    }

    private static boolean isCased(int character) {
        return Character.isUpperCase(character) || Character.isLowerCase(character) || Character.isTitleCase(character);
    }

    private static boolean isIgnored(int character) {
        return switch (Character.getType(character)) {
            case Character.NON_SPACING_MARK,
                    Character.ENCLOSING_MARK,
                    Character.FORMAT,
                    Character.MODIFIER_LETTER,
                    Character.MODIFIER_SYMBOL -> true;
            default -> IGNORED.indexOf(character) >= 0;
        };
    }

    /**
     * The number that {@code float()} reads: digits of any script, single underscores between digits, {@code nan} and
     * {@code inf}; no separators of thousands. Empty if it is none.
     */
    public static Optional<Double> number(String text) {
        String ascii = asciiDigits(strip(text));
        if (NUMBER.matcher(ascii).matches()) {
            return Optional.of(Double.valueOf(ascii.replace("_", "")));
        }
        var special = SPECIAL.matcher(ascii);
        if (!special.matches()) {
            return Optional.empty();
        }
        if (special.group(2) != null) {
            return Optional.of(Double.NaN);
        }
        return Optional.of("-".equals(special.group(1)) ? Double.NEGATIVE_INFINITY : Double.POSITIVE_INFINITY);
    }

    private static String asciiDigits(String text) {
        StringBuilder ascii = new StringBuilder(text.length());
        text.codePoints().forEach(each -> {
            if (each > 127 && Character.getType(each) == Character.DECIMAL_DIGIT_NUMBER) {
                ascii.append(Character.digit(each, 10));
            } else {
                ascii.appendCodePoint(each);
            }
        });
        return ascii.toString();
    }
}
