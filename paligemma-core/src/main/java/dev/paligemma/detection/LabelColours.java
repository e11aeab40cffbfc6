package dev.paligemma.detection;

import dev.paligemma.detection.AnnotationOptions.ColourBy;
import java.awt.Color;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeSet;
import java.util.stream.IntStream;

/**
 * Colours for the things of one picture. A label has the same colour in every picture unless it meets another one there
 * whose colour it would share; labels of one picture differ as long as there are no more of them than colours. Immutable.
 */
final class LabelColours {
    static final int COLOURS = 24;

    private final Map<String, Integer> slots = new HashMap<>();

    /** The colour of each thing, by their labels. One thing alone has the same colour in every way. */
    static int[] of(List<String> labels, ColourBy by) {
        LabelColours colours = new LabelColours(labels);
        if (by == ColourBy.LABEL || by == ColourBy.AUTO && colours.slots.size() > 1) {
            return labels.stream().mapToInt(colours::of).toArray();
        }
        int first = labels.isEmpty() ? 0 : Objects.requireNonNull(colours.slots.get(labels.get(0)));
        return IntStream.range(0, labels.size())
                .map(i -> colour((first + i) % COLOURS))
                .toArray();
    }

    LabelColours(Collection<String> labels) {
        boolean[] taken = new boolean[COLOURS];
        for (String label : new TreeSet<>(labels)) {
            int slot = Math.floorMod((label.hashCode() * 0x9E3779B1) >>> 8, COLOURS);
            for (int tries = 0; taken[slot] && tries < COLOURS; tries++) {
                slot = (slot + 1) % COLOURS;
            }
            taken[slot] = true;
            slots.put(label, slot);
        }
    }

    /** The colour of one of the labels, {@code 0xRRGGBB}. */
    int of(String label) {
        return colour(Objects.requireNonNull(slots.get(label), label));
    }

    // Neighbouring slots are far apart in hue, and the second half is darker.
    private static int colour(int slot) {
        int hues = COLOURS / 2;
        float hue = (float) (slot * 5 % hues) / hues;
        return Color.HSBtoRGB(hue, 0.85f, slot < hues ? 0.95f : 0.45f) & 0xFFFFFF;
    }
}
