package dev.paligemma.training.data;

import dev.paligemma.detection.LocationScale;
import dev.paligemma.tokenizer.PaliGemmaTokenizer;
import dev.paligemma.training.data.AnswerObjects.Found;
import dev.paligemma.training.data.Placement.Area;
import dev.paligemma.vision.PixelBox;
import dev.paligemma.vision.mask.MaskCodec;
import dev.paligemma.vision.mask.SegmentationMask;
import java.util.Optional;

/** Moves boxes and masks to where a {@link Placement} puts what they surround. Immutable. */
record ObjectMover(Placement placement, double keep, LocationScale scale, Optional<MaskCodec> masks) {
    /** The grid on which a part of a mask is cut out. */
    private static final int FINE = 1024;

    /** Whether its mask, if there is one, stays as it is or can be encoded again. */
    boolean canMove(Found object) {
        return object.mask().isEmpty()
                || masks.isPresent()
                || (!placement.flipped() && (isWhole(object) || !remains(object)));
    }

    /** The object in the changed picture; empty if too little of it remains, or it was no box with an area. */
    Optional<Found> move(Found object) {
        if (!remains(object)) {
            return Optional.empty();
        }
        Area box = box(object);
        Area visible = placement.move(box.intersect(placement.window()));
        Found moved = object.at(
                scale.code(inside(visible.top())),
                scale.code(inside(visible.left())),
                scale.code(inside(visible.bottom())),
                scale.code(inside(visible.right())));
        boolean sameMask = object.mask().isEmpty() || (!placement.flipped() && isWhole(object));
        return Optional.of(sameMask ? moved : moved.withMask(encoded(object, box)));
    }

    private static double inside(double fraction) {
        return Math.min(1, Math.max(0, fraction));
    }

    private Area box(Found object) {
        return new Area(
                fraction(object.left()), fraction(object.top()), fraction(object.right()), fraction(object.bottom()));
    }

    /** The last code stands for the far edge, too, which has none of its own when codes are divided by 1024. */
    private double fraction(int code) {
        return code == PaliGemmaTokenizer.LOCATIONS - 1 ? 1 : scale.fraction(code);
    }

    private boolean isWhole(Found object) {
        Area box = box(object);
        return box.equals(box.intersect(placement.window()));
    }

    private boolean remains(Found object) {
        Area box = box(object);
        double left = box.intersect(placement.window()).size();
        return left > 0 && left >= keep * box.size();
    }

    private String encoded(Found object, Area box) {
        MaskCodec codec = masks.orElseThrow();
        SegmentationMask mask = codec.decode(object.maskCodes());
        if (!isWhole(object)) {
            Area part = box.intersect(placement.window());
            int left = cell((part.left() - box.left()) / box.width());
            int top = cell((part.top() - box.top()) / box.height());
            int right = cell((part.right() - box.left()) / box.width());
            int bottom = cell((part.bottom() - box.top()) / box.height());
            mask = SegmentationMask.crop(
                    mask.resize(FINE, FINE),
                    new PixelBox(
                            Math.min(left, FINE - 1),
                            Math.min(top, FINE - 1),
                            Math.max(right, Math.min(left, FINE - 1) + 1),
                            Math.max(bottom, Math.min(top, FINE - 1) + 1)));
        }
        return CocoMasks.spelled(codec.encode(placement.flipped() ? mirrored(mask) : mask));
    }

    private static int cell(double fraction) {
        return (int) Math.round(inside(fraction) * FINE);
    }

    private static SegmentationMask mirrored(SegmentationMask mask) {
        int side = SegmentationMask.SIZE;
        float[] values = new float[side * side];
        for (int row = 0; row < side; row++) {
            for (int column = 0; column < side; column++) {
                values[row * side + column] = mask.probability(row, side - 1 - column);
            }
        }
        return SegmentationMask.of(values);
    }
}
