package dev.paligemma.constraint;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/**
 * A set of Unicode characters as ranges: first and last of each, ascending, never touching. Surrogates, which are no
 * characters, are in none. Immutable; the same instance stands for the same set in all copies of a pattern.
 */
final class CodePoints {
    private static final int LAST = Character.MAX_CODE_POINT;

    static final CodePoints NONE = new CodePoints(new int[0]);
    static final CodePoints ALL = NONE.complement();
    static final CodePoints DIGITS = of('0', '9');
    static final CodePoints WORD = union(List.of(of('a', 'z'), of('A', 'Z'), DIGITS, of('_', '_')));
    static final CodePoints SPACES = union(List.of(of('\t', '\r'), of(' ', ' ')));

    /** What a dot matches: everything but line terminators. */
    static final CodePoints DOT = union(List.of(of('\n', '\n'), of('\r', '\r'), of(0x85, 0x85), of(0x2028, 0x2029)))
            .complement();

    private final int[] bounds;

    private CodePoints(int[] bounds) {
        this.bounds = bounds;
    }

    static CodePoints of(int first, int last) {
        return union(List.of(new CodePoints(new int[] {first, last})));
    }

    static CodePoints union(List<CodePoints> sets) {
        List<int[]> ranges = new ArrayList<>();
        for (CodePoints set : sets) {
            for (int i = 0; i < set.ranges(); i++) {
                addWithoutSurrogates(set.first(i), set.last(i), ranges);
            }
        }
        ranges.sort(Comparator.comparingInt(range -> range[0]));
        int[] bounds = new int[ranges.size() * 2];
        int count = 0;
        for (int[] range : ranges) {
            if (count > 0 && range[0] <= bounds[count - 1] + 1) {
                bounds[count - 1] = Math.max(bounds[count - 1], range[1]);
            } else {
                bounds[count++] = range[0];
                bounds[count++] = range[1];
            }
        }
        return new CodePoints(Arrays.copyOf(bounds, count));
    }

    private static void addWithoutSurrogates(int first, int last, List<int[]> ranges) {
        if (first < Character.MIN_SURROGATE) {
            ranges.add(new int[] {first, Math.min(last, Character.MIN_SURROGATE - 1)});
        }
        if (last > Character.MAX_SURROGATE) {
            ranges.add(new int[] {Math.max(first, Character.MAX_SURROGATE + 1), last});
        }
    }

    CodePoints complement() {
        List<CodePoints> gaps = new ArrayList<>();
        int from = 0;
        for (int i = 0; i < ranges(); i++) {
            if (from < first(i)) {
                gaps.add(of(from, first(i) - 1));
            }
            from = last(i) + 1;
        }
        if (from <= LAST) {
            gaps.add(of(from, LAST));
        }
        return union(gaps);
    }

    int ranges() {
        return bounds.length / 2;
    }

    int first(int range) {
        return bounds[2 * range];
    }

    int last(int range) {
        return bounds[2 * range + 1];
    }

    boolean contains(int codePoint) {
        int place = Arrays.binarySearch(bounds, codePoint);
        // Between a first and its last the insertion point is odd.
        return place >= 0 || (-place - 1) % 2 == 1;
    }
}
