package dev.paligemma.tokenizer;

import java.util.Arrays;
import java.util.concurrent.ThreadLocalRandom;

/**
 * The table of tokens: text to id and id to text, without an object per token (the 256,000 tokens of Gemma take 7 MB).
 *
 * <p>All texts lie in one pool of UTF-16 chars; an open-addressing table holds ids. Filled while a file is loaded, only
 * read afterwards. The hash is seeded, so that a file cannot be made to collide on purpose.
 */
final class Vocabulary {

    static final int ABSENT = -1;

    /** The character that stands for a space inside tokens. */
    static final char META_SPACE = '\u2581';

    private final long seed = ThreadLocalRandom.current().nextLong() | 1;
    private char[] pool = new char[1 << 12];
    private int poolSize;
    private int[] start = filled(1 << 8);
    private short[] length = new short[1 << 8];
    private int[] table = filled(1 << 9);
    private int count;
    private int size;

    /**
     * Adds a token. The caller has checked that the id is free and not negative, and that the text is shorter than
     * {@link Short#MAX_VALUE}.
     */
    boolean add(String token, int id) {
        int chars = token.length();
        if (poolSize + chars > pool.length) {
            pool = Arrays.copyOf(pool, Math.max(poolSize + chars, pool.length * 2));
        }
        token.getChars(0, chars, pool, poolSize);
        int slot = slotOf(pool, poolSize, chars);
        if (table[slot] != ABSENT) {
            return false;
        }
        table[slot] = id;
        makeRoom(id);
        start[id] = poolSize;
        length[id] = (short) chars;
        poolSize += chars;
        size = Math.max(size, id + 1);
        count++;
        if (count > table.length / 3 * 2) {
            rehash();
        }
        return true;
    }

    private void makeRoom(int id) {
        int old = start.length;
        if (id >= old) {
            int capacity = Math.max(id + 1, old * 2);
            start = Arrays.copyOf(start, capacity);
            Arrays.fill(start, old, capacity, ABSENT);
            length = Arrays.copyOf(length, capacity);
        }
    }

    /** Returns the id of a token, or {@link #ABSENT}. */
    int idOf(String token) {
        return idOf(token.toCharArray(), 0, token.length());
    }

    /** Returns the id of the token spelled by a range of chars, or {@link #ABSENT}. */
    int idOf(char[] chars, int offset, int count) {
        return table[slotOf(chars, offset, count)];
    }

    /** Tells whether an id, of any value, has a token. */
    boolean contains(int id) {
        return id >= 0 && id < size && start[id] != ABSENT;
    }

    /** Returns the text of an id that has a token. */
    String textOf(int id) {
        return new String(pool, start[id], length[id]);
    }

    /** Returns the number of chars of an id that has a token. */
    int lengthOf(int id) {
        return length[id];
    }

    /** Appends the text of an id that has a token, with spaces in place of {@link #META_SPACE}. */
    void appendDecoded(int id, StringBuilder out) {
        int end = start[id] + length[id];
        for (int i = start[id]; i < end; i++) {
            char c = pool[i];
            out.append(c == META_SPACE ? ' ' : c);
        }
    }

    /**
     * Returns the code point that is the whole text of an id, or {@link #ABSENT} if it has no token or a longer one.
     */
    int singleCodePoint(int id) {
        if (!contains(id) || length[id] == 0) {
            return ABSENT;
        }
        int codePoint = Character.codePointAt(pool, start[id], start[id] + length[id]);
        return Character.charCount(codePoint) == length[id] ? codePoint : ABSENT;
    }

    /** Returns the highest id plus one. */
    int size() {
        return size;
    }

    /** Returns the number of tokens. */
    int count() {
        return count;
    }

    /** Returns the number of chars of all tokens together. */
    int totalChars() {
        return poolSize;
    }

    private int slotOf(char[] chars, int offset, int count) {
        long hash = seed;
        for (int i = offset; i < offset + count; i++) {
            hash = (hash ^ chars[i]) * 0x9E3779B97F4A7C15L;
            hash ^= hash >>> 29;
        }
        int mask = table.length - 1;
        int slot = LongIntMap.mix(hash) & mask;
        while (table[slot] != ABSENT && !matches(table[slot], chars, offset, count)) {
            slot = (slot + 1) & mask;
        }
        return slot;
    }

    private boolean matches(int id, char[] chars, int offset, int count) {
        return Arrays.equals(pool, start[id], start[id] + length[id], chars, offset, offset + count);
    }

    private void rehash() {
        table = filled(table.length * 2);
        for (int id = 0; id < size; id++) {
            if (start[id] != ABSENT) {
                table[slotOf(pool, start[id], length[id])] = id;
            }
        }
    }

    private static int[] filled(int capacity) {
        int[] values = new int[capacity];
        Arrays.fill(values, ABSENT);
        return values;
    }
}
