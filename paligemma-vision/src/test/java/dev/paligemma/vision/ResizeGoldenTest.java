package dev.paligemma.vision;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Resizing gives the bytes that Pillow's bicubic filter gives. */
class ResizeGoldenTest {
    static Stream<String> cases() {
        return Goldens.lines("resize/cases.tsv").stream();
    }

    @ParameterizedTest
    @MethodSource("cases")
    void resizesLikePillow(String line) {
        String[] c = line.split("\t", -1);
        RgbImage source = source(c[0], Integer.parseInt(c[1]), Integer.parseInt(c[2]));

        RgbImage resized = source.resize(Integer.parseInt(c[3]), Integer.parseInt(c[4]));

        assertThat(Goldens.sha256(resized.toBytes())).isEqualTo(c[5]);
    }

    @Test
    void resizesLikePillowByteForByte() {
        RgbImage source = source("noise", 37, 23);

        for (List<Integer> to : List.of(List.of(28, 28), List.of(50, 11))) {
            byte[] expected = Goldens.bytes("resize/noise_37x23_to_" + to.get(0) + "x" + to.get(1) + ".rgb");
            assertThat(source.resize(to.get(0), to.get(1)).toBytes()).isEqualTo(expected);
        }
    }

    /** The generator of the reference script. */
    private static RgbImage source(String kind, int width, int height) {
        byte[] rgb = new byte[width * height * 3];
        long state = 12345;
        for (int i = 0; i < rgb.length; i++) {
            state = state * 1103515245L + 12345 & 0x7FFFFFFF;
            int value = (int) (state >> 16) & 255;
            rgb[i] = (byte) (kind.equals("extreme") ? (value >> 4 & 1) * 255 : value);
        }
        return RgbImage.of(width, height, rgb);
    }
}
