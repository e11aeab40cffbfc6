package dev.paligemma.detection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class BoundingBoxTest {
    @Test
    void codesAreInTheOrderOfTheModel() {
        BoundingBox box = new LocationCodes(256, 512, 768, 1023).toBox(LocationScale.OVER_1024);

        assertThat(box).isEqualTo(new BoundingBox(0.5, 0.25, 1023 / 1024d, 0.75));
        assertThat(box.width()).isEqualTo(511 / 1024d);
        assertThat(box.height()).isEqualTo(0.5);
        assertThat(box.area()).isEqualTo(511 / 2048d);
    }

    @Test
    void lastCodeIsTheEdgeOverA1023ScaleOnly() {
        LocationCodes whole = new LocationCodes(0, 0, 1023, 1023);

        assertThat(whole.toBox(LocationScale.OVER_1023)).isEqualTo(new BoundingBox(0, 0, 1, 1));
        assertThat(whole.toBox(LocationScale.OVER_1024).right()).isLessThan(1);
    }

    @Test
    void fractionsBecomeTheNearestCode() {
        assertThat(LocationScale.OVER_1024.code(0.2)).isEqualTo(205);
        assertThat(LocationScale.OVER_1024.code(1)).isEqualTo(1023);
        assertThat(LocationScale.OVER_1023.code(0.75)).isEqualTo(767);
        for (LocationScale scale : LocationScale.values()) {
            for (int code = 0; code < 1024; code++) {
                assertThat(scale.code(scale.fraction(code))).isEqualTo(code);
            }
        }
        assertThatThrownBy(() -> LocationScale.OVER_1024.code(1.01)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void halvesAreRoundedToTheEvenPixel() {
        // 0.25 * 10 = 2.5 and 0.75 * 10 = 7.5, as round() has it in Python: 2 and 8.
        BoundingBox box = new BoundingBox(0.25, 0.25, 0.75, 0.75);

        assertThat(box.toPixels(10, 4)).satisfies(pixels -> {
            assertThat(pixels.left()).isEqualTo(2);
            assertThat(pixels.right()).isEqualTo(8);
            assertThat(pixels.top()).isEqualTo(1);
            assertThat(pixels.bottom()).isEqualTo(3);
        });
    }

    @Test
    void boxThinnerThanAPixelIsEmpty() {
        assertThat(new BoundingBox(0.5, 0, 0.501, 1).toPixels(100, 100).isEmpty())
                .isTrue();
        assertThat(new BoundingBox(0.5, 0, 0.51, 1).toPixels(100, 100).isEmpty())
                .isFalse();
    }

    @Test
    void clippingKeepsWhatIsInside() {
        assertThat(BoundingBox.clipped(-0.5, 0.25, 0.5, 7)).isEqualTo(new BoundingBox(0, 0.25, 0.5, 1));
        assertThat(BoundingBox.clipped(-2, -2, -1, -1).area()).isZero();
        assertThatThrownBy(() -> BoundingBox.clipped(0, 0, Double.POSITIVE_INFINITY, 1))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void overlapIsIntersectionOverUnion() {
        BoundingBox box = new BoundingBox(0.2, 0.1, 0.3, 0.2);

        assertThat(box.iou(new BoundingBox(0.2, 0.1, 0.25, 0.2))).isCloseTo(0.5, within(1e-12));
        assertThat(box.iou(new BoundingBox(0.25, 0.15, 0.35, 0.25))).isCloseTo(25.0 / 175, within(1e-12));
        assertThat(box.iou(new BoundingBox(0.2, 0.2, 0.3, 0.3))).isZero();
        assertThat(box.iou(box)).isEqualTo(1);
    }

    @Test
    void boxesWithoutAreaOverlapOnlyIfTheyAreEqual() {
        BoundingBox line = new BoundingBox(0.1, 0.5, 0.9, 0.5);

        assertThat(line.iou(new BoundingBox(0.1, 0.5, 0.9, 0.5))).isEqualTo(1);
        assertThat(line.iou(new BoundingBox(0.1, 0.5, 0.8, 0.5))).isZero();
        assertThat(line.iou(new BoundingBox(0, 0, 1, 1))).isZero();
    }

    @Test
    void rejectsWhatIsNoBox() {
        assertThatThrownBy(() -> new BoundingBox(0.5, 0, 0.4, 1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("left 0.5");
        assertThatThrownBy(() -> new BoundingBox(0, 0, 1.1, 1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new BoundingBox(0, Double.NaN, 1, 1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new LocationCodes(0, 0, 0, 1024)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> new LocationCodes(2, 0, 1, 0).toBox(LocationScale.OVER_1024))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> LocationScale.OVER_1023.fraction(-1)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> new BoundingBox(0, 0, 1, 1).toPixels(0, 5))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("0x5");
    }
}
