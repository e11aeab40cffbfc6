package dev.paligemma.vision.mask;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import dev.paligemma.vision.PixelBox;
import java.awt.image.BufferedImage;
import java.util.Arrays;
import java.util.Base64;
import java.util.BitSet;
import java.util.List;
import java.util.stream.Stream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Run lengths, areas and boxes as pycocotools has them. */
class BitMaskTest {
    static Stream<String[]> rleCases() {
        return MaskGoldens.table("rle.tsv").stream();
    }

    @ParameterizedTest
    @MethodSource("rleCases")
    void encodesLikePycocotools(
            String name, int width, int height, String bits, String counts, String compressed, int area, String box) {
        CocoRle expected = CocoRle.of(width, height, MaskGoldens.integers(counts));
        BitMask mask = expected.toMask();
        if (!bits.isEmpty()) {
            assertThat(mask)
                    .isEqualTo(BitMask.of(
                            width, height, BitSet.valueOf(Base64.getDecoder().decode(bits))));
        }

        assertThat(mask.toRle()).isEqualTo(expected);
        assertThat(mask.toRle().counts()).containsExactly(MaskGoldens.integers(counts));
        assertThat(mask.toRle().compressed()).isEqualTo(compressed);
        assertThat(CocoRle.parse(width, height, compressed)).isEqualTo(expected);
        assertThat(mask.area()).isEqualTo(area);
        // COCO: x, y, width, height.
        int[] xywh = MaskGoldens.integers(box);
        assertThat(mask.boundingBox()).isEqualTo(new PixelBox(xywh[0], xywh[1], xywh[0] + xywh[2], xywh[1] + xywh[3]));
    }

    static Stream<String[]> polygonCases() {
        return MaskGoldens.table("polygon.tsv").stream();
    }

    @ParameterizedTest
    @MethodSource("polygonCases")
    void fillsPolygonsLikePycocotools(String name, int width, int height, String points, String compressed) {
        double[] numbers = Arrays.stream(points.split(" "))
                .mapToDouble(Double::parseDouble)
                .toArray();
        assertThat(CocoRle.ofPolygon(width, height, numbers).compressed()).isEqualTo(compressed);
    }

    @Test
    void polygonsThatNoPictureHoldsAreRefused() {
        assertThatExceptionOfType(MaskException.class)
                .isThrownBy(() -> CocoRle.ofPolygon(10, 10, 1, 2, 3, 4))
                .withMessageContaining("got 4 numbers");
        assertThatExceptionOfType(MaskException.class)
                .isThrownBy(() -> CocoRle.ofPolygon(10, 10, 1, 2, 3, 4, 1e9, 6))
                .withMessageContaining("number 4 of a polygon is 1.0E9");
        assertThatExceptionOfType(MaskException.class)
                .isThrownBy(() -> CocoRle.ofPolygon(10, 10, 1, 2, 3, 4, 5, Double.NaN))
                .withMessageContaining("NaN");
    }

    @Test
    void aUnionHasThePixelsOfBoth() {
        BitMask first = CocoRle.ofPolygon(9, 9, 0, 0, 3, 0, 3, 3, 0, 3).toMask();
        BitMask second = CocoRle.ofPolygon(9, 9, 2, 2, 6, 2, 6, 6, 2, 6).toMask();
        BitMask union = first.union(second);
        assertThat(union.area()).isEqualTo(9 + 16 - 1);
        assertThat(union.contains(0, 0)).isTrue();
        assertThat(union.contains(5, 5)).isTrue();
        assertThatIllegalArgumentException().isThrownBy(() -> first.union(new BitMask(9, 8, new BitSet())));
    }

    @Test
    void comparesLikePycocotools() {
        String[] c = MaskGoldens.table("iou.tsv").get(0);
        BitMask first = CocoRle.parse(50, 40, c[2]).toMask();
        BitMask second = CocoRle.parse(50, 40, c[3]).toMask();

        assertThat(first.iou(second)).isEqualTo(Double.parseDouble(c[4]), within(1e-12));
        assertThat(second.iou(first)).isEqualTo(first.iou(second));
        assertThat(first.iou(first)).isEqualTo(1);
    }

    @Test
    void masksWithNothingInCommonHaveAnIouOfZero() {
        BitMask empty = BitMask.of(4, 2, new BitSet());
        BitMask one = BitMask.of(4, 2, BitSet.valueOf(new long[] {1}));

        assertThat(empty.iou(empty)).isZero();
        assertThat(empty.iou(one)).isZero();
        assertThatIllegalArgumentException()
                .isThrownBy(() -> one.iou(BitMask.of(2, 4, new BitSet())))
                .withMessageContaining("4x2 and 2x4");
    }

    @Property(tries = 300)
    void runLengthsGiveTheMaskBack(
            @ForAll @IntRange(min = 1, max = 70) int width,
            @ForAll @IntRange(min = 1, max = 70) int height,
            @ForAll long seed,
            @ForAll @IntRange(min = 1, max = 9) int tenths) {
        BitMask mask = RandomMasks.of(width, height, seed, tenths);
        CocoRle rle = mask.toRle();

        assertThat(rle.toMask()).isEqualTo(mask);
        assertThat(CocoRle.of(width, height, rle.counts())).isEqualTo(rle);
        assertThat(CocoRle.parse(width, height, rle.compressed())).isEqualTo(rle);
    }

    @Property(tries = 300)
    void theBoundingBoxTouchesTheObjectOnAllSides(
            @ForAll @IntRange(min = 1, max = 20) int width,
            @ForAll @IntRange(min = 1, max = 20) int height,
            @ForAll long seed,
            @ForAll @IntRange(max = 4) int tenths) {
        BitMask mask = RandomMasks.of(width, height, seed, tenths);
        int left = width;
        int top = height;
        int right = 0;
        int bottom = 0;
        for (int i = 0; i < width * height; i++) {
            int x = i % width;
            int y = i / width;
            if (mask.contains(x, y)) {
                left = Math.min(left, x);
                top = Math.min(top, y);
                right = Math.max(right, x + 1);
                bottom = Math.max(bottom, y + 1);
            }
        }

        assertThat(mask.boundingBox())
                .isEqualTo(right == 0 ? new PixelBox(0, 0, 0, 0) : new PixelBox(left, top, right, bottom));
    }

    /** Any text is a mask of that size or refused. */
    @Property(tries = 500)
    void parsesOrRefusesAnyText(@ForAll List<@IntRange(min = 40, max = 115) Integer> characters) {
        StringBuilder text = new StringBuilder();
        characters.forEach(c -> text.append((char) (int) c));
        try {
            int[] counts = CocoRle.parse(7, 5, text.toString()).counts();
            assertThat(Arrays.stream(counts)).allMatch(c -> c >= 0);
            assertThat(Arrays.stream(counts).sum()).isEqualTo(35);
        } catch (MaskException e) {
            assertThat(e).hasMessageContaining("mask");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "d", "S1S1", "?", "oooooooo", "PPPPPPPPPP", "~", "0 0", "O1"})
    void rejectsTextThatDoesNotFit(String text) {
        assertThatExceptionOfType(MaskException.class).isThrownBy(() -> CocoRle.parse(7, 5, text));
    }

    @Test
    void rejectsRunLengthsThatDoNotFit() {
        assertThatExceptionOfType(MaskException.class)
                .isThrownBy(() -> CocoRle.of(2, 2, new int[] {1, 2}))
                .withMessageContaining("3 pixels together, expected 4");
        assertThatExceptionOfType(MaskException.class)
                .isThrownBy(() -> CocoRle.of(2, 2, new int[] {5, -1}))
                .withMessageContaining("run 1 of a mask has the length -1");
        assertThatExceptionOfType(MaskException.class)
                .isThrownBy(() -> CocoRle.of(2, 2, new int[] {Integer.MAX_VALUE, Integer.MAX_VALUE, 6}))
                .withMessageContaining("expected 4");
    }

    @Test
    void rejectsBitsBehindTheLastPixel() {
        BitSet bits = new BitSet();
        bits.set(6);

        assertThat(BitMask.of(7, 1, bits).area()).isEqualTo(1);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> BitMask.of(3, 2, bits))
                .withMessageContaining("bit 6 is set, but a picture of 3x2 has 6 pixels");
    }

    @Test
    void doesNotShareItsBits() {
        BitSet bits = new BitSet();
        BitMask mask = BitMask.of(3, 2, bits);

        bits.set(0);

        assertThat(mask.area()).isZero();
    }

    @Test
    void showsTheObjectInWhite() {
        BufferedImage image =
                BitMask.of(3, 2, BitSet.valueOf(new long[] {0b101001})).toBufferedImage();

        assertThat(image.getType()).isEqualTo(BufferedImage.TYPE_BYTE_GRAY);
        assertThat(image.getRaster().getSamples(0, 0, 3, 2, 0, (int[]) null)).containsExactly(255, 0, 0, 255, 0, 255);
    }
}
