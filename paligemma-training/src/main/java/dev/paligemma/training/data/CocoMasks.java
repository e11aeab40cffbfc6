package dev.paligemma.training.data;

import dev.paligemma.base.internal.JsonObject;
import dev.paligemma.detection.LocationCodes;
import dev.paligemma.detection.LocationScale;
import dev.paligemma.training.run.FineTuningException;
import dev.paligemma.vision.PixelBox;
import dev.paligemma.vision.mask.BitMask;
import dev.paligemma.vision.mask.CocoRle;
import dev.paligemma.vision.mask.MaskCodec;
import dev.paligemma.vision.mask.MaskException;
import dev.paligemma.vision.mask.SegmentationMask;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Masks of COCO, polygons or run lengths, to the sixteen codes that an answer has. Immutable. */
record CocoMasks(MaskCodec codec, LocationScale scale) {
    private static final int MAX_POLYGONS = 100_000;

    /** The codes as they are spelled, of the mask within the box that the answer names. */
    String codes(@Nullable Object segmentation, LocationCodes box, int width, int height, String where) {
        try {
            BitMask mask = mask(segmentation, width, height, where);
            PixelBox pixels = box.toBox(scale).toPixels(width, height);
            if (pixels.isEmpty()) {
                throw new FineTuningException(
                        where + ": its box is thinner than a pixel of the picture of " + width + "x" + height);
            }
            if (mask.area() == 0) {
                throw new FineTuningException(where + ": its mask has no pixel");
            }
            return spelled(codec.encode(SegmentationMask.crop(mask, pixels)));
        } catch (MaskException e) {
            throw new FineTuningException(where + ": " + e.getMessage(), e);
        }
    }

    /** Codes as answers have them. */
    static String spelled(int[] codes) {
        return Arrays.stream(codes)
                .mapToObj(code -> String.format(Locale.ROOT, "<seg%03d>", code))
                .collect(Collectors.joining());
    }

    /** Refuses a codec that can only decode. */
    static void requireEncoder(Optional<MaskCodec> masks) {
        if (masks.isPresent() && !masks.get().hasEncoder()) {
            throw new FineTuningException(
                    "masks cannot become codes: the weights of the mask codec have no encoder, only"
                            + " a decoder; take the published vae-oid.npz, which has the arrays encoder.0.weight and so on");
        }
    }

    private static BitMask mask(@Nullable Object segmentation, int width, int height, String where) {
        if (segmentation instanceof List<?> polygons && !polygons.isEmpty() && polygons.size() <= MAX_POLYGONS) {
            BitMask mask = null;
            for (Object polygon : polygons) {
                BitMask part = CocoRle.ofPolygon(width, height, numbers(polygon, where))
                        .toMask();
                mask = mask == null ? part : mask.union(part);
            }
            return Objects.requireNonNull(mask);
        }
        if (segmentation instanceof Map<?, ?> runs) {
            double[] size = numbers(runs.get("size"), where);
            if (size.length != 2 || size[0] != height || size[1] != width) {
                throw new FineTuningException(where + ": segmentation must have the size [" + height + ", " + width
                        + "] of its picture, got " + Arrays.toString(size));
            }
            return runs.get("counts") instanceof String text
                    ? CocoRle.parse(width, height, text).toMask()
                    : CocoRle.of(width, height, counts(runs.get("counts"), where))
                            .toMask();
        }
        throw new FineTuningException(where + ": segmentation must be a list of polygons, or size and counts, got "
                + JsonObject.describe(segmentation) + "; without masks, read the file for detection");
    }

    private static double[] numbers(@Nullable Object list, String where) {
        if (list instanceof List<?> values && values.stream().allMatch(Number.class::isInstance)) {
            return values.stream()
                    .mapToDouble(each -> ((Number) each).doubleValue())
                    .toArray();
        }
        throw new FineTuningException(
                where + ": segmentation must hold lists of numbers, got " + JsonObject.describe(list));
    }

    private static int[] counts(@Nullable Object list, String where) {
        double[] numbers = numbers(list, where);
        int[] counts = new int[numbers.length];
        for (int i = 0; i < counts.length; i++) {
            counts[i] = (int) numbers[i];
            if (counts[i] != numbers[i]) {
                throw new FineTuningException(where + ": counts[" + i + "] must be a whole number, got " + numbers[i]);
            }
        }
        return counts;
    }
}
