package dev.paligemma.vision.format;

/** Palettes of 256 colours, three bytes (red, green, blue) each. */
final class Palette {
    static final int BYTES = 256 * 3;

    private Palette() {}

    /** The entry number as grey value: for files without palette. */
    static byte[] greyRamp() {
        byte[] palette = new byte[BYTES];
        for (int i = 0; i < BYTES; i++) {
            palette[i] = (byte) (i / 3);
        }
        return palette;
    }

    /** Copies {@code length} bytes of a palette; entries that a file lacks are black, as in Pillow. */
    static byte[] completed(byte[] data, int from, int length) {
        byte[] palette = new byte[BYTES];
        System.arraycopy(data, from, palette, 0, length);
        return palette;
    }

    /** Writes the colour of an entry to {@code rgb[at .. at + 2]}. */
    static void put(byte[] palette, int entry, byte[] rgb, int at) {
        rgb[at] = palette[entry * 3];
        rgb[at + 1] = palette[entry * 3 + 1];
        rgb[at + 2] = palette[entry * 3 + 2];
    }
}
