package dev.paligemma.vision.format;

/**
 * A checked image file, reduced to what its decoder needs.
 *
 * <p>Metadata (profiles, texts, thumbnails) is not in the stream, so decoders spend nothing on it and cannot apply it.
 *
 * @param format ImageIO's name of the format
 * @param width of the stored picture, before any rotation
 * @param height of the stored picture, before any rotation
 * @param orientation EXIF orientation, 1 to 8
 * @param stream the reduced file
 */
record EncodedImage(String format, int width, int height, int orientation, byte[] stream) {}
