package dev.paligemma.training.data;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * A suffix that is a list of boxes, such as {@code <loc0010><loc0020><loc0300><loc0400> star ; ...}. Immutable.
 *
 * @param objects at least one
 * @param separator what stands between two of them
 */
record AnswerObjects(List<Found> objects, String separator) {
    static final String SEPARATOR = " ; ";

    private static final Pattern BETWEEN = Pattern.compile("\\s*;\\s*");
    private static final String LOC = "<loc(0\\d{3}|10[01]\\d|102[0-3])>";
    private static final Pattern OBJECT =
            Pattern.compile(LOC.repeat(4) + "((?:<seg(?:0\\d{2}|1[01]\\d|12[0-7])>){16})?([^<>;]*)");

    /**
     * A box with its name.
     *
     * @param top the code of the upper edge, 0 to 1023; the others likewise
     * @param mask sixteen codes as they are spelled; empty without a mask
     * @param label what follows, with the blank in front of it
     */
    record Found(int top, int left, int bottom, int right, String mask, String label) {
        /** The same with another box. */
        Found at(int newTop, int newLeft, int newBottom, int newRight) {
            return new Found(newTop, newLeft, newBottom, newRight, mask, label);
        }

        /** The same with another mask. */
        Found withMask(String other) {
            return new Found(top, left, bottom, right, other, label);
        }

        /** The codes of the mask, 0 to 127; none without a mask. */
        int[] maskCodes() {
            return Pattern.compile("\\d{3}")
                    .matcher(mask)
                    .results()
                    .mapToInt(each -> Integer.parseInt(each.group()))
                    .toArray();
        }

        @Override
        public String toString() {
            return String.format(Locale.ROOT, "<loc%04d><loc%04d><loc%04d><loc%04d>", top, left, bottom, right)
                    + mask
                    + label;
        }
    }

    AnswerObjects {
        objects = List.copyOf(objects);
    }

    /** The objects of a suffix; empty if it is anything else, even in part. */
    static Optional<AnswerObjects> parse(String suffix) {
        List<Found> found = new ArrayList<>();
        Matcher between = BETWEEN.matcher(suffix);
        String separator = SEPARATOR;
        int start = 0;
        while (between.find()) {
            if (!add(suffix.substring(start, between.start()), found)) {
                return Optional.empty();
            }
            separator = between.group();
            start = between.end();
        }
        return add(suffix.substring(start), found)
                ? Optional.of(new AnswerObjects(found, separator))
                : Optional.empty();
    }

    private static boolean add(String text, List<Found> found) {
        Matcher matcher = OBJECT.matcher(text);
        if (!matcher.matches()) {
            return false;
        }
        String mask = matcher.group(5);
        found.add(new Found(
                Integer.parseInt(matcher.group(1)),
                Integer.parseInt(matcher.group(2)),
                Integer.parseInt(matcher.group(3)),
                Integer.parseInt(matcher.group(4)),
                mask == null ? "" : mask,
                matcher.group(6)));
        return true;
    }

    /** The text of such objects; empty for none. */
    String text() {
        return objects.stream().map(Found::toString).collect(Collectors.joining(separator));
    }

    /** The same separator between other objects. */
    AnswerObjects with(List<Found> others) {
        return new AnswerObjects(others, separator);
    }
}
