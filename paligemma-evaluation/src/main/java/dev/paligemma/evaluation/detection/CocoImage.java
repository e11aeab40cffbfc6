package dev.paligemma.evaluation.detection;

/** The size of a picture in pixels; zeros if it is not known. */
record CocoImage(int width, int height) {}
