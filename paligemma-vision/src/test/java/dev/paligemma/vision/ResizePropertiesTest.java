package dev.paligemma.vision;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/** What must hold for every resize, besides the goldens. */
class ResizePropertiesTest {
    @Property(tries = 200)
    void aPictureOfOneColourKeepsIt(
            @ForAll @IntRange(min = 1, max = 90) int width,
            @ForAll @IntRange(min = 1, max = 90) int height,
            @ForAll @IntRange(min = 1, max = 120) int newWidth,
            @ForAll @IntRange(min = 1, max = 120) int newHeight,
            @ForAll byte colour) {
        byte[] rgb = new byte[width * height * 3];
        Arrays.fill(rgb, colour);
        byte[] expected = new byte[newWidth * newHeight * 3];
        Arrays.fill(expected, colour);

        assertThat(RgbImage.of(width, height, rgb).resize(newWidth, newHeight).toBytes())
                .isEqualTo(expected);
    }

    @Property(tries = 50)
    void theSameSizeIsTheSamePicture(
            @ForAll @IntRange(min = 1, max = 90) int width, @ForAll @IntRange(min = 1, max = 90) int height) {
        RgbImage image = noise(width, height);

        assertThat(image.resize(width, height)).isEqualTo(image);
    }

    /** Each row is resized by itself, so equal rows stay equal; and columns likewise. */
    @Property(tries = 100)
    void rowsDoNotInfluenceEachOther(
            @ForAll @IntRange(min = 1, max = 60) int width,
            @ForAll @IntRange(min = 2, max = 20) int height,
            @ForAll @IntRange(min = 1, max = 90) int newWidth) {
        RgbImage image = noise(width, height);
        byte[] lastRow = Arrays.copyOfRange(image.toBytes(), (height - 1) * width * 3, height * width * 3);

        byte[] expected = RgbImage.of(width, 1, lastRow).resize(newWidth, 1).toBytes();
        byte[] actual = image.resize(newWidth, height).toBytes();

        assertThat(Arrays.copyOfRange(actual, (height - 1) * newWidth * 3, height * newWidth * 3))
                .isEqualTo(expected);
    }

    private static RgbImage noise(int width, int height) {
        byte[] rgb = new byte[width * height * 3];
        new Random(width * 1000L + height).nextBytes(rgb);
        return RgbImage.of(width, height, rgb);
    }
}
