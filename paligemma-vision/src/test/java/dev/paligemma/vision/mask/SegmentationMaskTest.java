package dev.paligemma.vision.mask;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import dev.paligemma.vision.PixelBox;
import java.awt.image.BufferedImage;
import java.util.Arrays;
import java.util.BitSet;
import java.util.stream.Stream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Masks are placed into pictures, and cut out of them, as Pillow resizes and pastes. */
class SegmentationMaskTest {
    static Stream<String[]> placeCases() {
        return MaskGoldens.table("place.tsv").stream();
    }

    @ParameterizedTest
    @MethodSource("placeCases")
    void placesLikePillow(String name, String source, int width, int height, String box) {
        float[] expected = MaskGoldens.floats(name);

        ImageMask mask = MaskGoldens.decoded(source).toImage(width, height, MaskGoldens.box(box));

        assertThat(values(mask)).containsExactly(expected);
        BitMask bits = mask.threshold();
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                assertThat(bits.contains(x, y)).isEqualTo(mask.probability(x, y) > 0.5f);
                assertThat(mask.contains(x, y, 0.9)).isEqualTo(mask.probability(x, y) > 0.9f);
            }
        }
    }

    @Property(tries = 100)
    void whatIsCutOffDoesNotChangeTheRest(
            @ForAll @IntRange(min = -150, max = 100) int left,
            @ForAll @IntRange(min = -150, max = 100) int top,
            @ForAll @IntRange(min = 1, max = 250) int boxWidth,
            @ForAll @IntRange(min = 1, max = 250) int boxHeight) {
        SegmentationMask mask = MaskGoldens.decoded("decode_mixed");
        ImageMask whole = mask.resize(boxWidth, boxHeight);

        ImageMask placed = mask.toImage(40, 30, new PixelBox(left, top, left + boxWidth, top + boxHeight));

        for (int y = 0; y < 30; y++) {
            for (int x = 0; x < 40; x++) {
                boolean inside = x - left >= 0 && x - left < boxWidth && y - top >= 0 && y - top < boxHeight;
                float expected = inside ? whole.probability(x - left, y - top) : 0f;
                assertThat(placed.probability(x, y)).isEqualTo(expected);
            }
        }
    }

    @Test
    void copesWithTheLargestBox() {
        PixelBox box = new PixelBox(Integer.MIN_VALUE, Integer.MIN_VALUE, Integer.MAX_VALUE, Integer.MAX_VALUE);
        float[] halves = new float[64 * 64];
        Arrays.fill(halves, 0.5f);

        ImageMask mask = SegmentationMask.of(halves).toImage(3, 2, box);

        assertThat(values(mask)).containsOnly(0.5f);
    }

    @Property(tries = 50)
    void cuttingOutAFullBoxGivesOnes(
            @ForAll @IntRange(min = 1, max = 300) int width, @ForAll @IntRange(min = 1, max = 300) int height) {
        BitSet bits = new BitSet();
        bits.set(0, width * height);

        SegmentationMask mask =
                SegmentationMask.crop(BitMask.of(width, height, bits), new PixelBox(0, 0, width, height));

        assertThat(mask.toArray()).containsExactly(filled(1f), within(1e-6f));
        for (float p : mask.toArray()) {
            assertThat(p).isLessThanOrEqualTo(1f);
        }
    }

    @Test
    void cuttingOutOfASoftMaskKeepsItsValues() {
        SegmentationMask mask = MaskGoldens.decoded("decode_ascending");
        PixelBox box = new PixelBox(11, 5, 75, 69);

        assertThat(SegmentationMask.crop(mask.toImage(90, 80, box), box)).isEqualTo(mask);
    }

    @Test
    void rejectsBoxesToCutOutThatAreEmptyOrReachBeyondThePicture() {
        BitMask mask = BitMask.of(10, 8, new BitSet());

        for (PixelBox box : new PixelBox[] {
            new PixelBox(0, 0, 11, 8),
            new PixelBox(0, 0, 10, 9),
            new PixelBox(-1, 0, 10, 8),
            new PixelBox(0, -1, 10, 8),
            new PixelBox(3, 3, 3, 5),
            new PixelBox(5, 5, 3, 3)
        }) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> SegmentationMask.crop(mask, box))
                    .withMessageContaining("not inside of a picture of 10x8");
        }
    }

    @Test
    void rejectsPicturesOfImpossibleSize() {
        SegmentationMask mask = SegmentationMask.of(filled(1f));

        assertThatIllegalArgumentException().isThrownBy(() -> mask.resize(0, 5)).withMessageContaining("0x5");
        assertThatIllegalArgumentException().isThrownBy(() -> mask.resize(5, -1));
        assertThatIllegalArgumentException().isThrownBy(() -> mask.resize(1_000_001, 1));
        assertThatIllegalArgumentException().isThrownBy(() -> mask.resize(100_000, 100_000));
    }

    @Test
    void rejectsProbabilitiesOutOfRange() {
        for (float wrong : new float[] {-0.01f, 1.01f, Float.NaN, Float.POSITIVE_INFINITY}) {
            float[] values = filled(0.5f);
            values[77] = wrong;
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> SegmentationMask.of(values))
                    .withMessageContaining("probability 77 is " + wrong);
        }
        assertThatIllegalArgumentException()
                .isThrownBy(() -> SegmentationMask.of(new float[64]))
                .withMessageContaining("expected 4096");
    }

    @Test
    void rejectsPlacesAndThresholdsOutOfRange() {
        SegmentationMask mask = SegmentationMask.of(filled(1f));
        ImageMask image = mask.toImage(10, 8, new PixelBox(2, 2, 4, 4));

        assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(() -> mask.probability(64, 0));
        assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(() -> mask.probability(0, -1));
        assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(() -> image.probability(10, 0));
        assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(() -> image.probability(0, 8));
        for (double threshold : new double[] {-0.1, 1, Double.NaN}) {
            assertThatIllegalArgumentException().isThrownBy(() -> image.threshold(threshold));
            assertThatIllegalArgumentException().isThrownBy(() -> image.contains(0, 0, threshold));
        }
    }

    @Test
    void aValueEqualToTheThresholdIsNotAboveIt() {
        ImageMask image = SegmentationMask.of(filled(0.5f)).resize(3, 3);

        assertThat(image.threshold().area()).isZero();
        assertThat(image.contains(1, 1, 0.5)).isFalse();
        assertThat(image.threshold(0.499).area()).isEqualTo(9);
    }

    @Test
    void doesNotShareItsArray() {
        float[] values = filled(0.5f);
        SegmentationMask mask = SegmentationMask.of(values);

        values[0] = 1;
        mask.toArray()[1] = 1;

        assertThat(mask.toArray()).containsOnly(0.5f);
    }

    @Test
    void showsProbabilitiesAsGrey() {
        ImageMask mask = SegmentationMask.of(filled(0.7f)).toImage(5, 4, new PixelBox(3, 1, 9, 3));

        BufferedImage image = mask.toBufferedImage();

        assertThat(image.getType()).isEqualTo(BufferedImage.TYPE_BYTE_GRAY);
        assertThat(image.getRaster().getSamples(0, 0, 5, 4, 0, (int[]) null))
                .containsExactly(0, 0, 0, 0, 0, 0, 0, 0, 179, 179, 0, 0, 0, 179, 179, 0, 0, 0, 0, 0);
    }

    private static float[] filled(float value) {
        float[] values = new float[64 * 64];
        Arrays.fill(values, value);
        return values;
    }

    private static float[] values(ImageMask mask) {
        float[] values = new float[mask.width() * mask.height()];
        for (int i = 0; i < values.length; i++) {
            values[i] = mask.probability(i % mask.width(), i / mask.width());
        }
        return values;
    }
}
