package dev.paligemma.tokenizer;

import java.util.Arrays;
import java.util.concurrent.ThreadLocalRandom;

/**
 * A hash map from non-negative longs to ints without boxed entries: the 580,604 merges of Gemma take 12 MB in it.
 *
 * <p>Filled while a file is loaded, only read afterwards. The hash is seeded per map, so that a file cannot be made to
 * collide on purpose.
 */
final class LongIntMap {

    static final int ABSENT = -1;

    private static final long EMPTY = -1;

    private final long seed = ThreadLocalRandom.current().nextLong();
    private long[] keys;
    private int[] values;
    private int size;

    LongIntMap() {
        keys = emptyKeys(64);
        values = new int[64];
    }

    /** Sets the value of a key; a later value replaces an earlier one. */
    void put(long key, int value) {
        if (size >= keys.length / 3 * 2) {
            grow();
        }
        int slot = slotOf(key);
        if (keys[slot] == EMPTY) {
            keys[slot] = key;
            size++;
        }
        values[slot] = value;
    }

    /** Returns the value of a key, or {@link #ABSENT}. */
    int get(long key) {
        int slot = slotOf(key);
        return keys[slot] == key ? values[slot] : ABSENT;
    }

    private int slotOf(long key) {
        int mask = keys.length - 1;
        int slot = mix(key ^ seed) & mask;
        while (keys[slot] != EMPTY && keys[slot] != key) {
            slot = (slot + 1) & mask;
        }
        return slot;
    }

    private void grow() {
        long[] oldKeys = keys;
        int[] oldValues = values;
        int capacity = Math.multiplyExact(oldKeys.length, 2);
        keys = emptyKeys(capacity);
        values = new int[capacity];
        for (int i = 0; i < oldKeys.length; i++) {
            if (oldKeys[i] != EMPTY) {
                int slot = slotOf(oldKeys[i]);
                keys[slot] = oldKeys[i];
                values[slot] = oldValues[i];
            }
        }
    }

    /** Spreads the bits of a long over an int: the finaliser of MurmurHash3. */
    static int mix(long bits) {
        long h = bits;
        h = (h ^ (h >>> 33)) * 0xff51afd7ed558ccdL;
        h = (h ^ (h >>> 33)) * 0xc4ceb9fe1a85ec53L;
        return (int) (h ^ (h >>> 33));
    }

    private static long[] emptyKeys(int capacity) {
        long[] keys = new long[capacity];
        Arrays.fill(keys, EMPTY);
        return keys;
    }
}
