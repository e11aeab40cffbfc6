/**
 * How boxes, masks and names get onto a picture: the pixels, and where each name stands. For this library alone; anything
 * here may change.
 */
@NullMarked
package dev.paligemma.detection.internal;

import org.jspecify.annotations.NullMarked;
