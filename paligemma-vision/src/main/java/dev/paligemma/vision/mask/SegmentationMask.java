package dev.paligemma.vision.mask;

import dev.paligemma.vision.PixelBox;
import dev.paligemma.vision.RgbImage;
import dev.paligemma.vision.format.ImageOptions;
import java.util.Arrays;
import java.util.Locale;
import java.util.Objects;

/**
 * How likely each place of a box belongs to an object: float32[64, 64], 0 to 1, stretched over the box whatever its
 * shape. Immutable and thread-safe.
 */
public final class SegmentationMask {
    /** Rows and columns. */
    public static final int SIZE = 64;

    private final float[] probabilities;

    /** Takes over the array: for callers in this package that give it away. */
    SegmentationMask(float[] probabilities) {
        this.probabilities = probabilities;
    }

    /**
     * Copies probabilities.
     *
     * @param probabilities float32[64, 64], row by row, each 0 to 1
     * @throws IllegalArgumentException if there are not {@code 64 * 64} of them, or one is not 0 to 1
     */
    public static SegmentationMask of(float[] probabilities) {
        if (probabilities.length != SIZE * SIZE) {
            throw new IllegalArgumentException(
                    "expected " + SIZE * SIZE + " probabilities, got " + probabilities.length);
        }
        for (int i = 0; i < probabilities.length; i++) {
            if (!(probabilities[i] >= 0 && probabilities[i] <= 1)) {
                throw new IllegalArgumentException(
                        "probability " + i + " is " + probabilities[i] + ", expected 0 to 1");
            }
        }
        return new SegmentationMask(probabilities.clone());
    }

    /**
     * Cuts a box out of a mask of a picture and brings it to 64x64, bilinear with antialiasing, as training data is made.
     *
     * @throws IllegalArgumentException if the box is empty or reaches beyond the picture
     */
    public static SegmentationMask crop(BitMask mask, PixelBox box) {
        requireInside(mask.width(), mask.height(), box);
        return crop(box, (y, row) -> {
            for (int x = 0; x < row.length; x++) {
                row[x] = mask.contains(box.left() + x, box.top() + y) ? 1f : 0f;
            }
        });
    }

    /** As {@link #crop(BitMask, PixelBox)}, of a soft mask. */
    public static SegmentationMask crop(ImageMask mask, PixelBox box) {
        requireInside(mask.width(), mask.height(), box);
        return crop(box, (y, row) -> {
            for (int x = 0; x < row.length; x++) {
                row[x] = mask.probability(box.left() + x, box.top() + y);
            }
        });
    }

    private static void requireInside(int width, int height, PixelBox box) {
        if (box.isEmpty() || box.left() < 0 || box.top() < 0 || box.right() > width || box.bottom() > height) {
            throw new IllegalArgumentException(box + " is empty or not inside of a picture of " + width + "x" + height);
        }
    }

    private static SegmentationMask crop(PixelBox box, BilinearResize.Rows source) {
        // Weights add up to 1 in float64, so that no result, rounded to float32, is above 1.
        return new SegmentationMask(BilinearResize.resize(
                source,
                (int) box.width(),
                (int) box.height(),
                BilinearResize.Part.all(SIZE),
                BilinearResize.Part.all(SIZE)));
    }

    /**
     * Returns one value, 0 (outside of the object) to 1 (inside).
     *
     * @param row 0 (top of the box) to 63
     * @param column 0 (left side of the box) to 63
     * @throws IndexOutOfBoundsException if the row or column is not 0 to 63
     */
    public float probability(int row, int column) {
        return probabilities[Objects.checkIndex(row, SIZE) * SIZE + Objects.checkIndex(column, SIZE)];
    }

    /** Returns a copy of all values: float32[64, 64], row by row. */
    public float[] toArray() {
        return probabilities.clone();
    }

    /** Stretches this mask over a whole picture; sizes as in {@link #toImage}. */
    public ImageMask resize(int width, int height) {
        return toImage(width, height, new PixelBox(0, 0, width, height));
    }

    /**
     * Places this mask into a picture: zero outside of the box.
     *
     * <p>Resized with Pillow's bilinear filter for float images: interpolation between the centres of places, with
     * antialiasing if the box is smaller than 64 pixels. What lies outside of the picture is cut off after that, and not
     * computed; an empty box gives an empty mask. Memory: four bytes for each pixel of the box inside the picture.
     *
     * @param imageWidth in pixels, 1 to {@value RgbImage#MAX_SIDE}
     * @param imageHeight in pixels, 1 to {@value RgbImage#MAX_SIDE}
     * @param box where this mask belongs, in pixels; may reach beyond the picture
     * @return the mask of the picture
     * @throws IllegalArgumentException if a side of the picture is out of range, or it has more than
     *     {@value ImageOptions#LARGEST_MAX_PIXELS} pixels
     */
    public ImageMask toImage(int imageWidth, int imageHeight, PixelBox box) {
        ImageMask.requireSize(imageWidth, imageHeight);
        PixelBox visible = box.intersect(new PixelBox(0, 0, imageWidth, imageHeight));
        if (visible.isEmpty()) {
            return new ImageMask(imageWidth, imageHeight, visible, new float[0]);
        }
        float[] values = BilinearResize.resize(
                (y, row) -> System.arraycopy(probabilities, y * SIZE, row, 0, SIZE),
                SIZE,
                SIZE,
                new BilinearResize.Part(box.width(), (long) visible.left() - box.left(), (int) visible.width()),
                new BilinearResize.Part(box.height(), (long) visible.top() - box.top(), (int) visible.height()));
        return new ImageMask(imageWidth, imageHeight, visible, values);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof SegmentationMask that && Arrays.equals(probabilities, that.probabilities);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(probabilities);
    }

    @Override
    public String toString() {
        double sum = 0;
        for (float p : probabilities) {
            sum += p;
        }
        return String.format(Locale.ROOT, "SegmentationMask[64x64, mean %.3f]", sum / probabilities.length);
    }
}
