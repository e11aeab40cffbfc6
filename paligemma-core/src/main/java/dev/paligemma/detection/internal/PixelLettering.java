package dev.paligemma.detection.internal;

import dev.paligemma.vision.PixelBox;
import java.text.Normalizer;
import java.util.HexFormat;

/**
 * Letters of 5 x 8 squares, the same on every machine, for those that have no fonts: Latin letters without their accents,
 * digits and signs; a hollow square stands for any other.
 */
public final class PixelLettering implements Lettering {
    private static final int COLUMNS = 5;
    private static final int ROWS = 8;

    /** Of a square's side, how many make up a size: capital letters have seven squares. */
    private static final int SQUARES_OF_A_SIZE = 10;

    /** From the blank to the tilde; a byte for each column, its lowest bit on top. */
    private static final byte[] GLYPHS = HexFormat.of().parseHex("""
            0000000000 00005F0000 0007000700 147F147F14 242A7F2A12 2313086462 3649562050 0000070000
            001C224100 0041221C00 2A1C7F1C2A 08083E0808 0050300000 0808080808 0000606000 2010080402
            3E5149453E 00427F4000 4261514946 2141454B31 1814127F10 2745454539 3C4A494930 0171090503
            3649494936 064949291E 0036360000 0056360000 0814224100 1414141414 0041221408 0201510906
            324979413E 7E1111117E 7F49494936 3E41414122 7F4141221C 7F49494941 7F09090901 3E4149497A
            7F0808087F 00417F4100 2040413F01 7F08142241 7F40404040 7F020C027F 7F0408107F 3E4141413E
            7F09090906 3E4151215E 7F09192946 4649494931 01017F0101 3F4040403F 1F2040201F 3F4038403F
            6314081463 0708700807 6151494543 007F414100 0204081020 0041417F00 0402010204 4040404040
            0001020400 2054545478 7F48444438 3844444420 384444487F 3854545418 087E090102 18A4A4A47C
            7F08040478 00447D4000 4080847D00 7F10284400 00417F4000 7C04180478 7C08040478 3844444438
            FC24242418 18242424FC 7C08040408 4854545420 043F444020 3C4040207C 1C2040201C 3C4030403C
            4428102844 1CA0A0A07C 4464544C44 0008364100 00007F0000 0041360800 0804081008
            """.replaceAll("\\s", ""));

    private static final byte[] UNKNOWN = HexFormat.of().parseHex("7F4141417F");
    private static final byte[] ELLIPSIS = HexFormat.of().parseHex("4000400040");

    @Override
    public int width(String text, int size) {
        int letters = plain(text).length;
        return Math.max(0, letters * (COLUMNS + 1) - 1) * square(size);
    }

    @Override
    public int height(String text, int size) {
        return ROWS * square(size);
    }

    @Override
    public void write(Canvas canvas, String text, int size, PixelBox room, int colour) {
        int square = square(size);
        int[] letters = plain(text);
        for (int i = 0; i < letters.length; i++) {
            byte[] glyphs = glyphs(letters[i]);
            int first = glyphs == GLYPHS ? (letters[i] - ' ') * COLUMNS : 0;
            for (int p = 0; p < COLUMNS * ROWS; p++) {
                if ((glyphs[first + p / ROWS] >> p % ROWS & 1) != 0) {
                    int left = room.left() + (i * (COLUMNS + 1) + p / ROWS) * square;
                    int top = room.top() + p % ROWS * square;
                    canvas.fill(new PixelBox(left, top, left + square, top + square).intersect(room), colour);
                }
            }
        }
    }

    private static byte[] glyphs(int letter) {
        if (letter == '\u2026') {
            return ELLIPSIS;
        }
        return letter >= ' ' && letter <= '~' ? GLYPHS : UNKNOWN;
    }

    /** Accents are left out where they can be told from their letter. */
    private static int[] plain(String text) {
        String decomposed = Normalizer.normalize(text, Normalizer.Form.NFD).replaceAll("\\p{Mn}", "");
        return decomposed.codePoints().toArray();
    }

    private static int square(int size) {
        return Math.max(1, size / SQUARES_OF_A_SIZE);
    }
}
