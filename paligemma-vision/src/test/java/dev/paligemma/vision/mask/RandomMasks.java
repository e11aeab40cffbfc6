package dev.paligemma.vision.mask;

import java.util.BitSet;
import java.util.Random;

/** Masks of independent random pixels: every constellation of neighbours occurs. */
final class RandomMasks {
    private RandomMasks() {}

    /** @param tenths share of pixels that belong to the object */
    static BitMask of(int width, int height, long seed, int tenths) {
        Random random = new Random(seed);
        BitSet bits = new BitSet(width * height);
        for (int i = 0; i < width * height; i++) {
            bits.set(i, random.nextInt(10) < tenths);
        }
        return BitMask.of(width, height, bits);
    }
}
