package dev.paligemma.constraint;

import java.util.Arrays;
import java.util.BitSet;
import java.util.Objects;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;

/**
 * A set of token ids. Immutable and thread-safe; two sets of the same ids are equal.
 *
 * <p>Few or scattered ids are kept in order, and {@link #contains} searches by halves; many ids close together are kept
 * as bits, and {@link #contains} looks one up.
 */
public final class TokenSet {
    private static final TokenSet EMPTY = new TokenSet(new int[0], new long[0], 0, 0);

    /** All ids ascending, unless the words have them. */
    private final int[] sorted;

    /** Bits of the ids from {@code firstWord * 64} on, or nothing. */
    private final long[] words;

    private final int firstWord;
    private final int size;

    private TokenSet(int[] sorted, long[] words, int firstWord, int size) {
        this.sorted = sorted;
        this.words = words;
        this.firstWord = firstWord;
        this.size = size;
    }

    /**
     * A set of ids in any order; those given twice count once. A negative one is an {@link IllegalArgumentException}.
     */
    public static TokenSet of(int... ids) {
        int[] sorted = ids.clone();
        Arrays.sort(sorted);
        if (sorted.length > 0 && sorted[0] < 0) {
            throw new IllegalArgumentException("a token id must not be negative, but is " + sorted[0]);
        }
        int count = 0;
        for (int i = 0; i < sorted.length; i++) {
            if (i == 0 || sorted[i] != sorted[i - 1]) {
                sorted[count++] = sorted[i];
            }
        }
        return ofAscending(Arrays.copyOf(sorted, count));
    }

    /** A set of the bits that are set, copied. */
    public static TokenSet of(BitSet ids) {
        int size = ids.cardinality();
        if (size == 0) {
            return EMPTY;
        }
        int first = ids.nextSetBit(0) >> 6;
        int last = (ids.length() - 1) >> 6;
        return bitsAreSmaller(first, last, size)
                ? new TokenSet(new int[0], Arrays.copyOfRange(ids.toLongArray(), first, last + 1), first, size)
                : new TokenSet(ids.stream().toArray(), new long[0], 0, size);
    }

    /**
     * The ids from the first one up to, but without, the second; empty if both are the same.
     *
     * @throws IllegalArgumentException if the first is negative or the last lies before it
     */
    public static TokenSet range(int from, int to) {
        if (from < 0 || to < from) {
            throw new IllegalArgumentException("need 0 <= from <= to, got " + from + " and " + to);
        }
        return ofAscending(IntStream.range(from, to).toArray());
    }

    /** Takes the array over. How a set is kept depends on its ids only, so equal sets are kept alike. */
    private static TokenSet ofAscending(int[] ids) {
        if (ids.length == 0) {
            return EMPTY;
        }
        int first = ids[0] >> 6;
        int last = ids[ids.length - 1] >> 6;
        if (!bitsAreSmaller(first, last, ids.length)) {
            return new TokenSet(ids, new long[0], 0, ids.length);
        }
        long[] words = new long[last - first + 1];
        for (int id : ids) {
            words[(id >> 6) - first] |= 1L << id;
        }
        return new TokenSet(new int[0], words, first, ids.length);
    }

    private static boolean bitsAreSmaller(int firstWord, int lastWord, int size) {
        return (lastWord - firstWord + 1L) * Long.BYTES <= (long) size * Integer.BYTES;
    }

    /** Whether any number is an id of the set. */
    public boolean contains(int id) {
        if (words.length == 0) {
            return Arrays.binarySearch(sorted, id) >= 0;
        }
        int word = (id >> 6) - firstWord;
        return word >= 0 && word < words.length && (words[word] & (1L << id)) != 0;
    }

    /** Refuses a token that a constraint, which allows this set, does not allow. */
    void require(int token) {
        if (!contains(token)) {
            throw new IllegalArgumentException("token " + token + " is not allowed here; allowed are " + this);
        }
    }

    /** Returns the number of ids, 0 for the empty set. */
    public int size() {
        return size;
    }

    /** Tells whether there is no id in the set. */
    public boolean isEmpty() {
        return size == 0;
    }

    /** Hands out every id, in ascending order. */
    public void forEach(IntConsumer action) {
        Objects.requireNonNull(action, "action");
        for (int id : sorted) {
            action.accept(id);
        }
        for (int i = 0; i < words.length; i++) {
            for (long left = words[i]; left != 0; left &= left - 1) {
                action.accept(((firstWord + i) << 6) + Long.numberOfTrailingZeros(left));
            }
        }
    }

    /** Returns all ids: the ids in ascending order, a new array. */
    public int[] toArray() {
        if (words.length == 0) {
            return sorted.clone();
        }
        int[] ids = new int[size];
        int[] count = {0};
        forEach(id -> ids[count[0]++] = id);
        return ids;
    }

    /** The ids that are in this set, in another one, or in both. */
    public TokenSet union(TokenSet other) {
        if (isEmpty() || other.isEmpty()) {
            return isEmpty() ? other : this;
        }
        return of(IntStream.concat(Arrays.stream(toArray()), Arrays.stream(other.toArray()))
                .toArray());
    }

    /** The ids of this set that are not in another one. */
    public TokenSet minus(TokenSet other) {
        return ofAscending(
                Arrays.stream(toArray()).filter(id -> !other.contains(id)).toArray());
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof TokenSet set
                && size == set.size
                && firstWord == set.firstWord
                && Arrays.equals(sorted, set.sorted)
                && Arrays.equals(words, set.words);
    }

    @Override
    public int hashCode() {
        return 31 * Arrays.hashCode(sorted) + 17 * Arrays.hashCode(words) + firstWord;
    }

    /** Names the ids of a small set, and the number of those of a large one. */
    @Override
    public String toString() {
        return size <= 16 ? "TokenSet" + Arrays.toString(toArray()) : "TokenSet[" + size + " ids]";
    }
}
