package dev.paligemma.detection.internal;

import dev.paligemma.vision.PixelBox;
import java.text.BreakIterator;
import java.util.Locale;

/**
 * What is written at a box.
 *
 * @param name what it is; cut where there is no room
 * @param figure how sure that is, kept where a name is cut; may be empty
 * @param target the box, inside of the picture and not empty
 */
public record Tag(String name, String figure, PixelBox target) {
    private static final String ELLIPSIS = "\u2026";

    /** The text, cut so that it is no wider than this many pixels, if that is possible. */
    String fit(Lettering lettering, int size, int most) {
        String whole = (name + " " + figure).strip();
        if (lettering.width(whole, size) <= most) {
            return whole;
        }
        BreakIterator letters = BreakIterator.getCharacterInstance(Locale.ROOT);
        letters.setText(name);
        for (int end = letters.preceding(name.length()); end > 0; end = letters.previous()) {
            String cut = (name.substring(0, end).strip() + ELLIPSIS + " " + figure).strip();
            if (lettering.width(cut, size) <= most) {
                return cut;
            }
        }
        return figure.isEmpty() ? ELLIPSIS : figure;
    }
}
