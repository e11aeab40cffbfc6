package dev.paligemma.checkpoint.adapter;

import dev.paligemma.base.internal.JsonObject;
import dev.paligemma.base.internal.Quote;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * Numbers for modules by their names, such as {@code rank_pattern}: the first pattern that matches counts. A pattern is a
 * regular expression for the whole path of a module, or for what is left of it after some dot. Immutable.
 */
record ModulePatterns(String where, Map<Pattern, Double> numbers) {
    private static final int MAX_PATTERNS = 10_000;
    private static final int MAX_PATTERN_CHARS = 1_000;
    private static final int MAX_LOOKS = 1_000_000;

    static ModulePatterns read(JsonObject config, String name, double min, double max) {
        JsonObject patterns = config.objectOrNull(name);
        Map<Pattern, Double> numbers = new LinkedHashMap<>();
        if (patterns == null) {
            return new ModulePatterns(name, numbers);
        }
        if (patterns.members().size() > MAX_PATTERNS) {
            throw new AdapterException(patterns.where() + " has more than " + MAX_PATTERNS + " patterns");
        }
        for (String text : patterns.members().keySet()) {
            if (!patterns.has(text)) {
                throw new AdapterException(patterns.where() + ": " + Quote.quote(text) + " has no number");
            }
            numbers.put(compile(patterns, text), patterns.number(text, 0, min, max));
        }
        return new ModulePatterns(patterns.where(), numbers);
    }

    private static Pattern compile(JsonObject patterns, String text) {
        if (text.length() > MAX_PATTERN_CHARS) {
            throw new AdapterException(patterns.where() + ": a pattern has " + text.length()
                    + " characters, expected at most " + MAX_PATTERN_CHARS);
        }
        try {
            return Pattern.compile("(.*\\.)?(" + text + ")$");
        } catch (PatternSyntaxException e) {
            throw new AdapterException(
                    patterns.where() + ": " + Quote.quote(text) + " is not a regular expression that is understood", e);
        } catch (StackOverflowError e) {
            throw new AdapterException(patterns.where() + ": " + Quote.quote(text) + " is nested too deeply", e);
        }
    }

    double of(String path, double fallback) {
        for (Map.Entry<Pattern, Double> entry : numbers.entrySet()) {
            if (matches(entry.getKey(), path)) {
                return entry.getValue();
            }
        }
        return fallback;
    }

    private boolean matches(Pattern pattern, String path) {
        try {
            return pattern.matcher(new BoundedText(path, MAX_LOOKS)).lookingAt();
        } catch (BoundedText.SpentException | StackOverflowError e) {
            throw new AdapterException(
                    where + ": the pattern " + Quote.quote(pattern.pattern()) + " takes too long on "
                            + Quote.quote(path),
                    e);
        }
    }

    /**
     * A text that can be looked at only so often: a regular expression from a file may take exponential time, and the matcher
     * offers no other way to stop it. Not thread-safe.
     */
    private static final class BoundedText implements CharSequence {
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
}
