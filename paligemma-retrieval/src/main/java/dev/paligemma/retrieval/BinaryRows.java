package dev.paligemma.retrieval;

import java.util.Arrays;
import java.util.Objects;

/**
 * Rows in one bit for each number, its sign: 32 times smaller than {@link Rows}. Immutable.
 *
 * <p>{@link #score} counts the bits in which two rows agree, the Hamming way, which needs no multiplication. It finds nearly the
 * same pages as {@link MaxSim}, in another order: search with it, then order what was found with {@link MaxSim}, of rows that are
 * kept elsewhere.
 */
public final class BinaryRows {
    private final long[] words;
    private final int width;
    private final int wordsPerRow;

    private BinaryRows(long[] words, int width) {
        this.words = words;
        this.width = width;
        this.wordsPerRow = words(width);
    }

    private static int words(int width) {
        return (width + Long.SIZE - 1) / Long.SIZE;
    }

    /** The signs of rows; a number above 0 is a 1. */
    public static BinaryRows of(Rows rows) {
        int width = rows.width();
        int perRow = words(width);
        float[] values = rows.values();
        long[] words = new long[rows.count() * perRow];
        for (int row = 0; row < rows.count(); row++) {
            for (int i = 0; i < width; i++) {
                if (values[row * width + i] > 0) {
                    words[row * perRow + i / Long.SIZE] |= 1L << i;
                }
            }
        }
        return new BinaryRows(words, width);
    }

    /**
     * Rows that were stored as {@link #toArray} gave them.
     *
     * @param words {@code long[R * ceil(D / 64)]}, copied
     * @param width D, at least 1
     * @throws IllegalArgumentException if the words are not a positive multiple of those of a row
     */
    public static BinaryRows of(long[] words, int width) {
        if (width < 1 || words.length == 0 || words.length % words(width) != 0) {
            throw new IllegalArgumentException("rows of " + width + " bits need a positive multiple of "
                    + words(Math.max(1, width)) + " words, got " + words.length);
        }
        return new BinaryRows(words.clone(), width);
    }

    /** R, at least 1. */
    public int count() {
        return words.length / wordsPerRow;
    }

    /** D. */
    public int width() {
        return width;
    }

    /** Whether a number was above 0. */
    public boolean at(int row, int column) {
        Objects.checkIndex(row, count());
        Objects.checkIndex(column, width);
        return (words[row * wordsPerRow + column / Long.SIZE] >>> column & 1) == 1;
    }

    /** The bits, {@code long[R * ceil(D / 64)]}, bit i of a word is its i-th number; a new array. */
    public long[] toArray() {
        return words.clone();
    }

    /**
     * For each row of a query the most bits in which a row of the page agrees, less those in which it does not, and the sum of
     * these divided by the width: from -R to R, as {@link MaxSim#score} of rows of length 1.
     *
     * @throws IllegalArgumentException if the two have rows of different widths
     */
    public static double score(BinaryRows query, BinaryRows page) {
        if (query.width != page.width) {
            throw new IllegalArgumentException("the rows of a query have " + query.width + " bits and those of a page "
                    + page.width + "; expected rows of one model");
        }
        int perRow = query.wordsPerRow;
        long differing = 0;
        for (int from = 0; from < query.words.length; from += perRow) {
            int fewest = Integer.MAX_VALUE;
            for (int at = 0; at < page.words.length; at += perRow) {
                int different = 0;
                for (int i = 0; i < perRow; i++) {
                    different += Long.bitCount(query.words[from + i] ^ page.words[at + i]);
                }
                fewest = Math.min(fewest, different);
            }
            differing += fewest;
        }
        return query.count() - 2.0 * differing / query.width;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof BinaryRows rows && width == rows.width && Arrays.equals(words, rows.words);
    }

    @Override
    public int hashCode() {
        return 31 * Arrays.hashCode(words) + width;
    }

    /** Tells the sizes, not the bits. */
    @Override
    public String toString() {
        return "BinaryRows[" + count() + " x " + width + "]";
    }
}
