package dev.paligemma.detection;

import java.awt.Color;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.TreeSet;

/**
 * Colours for the labels of one picture. A label has the same colour in every picture unless it meets another one there
 * whose colour it would share; labels of one picture differ as long as there are no more of them than colours. Immutable.
 */
final class LabelColours {
    static final int COLOURS = 24;

    private final Map<String, Integer> colours = new HashMap<>();

    LabelColours(Collection<String> labels) {
        boolean[] taken = new boolean[COLOURS];
        for (String label : new TreeSet<>(labels)) {
            int slot = Math.floorMod((label.hashCode() * 0x9E3779B1) >>> 8, COLOURS);
            for (int tries = 0; taken[slot] && tries < COLOURS; tries++) {
                slot = (slot + 1) % COLOURS;
            }
            taken[slot] = true;
            colours.put(label, colour(slot));
        }
    }

    /** The colour of one of the labels, {@code 0xRRGGBB}. */
    int of(String label) {
        return Objects.requireNonNull(colours.get(label), label);
    }

    // Neighbouring slots are far apart in hue, and the second half is darker.
    private static int colour(int slot) {
        int hues = COLOURS / 2;
        float hue = (float) (slot * 5 % hues) / hues;
        return Color.HSBtoRGB(hue, 0.85f, slot < hues ? 0.95f : 0.6f) & 0xFFFFFF;
    }
}
