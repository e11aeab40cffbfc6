package dev.paligemma.tokenizer;

import java.util.Arrays;

/**
 * Derives merges from pieces with scores: every way to put a piece together from two pieces is one.
 *
 * <p>The order is the one that {@code transformers} gives them when it converts a SentencePiece model of Gemma: the
 * better score first; of equal ones, which are the pieces a user defined, the longer left part, then the longer right
 * part, in code points, then the lower id of the whole. SentencePiece itself merges the pair of the best score, too, and
 * the leftmost of equal ones. The results could differ only where two ways to make one piece overlap in a text, which has
 * not been met.
 */
final class ScoredMerges {

    /** The longest piece, in chars; see {@link #MAX_WORK}. Gemma's longest is 31. */
    static final int MAX_PIECE_CHARS = 1 << 8;

    /** How many merges a file may give. Gemma has 580,604. */
    private static final int MAX_MERGES = 1 << 21;

    /** How many chars may be hashed: what looking up all parts of all pieces comes to. Gemma needs about 2^23. */
    private static final long MAX_WORK = 1L << 28;

    private static final int ID_BITS = 20;
    private static final int LENGTH_BITS = 9;
    private static final int LENGTH_MASK = (1 << LENGTH_BITS) - 1;

    private final Vocabulary vocabulary;
    private final float[] scores;
    private final String source;
    private long[] merges = new long[1 << 10];
    private int count;

    private ScoredMerges(Vocabulary vocabulary, float[] scores, String source) {
        this.vocabulary = vocabulary;
        this.scores = scores;
        this.source = source;
    }

    /**
     * Makes the table of merges.
     *
     * @param vocabulary the pieces, with ids 0 to {@code scores.length - 1}, each of at most {@link #MAX_PIECE_CHARS}
     * @param scores the score of each, finite
     * @throws TokenizerException if the pieces are too many and too long together
     */
    static MergeTable of(Vocabulary vocabulary, float[] scores, String source) {
        return new ScoredMerges(vocabulary, scores, source).table();
    }

    private MergeTable table() {
        checkWork();
        int[] places = places();
        for (int id = 0; id < scores.length; id++) {
            addMerges(id, places[id]);
        }
        Arrays.sort(merges, 0, count);
        MergeTable table = new MergeTable();
        for (int i = 0; i < count; i++) {
            int product = (int) (merges[i] & ((1 << ID_BITS) - 1));
            char[] piece = vocabulary.textOf(product).toCharArray();
            int split = Character.offsetByCodePoints(piece, 0, piece.length, 0, leftCodePoints(merges[i]));
            int left = vocabulary.idOf(piece, 0, split);
            int right = vocabulary.idOf(piece, split, piece.length - split);
            table.add(left, right, product);
        }
        return table;
    }

    private void checkWork() {
        long work = 0;
        for (int id = 0; id < scores.length; id++) {
            long chars = vocabulary.lengthOf(id);
            work += chars * chars;
        }
        if (work > MAX_WORK) {
            throw new TokenizerException(source + ": the pieces are too long together: the squares of their lengths add"
                    + " up to " + work + ", more than " + MAX_WORK);
        }
    }

    /** Numbers the scores from the best, 0; equal scores have equal numbers. */
    private int[] places() {
        long[] order = new long[scores.length];
        for (int id = 0; id < order.length; id++) {
            // Adding 0 makes a zero of -0. Negative numbers have their bits in descending order.
            int bits = Float.floatToIntBits(scores[id] + 0f);
            int ascending = bits ^ (bits >> 31 & Integer.MAX_VALUE);
            order[id] = (long) ~ascending << 32 | id;
        }
        Arrays.sort(order);
        int[] places = new int[order.length];
        int place = 0;
        for (int i = 0; i < order.length; i++) {
            if (i > 0 && order[i] >> 32 != order[i - 1] >> 32) {
                place++;
            }
            places[(int) order[i]] = place;
        }
        return places;
    }

    private void addMerges(int product, int place) {
        char[] piece = vocabulary.textOf(product).toCharArray();
        int total = Character.codePointCount(piece, 0, piece.length);
        int split = 0;
        for (int left = 1; left < total; left++) {
            split += Character.charCount(Character.codePointAt(piece, split));
            if (vocabulary.idOf(piece, 0, split) != Vocabulary.ABSENT
                    && vocabulary.idOf(piece, split, piece.length - split) != Vocabulary.ABSENT) {
                add(pack(place, left, total - left, product));
            }
        }
    }

    private void add(long merge) {
        if (count == MAX_MERGES) {
            throw new TokenizerException(source + ": the pieces give more than " + MAX_MERGES + " merges");
        }
        if (count == merges.length) {
            merges = Arrays.copyOf(merges, count * 2);
        }
        merges[count++] = merge;
    }

    /** Packs what merges are ordered by, so that the lowest number merges first. */
    private static long pack(int place, int left, int right, int product) {
        long key = place;
        key = key << LENGTH_BITS | (LENGTH_MASK - left);
        key = key << LENGTH_BITS | (LENGTH_MASK - right);
        return key << ID_BITS | product;
    }

    private static int leftCodePoints(long merge) {
        return LENGTH_MASK - (int) (merge >>> (LENGTH_BITS + ID_BITS) & LENGTH_MASK);
    }
}
