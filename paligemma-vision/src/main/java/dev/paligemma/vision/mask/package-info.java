/**
 * From the sixteen {@code <segNNN>} codes of a segmentation answer to masks in the picture, and back.
 *
 * <pre>{@code
 * MaskCodec codec = MaskCodec.read(folder.resolve("vae-oid.npz"));
 * SegmentationMask mask = codec.decode(codes);                                  // 64x64, relative to the box
 * ImageMask inImage = mask.toImage(width, height, new PixelBox(left, top, right, bottom));
 * BitMask bits = inImage.threshold(0.5);
 * List<MaskPolygon> outlines = bits.polygons();
 * String coco = bits.toRle().compressed();
 * }</pre>
 *
 * <p>Plain Java, without an engine: one mask is tens of millions of multiplications. Weight files are not trusted. All
 * public types of this package are immutable and thread-safe.
 */
@NullMarked
package dev.paligemma.vision.mask;

import org.jspecify.annotations.NullMarked;
