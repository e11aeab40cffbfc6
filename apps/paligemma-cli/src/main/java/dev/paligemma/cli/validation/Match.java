package dev.paligemma.cli.validation;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** How close an answer must be to the published one. White space around an answer does not count. */
public enum Match {
    /** Every character. */
    TEXT {
        @Override
        boolean strictly(String published, String answer) {
            return answer.equals(published);
        }
    },

    /** The published answer is the beginning of the answer: for long answers of another precision. */
    BEGINNING {
        @Override
        boolean strictly(String published, String answer) {
            return answer.startsWith(published);
        }
    },

    /** Every character but the location codes, which may be off by {@value #MAX_CODES} of 1024. */
    BOXES {
        @Override
        boolean strictly(String published, String answer) {
            Matcher expected = CODE.matcher(published);
            Matcher got = CODE.matcher(answer);
            if (!expected.replaceAll("").equals(got.replaceAll(""))) {
                return false;
            }
            expected.reset();
            got.reset();
            while (expected.find()) {
                if (!got.find() || Math.abs(code(expected) - code(got)) > MAX_CODES) {
                    return false;
                }
            }
            return !got.find();
        }
    };

    /** How many of the 1024 location codes a side of a box may be off: another rounding moves a side that far. */
    static final int MAX_CODES = 8;

    private static final Pattern CODE = Pattern.compile("<loc(\\d{4})>");

    abstract boolean strictly(String published, String answer);

    /** Whether an answer is close enough to the published one. */
    public boolean holds(String published, String answer) {
        return strictly(published.strip(), answer.strip());
    }

    private static int code(Matcher found) {
        return Integer.parseInt(found.group(1));
    }

    static Optional<Match> named(String name) {
        return Arrays.stream(values()).filter(each -> each.label().equals(name)).findFirst();
    }

    static String names() {
        return Arrays.stream(values()).map(Match::label).collect(Collectors.joining(", "));
    }

    private String label() {
        return name().toLowerCase(Locale.ROOT);
    }
}
