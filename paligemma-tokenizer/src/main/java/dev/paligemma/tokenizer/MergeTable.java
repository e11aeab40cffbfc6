package dev.paligemma.tokenizer;

/**
 * The merges: which pairs of adjacent tokens join, in which order of preference, into what.
 *
 * <p>Filled while a file is loaded, only read afterwards.
 */
final class MergeTable {

    static final int ABSENT = LongIntMap.ABSENT;

    private final LongIntMap ranks = new LongIntMap();
    private final IntList products = new IntList();

    /** Appends a merge; if the pair is already known, the later rank wins, as in the {@code tokenizers} library. */
    void add(int left, int right, int product) {
        ranks.put(key(left, right), products.size());
        products.add(product);
    }

    /** Returns the rank of a pair (lower merges first), or {@link #ABSENT} if it does not merge. */
    int rankOf(int left, int right) {
        return ranks.get(key(left, right));
    }

    /** Returns the token a merge makes. */
    int productOf(int rank) {
        return products.get(rank);
    }

    /** Returns how many merges were added. */
    int size() {
        return products.size();
    }

    private static long key(int left, int right) {
        return ((long) left << 32) | right;
    }
}
