package dev.paligemma.detection.internal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paligemma.vision.PixelBox;
import java.awt.image.BufferedImage;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class PixelLetteringTest {
    private final PixelLettering letters = new PixelLettering();

    @Test
    void writesLettersOfSquares() {
        assertThat(written("Tg", 10))
                .containsExactly(
                        "#####......",
                        "..#........",
                        "..#....####",
                        "..#...#...#",
                        "..#...#...#",
                        "..#....####",
                        "..#.......#",
                        ".......###.");
        assertThat(letters.width("Tg", 10)).isEqualTo(11);
        assertThat(letters.height("Tg", 10)).isEqualTo(8);
        assertThat(letters.width("Tg", 35)).isEqualTo(33);
        assertThat(letters.width("", 10)).isZero();
    }

    @Test
    void lettersDiffer() {
        List<List<String>> glyphs = IntStream.rangeClosed(' ', '~')
                .mapToObj(letter -> written(Character.toString(letter) + "|", 10))
                .toList();

        assertThat(glyphs).doesNotHaveDuplicates().hasSize(95);
    }

    @Test
    void accentsAreLeftOutAndUnknownLettersHollow() {
        assertThat(written("caf\u00E9", 10)).isEqualTo(written("cafe", 10));
        assertThat(written("\u732B", 10)).isEqualTo(written("\uD83D\uDC08", 10)).isNotEqualTo(written(" ", 10));
    }

    @Test
    void nothingIsWrittenBeyondTheRoom() {
        BufferedImage image = new BufferedImage(20, 20, BufferedImage.TYPE_3BYTE_BGR);
        letters.write(new Canvas(image), "MMMMMM", 20, new PixelBox(5, 5, 9, 9), 0xFFFFFF);

        for (int i = 0; i < 400; i++) {
            if (!new PixelBox(5, 5, 9, 9).contains(i % 20, i / 20)) {
                assertThat(image.getRGB(i % 20, i / 20)).isEqualTo(0xFF000000);
            }
        }
        letters.write(new Canvas(image), "M", 20, new PixelBox(5, 5, 2, 2), 0xFFFFFF);
    }

    private List<String> written(String text, int size) {
        int width = letters.width(text, size);
        int height = letters.height(text, size);
        BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_3BYTE_BGR);
        letters.write(new Canvas(image), text, size, new PixelBox(0, 0, width, height), 0xFFFFFF);
        return IntStream.range(0, height)
                .mapToObj(y -> IntStream.range(0, width)
                        .mapToObj(x -> (image.getRGB(x, y) & 0xFFFFFF) == 0 ? "." : "#")
                        .collect(Collectors.joining()))
                .toList();
    }
}
