package dev.paligemma.tokenizer;

import java.util.Arrays;
import java.util.Locale;
import java.util.function.IntPredicate;

/**
 * Byte-pair encoding with byte fallback, as in the {@code tokenizers} library (BPE {@code merge_word} and
 * {@code merge_all}). Immutable and thread-safe.
 *
 * <p>A text starts as its code points. A code point without a token becomes its UTF-8 bytes ({@code <0xE2>}), and if
 * one of those has no token either, the unknown token. Then the adjacent pair of lowest rank merges, leftmost first,
 * until no pair merges. With a heap of candidate pairs that takes O(n log n) for n characters.
 */
final class BytePairEncoder {

    private static final int ABSENT = Vocabulary.ABSENT;
    private static final int REMOVED = -1;
    private static final int NONE = -1;

    private final MergeTable merges;
    private final int unknownId;
    private final boolean fuseUnknown;
    private final int[] basicPlane = new int[1 << 16];
    private final LongIntMap otherPlanes = new LongIntMap();
    private final int[] byteIds = new int[256];

    /**
     * Prepares the tables.
     *
     * @param vocabulary the model's tokens, without the added tokens that are not among them
     * @param merges the merges over that vocabulary
     * @param unknownId the id of the unknown token, or {@link Vocabulary#ABSENT} to drop what cannot be expressed
     * @param fuseUnknown whether neighbouring unknown characters become one token
     */
    BytePairEncoder(Vocabulary vocabulary, MergeTable merges, int unknownId, boolean fuseUnknown) {
        this.merges = merges;
        this.unknownId = unknownId;
        this.fuseUnknown = fuseUnknown;
        Arrays.fill(basicPlane, ABSENT);
        for (int id = 0; id < vocabulary.size(); id++) {
            int codePoint = vocabulary.singleCodePoint(id);
            if (codePoint == ABSENT) {
                continue;
            }
            if (codePoint < basicPlane.length) {
                basicPlane[codePoint] = id;
            } else {
                otherPlanes.put(codePoint, id);
            }
        }
        for (int b = 0; b < byteIds.length; b++) {
            byteIds[b] = vocabulary.idOf(String.format(Locale.ROOT, "<0x%02X>", b));
        }
    }

    /**
     * Encodes {@code text[from, to)}, in which spaces are already replaced.
     *
     * @param forbidden token ids that neither a character nor a merge may become
     */
    void encode(char[] text, int from, int to, IntPredicate forbidden, IntList out) {
        int[] symbols = split(text, from, to, forbidden);
        int[] next = merge(symbols, forbidden);
        for (int i = symbols.length == 0 ? NONE : 0; i != NONE; i = next[i]) {
            out.add(symbols[i]);
        }
    }

    private int[] split(char[] text, int from, int to, IntPredicate forbidden) {
        IntList symbols = new IntList();
        int pendingUnknowns = 0;
        int i = from;
        while (i < to) {
            int codePoint = Character.codePointAt(text, i, to);
            i += Character.charCount(codePoint);
            if (codePoint >= Character.MIN_SURROGATE && codePoint <= Character.MAX_SURROGATE) {
                codePoint = Utf8.REPLACEMENT.charAt(0);
            }
            int id = codePoint < basicPlane.length ? basicPlane[codePoint] : otherPlanes.get(codePoint);
            if (id != ABSENT && !forbidden.test(id)) {
                symbols.addRepeated(unknownId, pendingUnknowns);
                pendingUnknowns = 0;
                symbols.add(id);
            } else if (!addBytes(codePoint, symbols) && unknownId != ABSENT) {
                // The library writes an unknown only when the next known character arrives: byte tokens overtake it.
                if (!fuseUnknown) {
                    symbols.addRepeated(unknownId, pendingUnknowns);
                }
                pendingUnknowns = 1;
            }
        }
        symbols.addRepeated(unknownId, pendingUnknowns);
        return symbols.toArray();
    }

    /** Adds the byte tokens of a code point, or nothing if one of them is missing. */
    private boolean addBytes(int codePoint, IntList symbols) {
        byte[] bytes = Utf8.encode(codePoint);
        for (byte b : bytes) {
            if (byteIds[b & 0xff] == ABSENT) {
                return false;
            }
        }
        for (byte b : bytes) {
            symbols.add(byteIds[b & 0xff]);
        }
        return true;
    }

    /** Merges symbols in place and returns, for each that is left, the index of the one after it. */
    private int[] merge(int[] symbols, IntPredicate forbidden) {
        int count = symbols.length;
        int[] previous = new int[count];
        int[] next = new int[count];
        for (int i = 0; i < count; i++) {
            previous[i] = i - 1;
            next[i] = i + 1 < count ? i + 1 : NONE;
        }
        CandidateHeap candidates = new CandidateHeap(count);
        for (int i = 0; i + 1 < count; i++) {
            offer(candidates, symbols, i, i + 1, forbidden);
        }
        while (!candidates.isEmpty()) {
            long candidate = candidates.removeFirst();
            int left = CandidateHeap.position(candidate);
            int product = merges.productOf(CandidateHeap.rank(candidate));
            if (symbols[left] == REMOVED || next[left] == NONE) {
                continue;
            }
            int right = next[left];
            // A stale candidate is still good if the pair now standing there makes the same token.
            int rank = merges.rankOf(symbols[left], symbols[right]);
            if (rank == MergeTable.ABSENT || merges.productOf(rank) != product) {
                continue;
            }
            symbols[left] = product;
            symbols[right] = REMOVED;
            next[left] = next[right];
            if (next[left] != NONE) {
                previous[next[left]] = left;
                offer(candidates, symbols, left, next[left], forbidden);
            }
            if (previous[left] != NONE) {
                offer(candidates, symbols, previous[left], left, forbidden);
            }
        }
        return next;
    }

    private void offer(CandidateHeap candidates, int[] symbols, int left, int right, IntPredicate forbidden) {
        int rank = merges.rankOf(symbols[left], symbols[right]);
        if (rank != MergeTable.ABSENT && !forbidden.test(merges.productOf(rank))) {
            candidates.add(rank, left);
        }
    }
}
