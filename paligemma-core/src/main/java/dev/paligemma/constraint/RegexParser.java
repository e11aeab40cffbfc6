package dev.paligemma.constraint;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads the regular part of the syntax of {@link java.util.regex.Pattern}, with the same meaning, and refuses the rest.
 * Used once, by one thread.
 */
final class RegexParser {
    static final int MAX_LENGTH = 1000;
    private static final int MAX_REPEATS = 1000;
    private static final int END = -1;

    private final String regex;
    private final int[] input;
    private int position;

    private RegexParser(String regex) {
        this.regex = regex;
        this.input = regex.codePoints().toArray();
    }

    static TextPattern parse(String regex) {
        if (regex.length() > MAX_LENGTH) {
            throw new IllegalArgumentException(
                    "a regular expression may have " + MAX_LENGTH + " chars, this one has " + regex.length());
        }
        RegexParser parser = new RegexParser(regex);
        TextPattern pattern = parser.choices();
        if (parser.peek() != END) {
            throw parser.error("this parenthesis closes nothing");
        }
        return pattern;
    }

    private IllegalArgumentException error(String message) {
        return new IllegalArgumentException(
                "regular expression '" + regex + "', character " + (position + 1) + ": " + message);
    }

    private int peek() {
        return position < input.length ? input[position] : END;
    }

    private int take() {
        int c = peek();
        if (c == END) {
            throw error("it ends too early");
        }
        if (c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE) {
            throw error("half of a surrogate pair is no character");
        }
        position++;
        return c;
    }

    private boolean takeIf(int c) {
        if (peek() != c) {
            return false;
        }
        position++;
        return true;
    }

    private TextPattern choices() {
        List<TextPattern> choices = new ArrayList<>();
        do {
            choices.add(sequence());
        } while (takeIf('|'));
        return TextPattern.choice(choices);
    }

    private TextPattern sequence() {
        List<TextPattern> parts = new ArrayList<>();
        while (peek() != END && peek() != '|' && peek() != ')') {
            parts.add(quantified(atom()));
        }
        return TextPattern.sequence(parts);
    }

    private TextPattern quantified(TextPattern atom) {
        TextPattern pattern = switch (peek()) {
            case '*' -> simple(atom, 0, TextPattern.UNBOUNDED);
            case '+' -> simple(atom, 1, TextPattern.UNBOUNDED);
            case '?' -> simple(atom, 0, 1);
            case '{' -> counted(atom);
            default -> null;
        };
        if (pattern == null) {
            return atom;
        }
        if ("*+?{".indexOf(peek()) >= 0) {
            throw error("a quantifier after a quantifier; lazy and possessive ones have no meaning for a whole answer");
        }
        return pattern;
    }

    private TextPattern simple(TextPattern atom, int min, int max) {
        position++;
        return TextPattern.repeat(atom, min, max);
    }

    private TextPattern counted(TextPattern atom) {
        position++;
        int min = number();
        int max = min;
        if (takeIf(',')) {
            max = peek() == '}' ? TextPattern.UNBOUNDED : number();
        }
        if (!takeIf('}')) {
            throw error("a count such as {2}, {2,} or {2,5} is not closed");
        }
        if (max != TextPattern.UNBOUNDED && max < min) {
            throw error("the largest count, " + max + ", is below the smallest, " + min);
        }
        return TextPattern.repeat(atom, min, max);
    }

    private int number() {
        int start = position;
        int value = 0;
        while (peek() >= '0' && peek() <= '9') {
            value = value * 10 + take() - '0';
            if (value > MAX_REPEATS) {
                throw error("a count may be " + MAX_REPEATS + " at most");
            }
        }
        if (position == start) {
            throw error("a count such as {2}, {2,} or {2,5} needs digits");
        }
        return value;
    }

    private TextPattern atom() {
        int c = peek();
        return switch (c) {
            case '(' -> group();
            case '[' -> new TextPattern.OneOf(characterClass());
            case '.' -> {
                position++;
                yield new TextPattern.OneOf(CodePoints.DOT);
            }
            case '\\' -> {
                position++;
                CodePoints set = escapedClass();
                yield set == null ? single(escapedCharacter()) : new TextPattern.OneOf(set);
            }
            case '*', '+', '?', '{' -> throw error("nothing to repeat; write \\" + (char) c + " for the character");
            case '^', '$' ->
                throw error("the whole answer always has to match, so leave out ^ and $; write \\" + (char) c
                        + " for the character");
            default -> single(take());
        };
    }

    private static TextPattern single(int c) {
        return new TextPattern.OneOf(CodePoints.of(c, c));
    }

    private TextPattern group() {
        position++;
        if (takeIf('?') && !takeIf(':')) {
            throw error("of the groups that begin with (? only (?: is understood");
        }
        TextPattern pattern = choices();
        if (!takeIf(')')) {
            throw error("a parenthesis is not closed");
        }
        return pattern;
    }

    /** Reads what follows a backslash if it stands for several characters; else stays where it is. */
    private @Nullable CodePoints escapedClass() {
        CodePoints set = switch (peek()) {
            case 'd' -> CodePoints.DIGITS;
            case 'D' -> CodePoints.DIGITS.complement();
            case 'w' -> CodePoints.WORD;
            case 'W' -> CodePoints.WORD.complement();
            case 's' -> CodePoints.SPACES;
            case 'S' -> CodePoints.SPACES.complement();
            default -> null;
        };
        if (set != null) {
            position++;
        }
        return set;
    }

    private int escapedCharacter() {
        int c = peek();
        return switch (c) {
            case 'n' -> escaped('\n');
            case 'r' -> escaped('\r');
            case 't' -> escaped('\t');
            case 'f' -> escaped('\f');
            case 'u' -> unicode();
            default -> {
                if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) {
                    throw error("\\" + (char) c + " is not understood here; of the escapes with letters only"
                            + " \\d \\D \\w \\W \\s \\S \\n \\r \\t \\f and \\uXXXX are");
                }
                yield take();
            }
        };
    }

    private int escaped(int c) {
        position++;
        return c;
    }

    private int unicode() {
        position++;
        int value = 0;
        for (int i = 0; i < 4; i++) {
            int digit = peek() < 0x80 ? Character.digit(peek(), 16) : -1;
            if (digit < 0) {
                throw error("\\u needs four hexadecimal digits");
            }
            value = value * 16 + digit;
            position++;
        }
        if (value >= Character.MIN_SURROGATE && value <= Character.MAX_SURROGATE) {
            throw error("half of a surrogate pair is no character; write the character itself");
        }
        return value;
    }

    private CodePoints characterClass() {
        position++;
        boolean negated = takeIf('^');
        List<CodePoints> members = new ArrayList<>();
        while (peek() != ']' || members.isEmpty()) {
            members.add(classMember());
        }
        position++;
        CodePoints set = CodePoints.union(members);
        return negated ? set.complement() : set;
    }

    private CodePoints classMember() {
        switch (peek()) {
            case '[', ']' -> throw error("brackets inside a class: write \\[ or \\] for the character");
            case '&' -> {
                if (position + 1 < input.length && input[position + 1] == '&') {
                    throw error("intersections of classes are not understood; write \\& for the character");
                }
            }
            case '\\' -> {
                position++;
                CodePoints set = escapedClass();
                if (set != null) {
                    return set;
                }
                position--;
            }
            default -> {
                // An ordinary character, perhaps the first of a range.
            }
        }
        int first = classCharacter();
        boolean range = peek() == '-' && position + 1 < input.length && input[position + 1] != ']';
        if (!range) {
            return CodePoints.of(first, first);
        }
        position++;
        if (peek() == '[') {
            throw error("brackets inside a class: write \\[ or \\] for the character");
        }
        int last = classCharacter();
        if (last < first) {
            throw error("a range of characters ends before it begins");
        }
        return CodePoints.of(first, last);
    }

    private int classCharacter() {
        return takeIf('\\') ? escapedCharacter() : take();
    }
}
