package dev.paligemma.detection.internal;

import dev.paligemma.vision.PixelBox;

/**
 * A tag that has its place.
 *
 * @param index of the tag in the list
 * @param text what is written, perhaps cut
 * @param size of the letters
 * @param box the tag's whole area, inside of the picture
 */
public record PlacedTag(int index, String text, int size, PixelBox box) {}
