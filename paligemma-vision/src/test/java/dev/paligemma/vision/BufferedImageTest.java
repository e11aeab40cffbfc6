package dev.paligemma.vision;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.paligemma.vision.format.ImageException;
import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.ComponentColorModel;
import java.awt.image.DataBuffer;
import java.awt.image.DirectColorModel;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;
import java.awt.image.WritableRaster;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Pictures in memory: raw samples of every type that Java has. */
class BufferedImageTest {
    private static final int[] COLOURS = {0x000000, 0xFFFFFF, 0x102030, 0xFE017F, 0x808080, 0x00FF00};

    @ParameterizedTest
    @ValueSource(
            ints = {
                BufferedImage.TYPE_INT_RGB, BufferedImage.TYPE_INT_ARGB, BufferedImage.TYPE_INT_BGR,
                BufferedImage.TYPE_3BYTE_BGR, BufferedImage.TYPE_4BYTE_ABGR, BufferedImage.TYPE_INT_ARGB_PRE,
                BufferedImage.TYPE_4BYTE_ABGR_PRE
            })
    void keepsEveryColourOfAnOpaquePicture(int type) {
        BufferedImage image = new BufferedImage(3, 2, type);
        for (int i = 0; i < 6; i++) {
            image.setRGB(i % 3, i / 3, 0xFF000000 | COLOURS[i]);
        }

        RgbImage rgb = RgbImage.of(image);

        for (int i = 0; i < 6; i++) {
            assertThat(rgb.rgbAt(i % 3, i / 3)).isEqualTo(COLOURS[i]);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {BufferedImage.TYPE_INT_ARGB, BufferedImage.TYPE_4BYTE_ABGR})
    void dropsTransparencyWithoutBlending(int type) {
        BufferedImage image = new BufferedImage(1, 1, type);
        image.setRGB(0, 0, 0x05A0B0C0);

        assertThat(RgbImage.of(image).rgbAt(0, 0)).isEqualTo(0xA0B0C0);
    }

    @ParameterizedTest
    @ValueSource(ints = {BufferedImage.TYPE_INT_ARGB_PRE, BufferedImage.TYPE_4BYTE_ABGR_PRE})
    void dividesPremultipliedColoursByTheirAlpha(int type) {
        BufferedImage image = new BufferedImage(2, 1, type);
        image.getRaster().setPixel(0, 0, new int[] {50, 100, 20, 100});
        image.getRaster().setPixel(1, 0, new int[] {50, 100, 20, 0});

        RgbImage rgb = RgbImage.of(image);

        assertThat(rgb.rgbAt(0, 0)).isEqualTo(127 << 16 | 255 << 8 | 51);
        assertThat(rgb.rgbAt(1, 0)).isZero();
    }

    @Test
    void repeatsGreySamplesAsTheyAre() {
        BufferedImage bytes = new BufferedImage(256, 1, BufferedImage.TYPE_BYTE_GRAY);
        BufferedImage shorts = new BufferedImage(256, 1, BufferedImage.TYPE_USHORT_GRAY);
        for (int i = 0; i < 256; i++) {
            bytes.getRaster().setSample(i, 0, 0, i);
            shorts.getRaster().setSample(i, 0, 0, i << 8 | 255 - i);
        }

        for (int i = 0; i < 256; i++) {
            assertThat(RgbImage.of(bytes).rgbAt(i, 0)).isEqualTo(i * 0x010101);
            assertThat(RgbImage.of(shorts).rgbAt(i, 0)).isEqualTo(i * 0x010101);
        }
    }

    @Test
    void scalesFewBitsToTheFullRange() {
        BufferedImage c565 = new BufferedImage(1, 1, BufferedImage.TYPE_USHORT_565_RGB);
        BufferedImage c555 = new BufferedImage(1, 1, BufferedImage.TYPE_USHORT_555_RGB);
        c565.getRaster().setPixel(0, 0, new int[] {31, 63, 15});
        c555.getRaster().setPixel(0, 0, new int[] {31, 30, 0});

        assertThat(RgbImage.of(c565).rgbAt(0, 0)).isEqualTo(255 << 16 | 255 << 8 | (15 * 255 / 31));
        assertThat(RgbImage.of(c555).rgbAt(0, 0)).isEqualTo(255 << 16 | (30 * 255 / 31) << 8);
    }

    @Test
    void looksUpPalettes() {
        byte[] component = {10, (byte) 200, 30};
        IndexColorModel palette = new IndexColorModel(2, 3, component, new byte[] {1, 2, 3}, new byte[] {7, 8, 9}, 1);
        BufferedImage indexed = new BufferedImage(3, 1, BufferedImage.TYPE_BYTE_INDEXED, palette);
        BufferedImage binary = new BufferedImage(9, 1, BufferedImage.TYPE_BYTE_BINARY);
        for (int i = 0; i < 3; i++) {
            indexed.getRaster().setSample(i, 0, 0, i);
        }
        binary.getRaster().setSample(8, 0, 0, 1);

        RgbImage rgb = RgbImage.of(indexed);

        assertThat(rgb.rgbAt(0, 0)).isEqualTo(0x0A0107);
        assertThat(rgb.rgbAt(1, 0)).as("the transparent entry keeps its colour").isEqualTo(0xC80208);
        assertThat(RgbImage.of(binary).rgbAt(7, 0)).isZero();
        assertThat(RgbImage.of(binary).rgbAt(8, 0)).isEqualTo(0xFFFFFF);
    }

    @Test
    void readsCustomLayouts() {
        WritableRaster banded = Raster.createBandedRaster(DataBuffer.TYPE_USHORT, 2, 2, 3, null);
        banded.setPixel(1, 1, new int[] {0x1234, 0xFFFF, 0x8001});
        ColorModel colours = new ComponentColorModel(
                ColorSpace.getInstance(ColorSpace.CS_LINEAR_RGB),
                false,
                false,
                ColorModel.OPAQUE,
                DataBuffer.TYPE_USHORT);
        BufferedImage custom = new BufferedImage(colours, banded, false, null);
        assertThat(custom.getType()).isEqualTo(BufferedImage.TYPE_CUSTOM);
        DirectColorModel packed = new DirectColorModel(30, 0x3FF00000, 0xFFC00, 0x3FF);
        BufferedImage tenBits = new BufferedImage(packed, packed.createCompatibleWritableRaster(1, 1), false, null);
        tenBits.getRaster().setPixel(0, 0, new int[] {1023, 512, 4});

        assertThat(RgbImage.of(custom).rgbAt(1, 1)).isEqualTo(0x12FF80);
        assertThat(RgbImage.of(tenBits).rgbAt(0, 0)).isEqualTo(0xFF8001);
    }

    @Test
    void readsFloatingPointSamplesThroughTheColourModel() {
        ColorModel colours = new ComponentColorModel(
                ColorSpace.getInstance(ColorSpace.CS_sRGB), false, false, ColorModel.OPAQUE, DataBuffer.TYPE_FLOAT);
        BufferedImage image = new BufferedImage(colours, colours.createCompatibleWritableRaster(1, 1), false, null);
        image.getRaster().setPixel(0, 0, new float[] {1f, 0f, 0.2f});

        assertThat(RgbImage.of(image).rgbAt(0, 0)).isEqualTo(0xFF0033);
    }

    @Test
    void readsOnlyTheGivenPartOfALargerPicture() {
        BufferedImage large = new BufferedImage(8, 8, BufferedImage.TYPE_3BYTE_BGR);
        large.setRGB(5, 6, 0x112233);

        RgbImage part = RgbImage.of(large.getSubimage(4, 5, 3, 2));

        assertThat(part.width()).isEqualTo(3);
        assertThat(part.height()).isEqualTo(2);
        assertThat(part.rgbAt(1, 1)).isEqualTo(0x112233);
        assertThat(part.rgbAt(0, 0)).isZero();
    }

    @Test
    void survivesTheWayToBufferedImageAndBack() {
        RgbImage image = RgbImage.read(Goldens.decodeFile("jpeg_420.jpg"));

        BufferedImage buffered = image.toBufferedImage();

        assertThat(buffered.getRGB(3, 4) & 0xFFFFFF).isEqualTo(image.rgbAt(3, 4));
        assertThat(RgbImage.of(buffered)).isEqualTo(image);
    }

    @Test
    void isIndependentOfTheSource() {
        BufferedImage source = new BufferedImage(2, 2, BufferedImage.TYPE_INT_RGB);
        RgbImage image = RgbImage.of(source);
        byte[] before = image.toBytes();
        source.setRGB(0, 0, 0xFFFFFF);
        Arrays.fill(image.toBytes(), (byte) 9);

        assertThat(image.toBytes()).isEqualTo(before);
    }

    @Test
    void refusesSidesBeyondTheLimit() {
        BufferedImage wide = new BufferedImage(RgbImage.MAX_SIDE + 1, 1, BufferedImage.TYPE_BYTE_GRAY);

        assertThatThrownBy(() -> RgbImage.of(wide))
                .isInstanceOf(ImageException.class)
                .hasMessageContaining("1000001x1");
    }
}
