package dev.paligemma.djl;

import ai.djl.modality.cv.BufferedImageFactory;
import ai.djl.modality.cv.Image;
import ai.djl.modality.cv.output.DetectedObjects;
import ai.djl.modality.cv.output.Mask;
import ai.djl.modality.cv.output.Rectangle;
import dev.paligemma.detection.BoundingBox;
import dev.paligemma.detection.Detection;
import dev.paligemma.detection.ParsedAnswer;
import dev.paligemma.detection.Segment;
import dev.paligemma.detection.SegmentationResult;
import dev.paligemma.vision.RgbImage;
import dev.paligemma.vision.format.ImageException;
import dev.paligemma.vision.mask.SegmentationMask;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.List;
import java.util.function.Function;

/** Pictures, boxes and masks of Deep Java Library (DJL) from ours, and back. No tensors are involved. */
public final class DjlConversions {
    private DjlConversions() {}

    /**
     * Copies a picture of DJL. A wrapped {@link BufferedImage}, which is what DJL has unless OpenCV is on the class path, is
     * copied sample by sample, see {@link RgbImage#of(BufferedImage)}; any other kind is saved as PNG and read again.
     *
     * <p>Pictures that DJL read are as its decoder made them: {@code ImageIO} turns no photograph upright and decodes JPEG
     * slightly differently. {@link RgbImage#read(java.nio.file.Path)} and {@link #toImage} give the model exactly what it
     * saw in training.
     *
     * @param image the picture; only read during the call
     * @throws ImageException if the picture is too large, or cannot be saved
     */
    public static RgbImage toRgbImage(Image image) {
        if (image.getWrappedImage() instanceof BufferedImage wrapped) {
            return RgbImage.of(wrapped);
        }
        ByteArrayOutputStream png = new ByteArrayOutputStream();
        try {
            image.save(png, "png");
        } catch (IOException e) {
            throw new ImageException(
                    "cannot save a picture of " + image.getClass().getName() + " as PNG: " + e.getMessage(), e);
        }
        return RgbImage.read(png.toByteArray());
    }

    /** Copies a picture to DJL: one that wraps a {@link BufferedImage}. */
    public static Image toImage(RgbImage image) {
        return new BufferedImageFactory().fromImage(image.toBufferedImage());
    }

    /** A box in the form of DJL. Both are fractions of the picture; DJL has corner, width and height, all 0 to 1. */
    public static Rectangle toRectangle(BoundingBox box) {
        return new Rectangle(box.left(), box.top(), box.width(), box.height());
    }

    /**
     * A mask in the form of DJL: float32[64, 64], row by row from the top, stretched over the box, not one of the full
     * picture.
     */
    public static Mask toMask(BoundingBox box, SegmentationMask mask) {
        float[][] rows = new float[SegmentationMask.SIZE][SegmentationMask.SIZE];
        for (int row = 0; row < rows.length; row++) {
            for (int column = 0; column < rows[row].length; column++) {
                rows[row][column] = mask.probability(row, column);
            }
        }
        return new Mask(box.left(), box.top(), box.width(), box.height(), rows);
    }

    /**
     * The kept boxes of an answer as {@link Rectangle}s, in their order.
     *
     * <p>The probability of each is {@link Detection#confidence()}, that the box is right; those of
     * one picture do not add up to 1. It is NaN if the answer was parsed from text. The class name is what the model
     * wrote; empty if it wrote none.
     */
    public static DetectedObjects toDetectedObjects(ParsedAnswer result) {
        return detectedObjects(result.detections(), Function.identity(), detection -> toRectangle(detection.box()));
    }

    /**
     * The segments of an answer as {@link Mask}s, in their order, with class names and probabilities as {@linkplain
     * #toDetectedObjects(ParsedAnswer) those of boxes}. One is a plain {@link Rectangle} if the model wrote no mask for
     * it, if the pipeline has no weights of the mask decoder, or if it is less than a pixel wide or high, where DJL
     * cannot draw a mask.
     */
    public static DetectedObjects toDetectedObjects(SegmentationResult result) {
        return toDetectedObjects(result.segments());
    }

    static DetectedObjects toDetectedObjects(List<Segment> segments) {
        return detectedObjects(segments, Segment::detection, DjlConversions::toRectangleOrMask);
    }

    private static Rectangle toRectangleOrMask(Segment segment) {
        BoundingBox box = segment.box();
        boolean visible = box.width() * segment.imageWidth() >= 1 && box.height() * segment.imageHeight() >= 1;
        return segment.mask()
                .filter(mask -> visible)
                .<Rectangle>map(mask -> toMask(box, mask))
                .orElseGet(() -> toRectangle(box));
    }

    private static <T> DetectedObjects detectedObjects(
            List<T> found, Function<T, Detection> detection, Function<T, Rectangle> box) {
        List<Detection> detections = found.stream().map(detection).toList();
        return new DetectedObjects(
                detections.stream().map(Detection::label).toList(),
                detections.stream().map(Detection::confidence).toList(),
                List.copyOf(found.stream().map(box).toList()));
    }
}
