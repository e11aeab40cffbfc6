package dev.paligemma.detection;

import dev.paligemma.vision.PixelBox;
import dev.paligemma.vision.mask.BitMask;
import dev.paligemma.vision.mask.CocoRle;
import dev.paligemma.vision.mask.ImageMask;
import dev.paligemma.vision.mask.MaskCodec;
import dev.paligemma.vision.mask.MaskPolygon;
import dev.paligemma.vision.mask.SegmentationMask;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * A thing the model found, and its shape. Immutable and thread-safe.
 *
 * <p>The shape needs the weights of the mask decoder, a file of its own. Without them, or if the model wrote no complete
 * mask, there is a box, there may be segmentation codes, and there is no mask.
 *
 * @param detection name, box, confidence and segmentation codes
 * @param mask the shape within the box; empty if there is none
 * @param imageWidth of the original picture, in pixels, at least 1
 * @param imageHeight of the original picture, in pixels, at least 1
 */
public record Segment(Detection detection, Optional<SegmentationMask> mask, int imageWidth, int imageHeight) {
    /** Checks the size; an {@link IllegalArgumentException} if a side is less than 1. */
    public Segment {
        Objects.requireNonNull(detection, "detection");
        Objects.requireNonNull(mask, "mask");
        BoundingBox.requireSize(imageWidth, imageHeight);
    }

    /**
     * The kept boxes of an answer, in the order of {@link ParsedAnswer#detections()}, with their masks; without the
     * mask decoder, no segment has one. Decoding takes some tens of milliseconds each.
     */
    public static List<Segment> of(ParsedAnswer result, Optional<MaskCodec> codec) {
        return result.detections().stream()
                .map(detection -> of(detection, result.imageWidth(), result.imageHeight(), codec))
                .toList();
    }

    /**
     * One box of a picture of this size in pixels, with its mask; without the mask decoder, it has none.
     *
     * @throws IllegalArgumentException if a side is less than 1
     */
    public static Segment of(Detection detection, int imageWidth, int imageHeight, Optional<MaskCodec> codec) {
        int[] codes = detection.segmentationCodes().stream()
                .mapToInt(Integer::intValue)
                .toArray();
        return new Segment(
                detection,
                codec.filter(decoder -> detection.hasMask()).map(decoder -> decoder.decode(codes)),
                imageWidth,
                imageHeight);
    }

    /** What it is: the label, without surrounding blanks; may be empty. */
    public String label() {
        return detection.label();
    }

    /** Where it is: the box in fractions of the picture. */
    public BoundingBox box() {
        return detection.box();
    }

    /** Where it is, in pixels of the original picture; empty if it is thinner than a pixel. */
    public PixelBox pixels() {
        return detection.pixels();
    }

    /**
     * The confidence of box and label, as {@link Detection} defines it, 0 to 1, or NaN if unknown; segmentation codes
     * do not count.
     */
    public double confidence() {
        return detection.confidence();
    }

    /** The probability of every pixel in the geometry of the original picture, bilinear, zero outside of the box. */
    public Optional<ImageMask> imageMask() {
        return mask.map(shape -> shape.toImage(imageWidth, imageHeight, pixels()));
    }

    /**
     * The pixels of the original picture that belong to the thing; empty without a mask.
     *
     * @param threshold a pixel belongs to it if its probability is above this, 0 or more, less than 1; usually 0.5
     * @throws IllegalArgumentException if there is a mask and the threshold is out of range
     */
    public Optional<BitMask> bitMask(double threshold) {
        return imageMask().map(image -> image.threshold(threshold));
    }

    /**
     * The outlines of the connected regions of the thing in the original picture, at threshold 0.5; none without a
     * mask.
     */
    public List<MaskPolygon> polygons() {
        return bitMask(0.5).map(BitMask::polygons).orElse(List.of());
    }

    /** The pixels of the thing, at threshold 0.5, in COCO's run-length format; empty without a mask. */
    public Optional<CocoRle> rle() {
        return bitMask(0.5).map(BitMask::toRle);
    }
}
