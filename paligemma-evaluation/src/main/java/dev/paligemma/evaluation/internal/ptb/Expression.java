package dev.paligemma.evaluation.internal.ptb;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/**
 * An expression over {@link Symbols}, read from text with {@code |}, {@code *}, {@code +}, {@code ?}, <code>{m,n}</code>,
 * groups, classes with ranges and negation, backslashes, and a dot for every symbol. Letters stand for both their cases, except in classes.
 * Immutable.
 */
sealed interface Expression {
    /** One symbol of a set. */
    record One(BitSet symbols) implements Expression {}

    /** Parts one behind the other. */
    record Sequence(List<Expression> parts) implements Expression {}

    /** One of several. */
    record Choice(List<Expression> options) implements Expression {}

    /** The same so many times; {@code most} of -1 is any number. */
    record Repeat(Expression part, int least, int most) implements Expression {}

    /** Reads an expression. */
    static Expression of(String text) {
        Reader reader = new Reader(text);
        Expression all = reader.choice();
        if (reader.at < text.length()) {
            throw new IllegalArgumentException("a group ends that never began, at " + reader.at + " of " + text);
        }
        return all;
    }

    /** Goes through a text. */
    final class Reader {
        private final String text;
        private int at;

        private Reader(String text) {
            this.text = text;
        }

        private Expression choice() {
            List<Expression> options = new ArrayList<>(List.of(sequence()));
            while (isAt('|')) {
                at++;
                options.add(sequence());
            }
            return new Choice(options);
        }

        private Expression sequence() {
            List<Expression> parts = new ArrayList<>();
            while (at < text.length() && !isAt('|') && !isAt(')')) {
                parts.add(repeated(atom()));
            }
            return new Sequence(parts);
        }

        private Expression repeated(Expression part) {
            if (at == text.length()) {
                return part;
            }
            switch (text.charAt(at)) {
                case '*' -> {
                    at++;
                    return new Repeat(part, 0, -1);
                }
                case '+' -> {
                    at++;
                    return new Repeat(part, 1, -1);
                }
                case '?' -> {
                    at++;
                    return new Repeat(part, 0, 1);
                }
                case '{' -> {
                    int close = text.indexOf('}', at);
                    String[] bounds = text.substring(at + 1, close).split(",");
                    at = close + 1;
                    return new Repeat(part, Integer.parseInt(bounds[0]), Integer.parseInt(bounds[bounds.length - 1]));
                }
                default -> {
                    return part;
                }
            }
        }

        private Expression atom() {
            if (isAt('(')) {
                at++;
                Expression group = choice();
                at++;
                return group;
            }
            if (isAt('[')) {
                at++;
                return new One(characters());
            }
            BitSet symbol = new BitSet();
            if (isAt('.')) {
                at++;
                symbol.set(0, Symbols.COUNT);
                return new One(symbol);
            }
            char character = character();
            symbol.set(Symbols.of(Character.toLowerCase(character)));
            symbol.set(Symbols.of(Character.toUpperCase(character)));
            return new One(symbol);
        }

        private BitSet characters() {
            boolean isNegated = isAt('^');
            if (isNegated) {
                at++;
            }
            BitSet symbols = new BitSet();
            while (!isAt(']')) {
                char low = character();
                char high = low;
                if (isAt('-') && text.charAt(at + 1) != ']') {
                    at++;
                    high = character();
                }
                for (char each = low; each <= high; each++) {
                    symbols.set(Symbols.of(each));
                }
            }
            at++;
            if (isNegated) {
                symbols.flip(0, Symbols.COUNT);
            }
            return symbols;
        }

        private char character() {
            char next = text.charAt(at++);
            return next == '\\' ? text.charAt(at++) : next;
        }

        private boolean isAt(char character) {
            return at < text.length() && text.charAt(at) == character;
        }
    }
}
