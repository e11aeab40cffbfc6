package dev.paligemma.vision;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Files of every format and mode give the bytes that Pillow gives. */
class DecodeGoldenTest {
    static Stream<Goldens.DecodeCase> exact() {
        return Goldens.decodeCases().filter(c -> !c.kind().equals("platform"));
    }

    static Stream<Goldens.DecodeCase> platform() {
        return Goldens.decodeCases().filter(c -> c.kind().equals("platform"));
    }

    @ParameterizedTest
    @MethodSource("exact")
    void decodesLikePillow(Goldens.DecodeCase golden) {
        RgbImage image = RgbImage.read(golden.file());

        assertThat(image.width()).isEqualTo(golden.width());
        assertThat(image.height()).isEqualTo(golden.height());
        byte[] actual = image.toBytes();
        byte[] expected = golden.expected();
        int different = 0;
        int largest = 0;
        for (int i = 0; i < expected.length; i++) {
            int d = Math.abs((actual[i] & 255) - (expected[i] & 255));
            different += d > 0 ? 1 : 0;
            largest = Math.max(largest, d);
        }
        assertThat(different).as("samples that differ, by up to %s", largest).isZero();
    }

    /** libjpeg 6b, inside many JDKs, repeats chroma rows of 4:4:0 images where libjpeg-turbo interpolates. */
    @ParameterizedTest
    @MethodSource("platform")
    void decodesCloseToPillowWhateverTheJpegLibrary(Goldens.DecodeCase golden) {
        RgbImage image = RgbImage.read(golden.file());

        byte[] actual = image.toBytes();
        byte[] expected = golden.expected();
        assertThat(actual).hasSameSizeAs(expected);
        long sum = 0;
        for (int i = 0; i < expected.length; i++) {
            sum += Math.abs((actual[i] & 255) - (expected[i] & 255));
        }
        assertThat((double) sum / expected.length).as("mean difference").isLessThan(12.0);
    }
}
