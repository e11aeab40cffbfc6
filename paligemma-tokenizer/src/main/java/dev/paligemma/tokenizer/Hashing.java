package dev.paligemma.tokenizer;

/** The bit mixer shared by the hash tables. */
final class Hashing {

    private Hashing() {}

    /** Spreads the bits of a long over an int: the finaliser of MurmurHash3. */
    static int mix(long bits) {
        long h = bits;
        h = (h ^ (h >>> 33)) * 0xff51afd7ed558ccdL;
        h = (h ^ (h >>> 33)) * 0xc4ceb9fe1a85ec53L;
        return (int) (h ^ (h >>> 33));
    }
}
