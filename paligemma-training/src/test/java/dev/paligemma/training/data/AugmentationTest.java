package dev.paligemma.training.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.paligemma.detection.BoundingBox;
import dev.paligemma.detection.Detection;
import dev.paligemma.detection.DetectionParser;
import dev.paligemma.detection.LocationScale;
import dev.paligemma.detection.Segment;
import dev.paligemma.tiny.TinyModel;
import dev.paligemma.training.data.AnswerObjects.Found;
import dev.paligemma.training.data.Placement.Area;
import dev.paligemma.vision.RgbImage;
import dev.paligemma.vision.mask.MaskCodec;
import dev.paligemma.vision.mask.SegmentationMask;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AugmentationTest {
    private static final int SIDE = 64;
    private static final int EPOCHS = 60;

    /** From src/reference/examples/make_goldens.py. */
    private static RgbImage golden(String name) {
        try (InputStream in = Objects.requireNonNull(
                AugmentationTest.class.getResourceAsStream("/examples/" + name + ".png"), name)) {
            return RgbImage.read(in);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @ParameterizedTest
    @ValueSource(floats = {0, 0.6f, 0.83f, 1.37f, 2})
    void coloursAreThoseOfPillow(float factor) {
        RgbImage picture = golden("picture");
        assertThat(new Colours(factor, 1, 1).apply(picture)).isEqualTo(golden("brightness-" + factor));
        assertThat(new Colours(1, factor, 1).apply(picture)).isEqualTo(golden("contrast-" + factor));
        assertThat(new Colours(1, 1, factor).apply(picture)).isEqualTo(golden("saturation-" + factor));
    }

    @Test
    void placementsAreThoseOfPillow() {
        RgbImage picture = golden("picture");
        assertThat(new Colours(1.2f, 0.75f, 1.5f).apply(picture)).isEqualTo(golden("all-three"));
        assertThat(new Placement(Area.ALL, true, Area.ALL).apply(picture)).isEqualTo(golden("mirror"));
        Area window = new Area(5 / 37.0, 3 / 26.0, 30 / 37.0, 24 / 26.0);
        assertThat(new Placement(window, false, Area.ALL).apply(picture)).isEqualTo(golden("crop"));
        Area area = new Area(9 / 37.0, 6 / 26.0, 29 / 37.0, 23 / 26.0);
        assertThat(new Placement(Area.ALL, false, area).apply(picture)).isEqualTo(golden("shrink"));
    }

    /** A white picture with a red rectangle, asked for its box. */
    private static Example drawn(int left, int top, int right, int bottom) {
        byte[] rgb = new byte[SIDE * SIDE * 3];
        for (int y = 0; y < SIDE; y++) {
            for (int x = 0; x < SIDE; x++) {
                boolean inside = x >= left && x < right && y >= top && y < bottom;
                int p = (y * SIDE + x) * 3;
                rgb[p] = (byte) 255;
                rgb[p + 1] = (byte) (inside ? 0 : 255);
                rgb[p + 2] = (byte) (inside ? 0 : 255);
            }
        }
        LocationScale scale = LocationScale.OVER_1024;
        Found box = new Found(
                scale.code(top / (double) SIDE),
                scale.code(left / (double) SIDE),
                scale.code(bottom / (double) SIDE),
                scale.code(right / (double) SIDE),
                "",
                " square");
        return Example.of(RgbImage.of(SIDE, SIDE, rgb), "detect square", box.toString());
    }

    private static BoundingBox answered(Example example) {
        List<Detection> found =
                DetectionParser.parse(example.suffix(), 1000, 1000).detections();
        assertThat(found).hasSize(1);
        return found.get(0).box();
    }

    /** Where red pixels are. */
    private static BoundingBox seen(RgbImage image) {
        int left = image.width();
        int top = image.height();
        int right = 0;
        int bottom = 0;
        for (int y = 0; y < image.height(); y++) {
            for (int x = 0; x < image.width(); x++) {
                int rgb = image.rgbAt(x, y);
                if ((rgb >> 16 & 255) - (rgb & 255) > 127) {
                    left = Math.min(left, x);
                    top = Math.min(top, y);
                    right = Math.max(right, x + 1);
                    bottom = Math.max(bottom, y + 1);
                }
            }
        }
        double width = image.width();
        double height = image.height();
        return new BoundingBox(left / width, top / height, right / width, bottom / height);
    }

    private static void assertBoxesMoveAlong(Augmentation augmentation, Example example) {
        Examples examples = Examples.of(List.of(example)).withAugmentation(augmentation);
        assertThat(examples.changesPictures()).isTrue();
        int changed = 0;
        for (int epoch = 0; epoch < EPOCHS; epoch++) {
            Example made = examples.get(0, 3, epoch);
            assertThat(made.suffix()).isEqualTo(examples.get(0, 3, epoch).suffix());
            RgbImage image = made.pictures().get(0).read();
            assertThat(image)
                    .isEqualTo(examples.get(0, 3, epoch).pictures().get(0).read());
            BoundingBox wanted = seen(image);
            BoundingBox found = answered(made);
            // One pixel at each edge, of a picture that may have been cut to half.
            assertThat(found.left()).isCloseTo(wanted.left(), within(0.035));
            assertThat(found.top()).isCloseTo(wanted.top(), within(0.035));
            assertThat(found.right()).isCloseTo(wanted.right(), within(0.035));
            assertThat(found.bottom()).isCloseTo(wanted.bottom(), within(0.035));
            changed += made.suffix().equals(example.suffix()) ? 0 : 1;
        }
        assertThat(changed).isBetween(EPOCHS / 4, EPOCHS);
    }

    @Test
    void boxesMoveWithTheirPictures() {
        Augmentation none = Augmentation.none();
        assertBoxesMoveAlong(none.withFlip(0.5), drawn(5, 10, 25, 50));
        assertBoxesMoveAlong(none.withCrop(0.5), drawn(20, 10, 45, 50));
        assertBoxesMoveAlong(none.withShrink(0.5), drawn(20, 10, 45, 50));
        assertBoxesMoveAlong(
                none.withFlip(0.5).withCrop(0.8).withShrink(0.7).withColour(0.1, 0.1, 0.1), drawn(8, 16, 40, 60));
    }

    @Test
    void nothingIsOnByDefault() {
        Examples examples = Examples.of(List.of(drawn(1, 2, 30, 40)));
        assertThat(Augmentation.none().isNone()).isTrue();
        assertThat(examples.withAugmentation(Augmentation.none())).isSameAs(examples);
        assertThat(examples.changesPictures()).isFalse();
        assertThatThrownBy(() -> Augmentation.none().withFlip(1.5))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("flip must be 0 to 1, got 1.5");
        assertThatThrownBy(() -> Augmentation.none().withCrop(0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("crop must be above 0");
    }

    @Test
    void colourChangesPicturesAndNoText() {
        Example example = drawn(5, 10, 25, 50);
        Examples examples = Examples.of(List.of(example))
                .withAugmentation(Augmentation.none().withColour(0.5, 0.5, 0.5));
        Example made = examples.get(0, 1, 1);
        assertThat(made.suffix()).isEqualTo(example.suffix());
        assertThat(made.pictures().get(0).isChanged()).isTrue();
        assertThat(made.pictures().get(0).read())
                .isNotEqualTo(example.pictures().get(0).read());
    }

    @Test
    void sidesInTextsKeepAPictureFromBeingMirrored() {
        RgbImage picture = drawn(5, 10, 25, 50).pictures().get(0).read();
        Augmentation always = Augmentation.none().withFlip(1);
        assertMirrored(always, Example.of(picture, "caption en", "a square"), true);
        assertMirrored(always, Example.of(picture, "what is on the left?", "a square"), false);
        assertMirrored(always, Example.of(picture, "caption en", "a square on the Right side"), false);
        assertMirrored(always, Example.of(picture, "caption en", "a bright square"), true);
        assertMirrored(always.withFlipSides(true), Example.of(picture, "what is on the left?", "a square"), true);
    }

    private static void assertMirrored(Augmentation augmentation, Example example, boolean mirrored) {
        RgbImage before = example.pictures().get(0).read();
        Example made =
                Examples.of(List.of(example)).withAugmentation(augmentation).get(0, 1, 1);
        assertThat(made.pictures().get(0).read()).isEqualTo(mirrored ? Placement.mirror(before) : before);
    }

    @Test
    void examplesWhosePlacesCannotMoveStayAsTheyAre() {
        Example drawn = drawn(5, 10, 25, 50);
        Augmentation all = Augmentation.none().withFlip(1).withCrop(0.5).withShrink(0.5);
        Picture picture = drawn.pictures().get(0);
        for (Example example : List.of(
                new Example(List.of(picture), "describe " + drawn.suffix(), "x", "a"),
                drawn.withSuffix("it is at " + drawn.suffix()),
                drawn.withSuffix("<loc0001><loc0002>"),
                drawn.withPictures(List.of(picture, picture)))) {
            assertThat(Examples.of(List.of(example)).withAugmentation(all).get(0, 1, 1))
                    .isEqualTo(example);
        }
    }

    @Test
    void whatIsCutAwayIsDroppedButNeverAll() {
        String corner = "<loc0000><loc0000><loc0100><loc0100> corner";
        String middle = "<loc0400><loc0400><loc0600><loc0600> middle";
        Example two = drawn(5, 10, 25, 50).withSuffix(corner + " ; " + middle);
        Examples cropped =
                Examples.of(List.of(two)).withAugmentation(Augmentation.none().withCrop(0.6));
        int dropped = 0;
        for (int epoch = 0; epoch < EPOCHS; epoch++) {
            String suffix = cropped.get(0, 1, epoch).suffix();
            assertThat(suffix).contains(" middle");
            dropped += suffix.contains(" corner") ? 0 : 1;
        }
        assertThat(dropped).isBetween(10, EPOCHS - 1);
        Examples only = Examples.of(List.of(two.withSuffix(corner)))
                .withAugmentation(Augmentation.none().withCrop(0.6));
        for (int epoch = 0; epoch < EPOCHS; epoch++) {
            assertThat(only.get(0, 1, epoch).suffix()).contains(" corner");
        }
    }

    @Test
    void masksAreMirroredAndCutByTheCodecOrLeftAlone() {
        MaskCodec codec = MaskCodec.read(TinyModel.folder().resolve("vae-oid.npz"));
        float[] values = new float[64 * 64];
        for (int i = 0; i < values.length; i++) {
            // A triangle with its right angle at the lower left.
            values[i] = i % 64 <= i / 64 ? 1 : 0;
        }
        String codes = CocoMasks.spelled(codec.encode(SegmentationMask.of(values)));
        Example example = drawn(5, 10, 25, 50).withSuffix("<loc0200><loc0100><loc0600><loc0700>" + codes + " shape");
        Augmentation flip = Augmentation.none().withFlip(1);
        assertThat(Examples.of(List.of(example))
                        .withAugmentation(flip)
                        .get(0, 1, 1)
                        .suffix())
                .isEqualTo(example.suffix());
        Example flipped = Examples.of(List.of(example))
                .withAugmentation(flip.withMasks(codec))
                .get(0, 1, 1);
        assertThat(flipped.suffix()).startsWith("<loc0200><loc0324><loc0600><loc0924><seg");
        Segment segment = segment(flipped.suffix(), codec);
        assertThat(segment.mask().orElseThrow().probability(50, 55)).isGreaterThan(0.5f);
        assertThat(segment.mask().orElseThrow().probability(10, 10)).isLessThan(0.5f);

        Augmentation crop = Augmentation.none().withCrop(0.5).withKeep(0.3);
        Examples uncut = Examples.of(List.of(example)).withAugmentation(crop);
        Examples cut = Examples.of(List.of(example)).withAugmentation(crop.withMasks(codec));
        int others = 0;
        for (int epoch = 0; epoch < 20; epoch++) {
            assertThat(uncut.get(0, 1, epoch).suffix()).contains(codes);
            others += cut.get(0, 1, epoch).suffix().contains(codes) ? 0 : 1;
        }
        assertThat(others).isPositive();

        ObjectMover half = new ObjectMover(
                new Placement(new Area(0, 0, 400 / 1024.0, 1), false, Area.ALL),
                0.1,
                LocationScale.OVER_1024,
                Optional.of(codec));
        Found left = half.move(AnswerObjects.parse(example.suffix())
                        .orElseThrow()
                        .objects()
                        .get(0))
                .orElseThrow();
        assertThat(left.right()).isEqualTo(1023);
        Segment leftHalf = segment(left.toString(), codec);
        // The left half of the triangle: its hypotenuse ends in the middle of the right edge.
        assertThat(leftHalf.mask().orElseThrow().probability(60, 60)).isGreaterThan(0.5f);
        assertThat(leftHalf.mask().orElseThrow().probability(15, 55)).isLessThan(0.5f);
    }

    private static Segment segment(String suffix, MaskCodec codec) {
        Detection detection =
                DetectionParser.parse(suffix, 640, 480).detections().get(0);
        return Segment.of(detection, 640, 480, Optional.of(codec));
    }
}
