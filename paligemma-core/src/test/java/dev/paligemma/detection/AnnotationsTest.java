package dev.paligemma.detection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.atIndex;

import dev.paligemma.detection.AnnotationOptions.ColourBy;
import dev.paligemma.detection.internal.Ink;
import dev.paligemma.detection.internal.PixelLettering;
import dev.paligemma.detection.internal.SystemLettering;
import dev.paligemma.vision.RgbImage;
import dev.paligemma.vision.mask.SegmentationMask;
import java.awt.FontMetrics;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AnnotationsTest {
    private static final int GREY = 0x808080;
    private static final RgbImage IMAGE = grey(400, 200);
    private static final BoundingBox BOX = new BoundingBox(0.25, 0.5, 0.75, 0.9);
    private static @Nullable String headless;

    @BeforeAll
    static void becomeHeadless() {
        headless = System.getProperty("java.awt.headless");
        System.setProperty("java.awt.headless", "true");
    }

    @AfterAll
    static void restore() {
        if (headless == null) {
            System.clearProperty("java.awt.headless");
        } else {
            System.setProperty("java.awt.headless", headless);
        }
    }

    @Test
    void frameLiesOnTheEdgeAndLeavesTheInsideAlone() {
        BufferedImage drawn = Annotations.draw(IMAGE, List.of(detection("cat", BOX)), List.of());
        int colour = colour("cat");

        // The box is 100..300 x 100..180, the line one pixel with a halo on both sides; the name stands above.
        for (int x = 100; x < 300; x++) {
            assertThat(rgb(drawn, x, 100)).isEqualTo(colour);
            assertThat(rgb(drawn, x, 179)).isEqualTo(colour);
        }
        for (int y = 100; y < 180; y++) {
            assertThat(rgb(drawn, 100, y)).isEqualTo(colour);
            assertThat(rgb(drawn, 299, y)).isEqualTo(colour);
        }
        for (int y = 102; y < 178; y++) {
            for (int x = 102; x < 298; x++) {
                assertThat(rgb(drawn, x, y)).isEqualTo(GREY);
            }
        }
        for (int y = 100; y < 200; y++) {
            assertThat(rgb(drawn, 98, y)).isEqualTo(GREY);
            assertThat(rgb(drawn, 301, y)).isEqualTo(GREY);
        }
        assertThat(rgb(drawn, 200, 101)).isEqualTo(rgb(drawn, 200, 180)).isNotEqualTo(GREY);
        assertThat(rgb(drawn, 200, 181)).isEqualTo(GREY);
    }

    @Test
    void nameStandsAboveTheBoxWithItsConfidence() {
        BufferedImage named = Annotations.draw(IMAGE, List.of(detection("cat", BOX)), List.of());
        BufferedImage nameless =
                Annotations.draw(IMAGE, List.of(Detection.of("cat", BOX, 400, 200, Double.NaN)), List.of());

        long bar = IntStream.range(80, 100)
                .filter(y -> rgb(named, 101, y) == colour("cat"))
                .count();
        assertThat(bar).isGreaterThanOrEqualTo(7);
        assertThat(difference(named, nameless)).isPositive();
        assertThat(difference(
                        nameless,
                        Annotations.draw(IMAGE, List.of(Detection.of("", BOX, 400, 200, Double.NaN)), List.of())))
                .isPositive();
    }

    @Test
    void namesNeverLeaveThePicture() {
        List<Detection> corners = List.of(
                detection("top left", new BoundingBox(0, 0, 0.1, 0.1)),
                detection("bottom right", new BoundingBox(0.99, 0.99, 1, 1)),
                detection("long ".repeat(100), new BoundingBox(0, 0, 1, 1)),
                detection("line\nbreak \u732B \uD83D\uDC08 \u0000", new BoundingBox(0.5, 0.5, 0.5, 0.5)));

        assertThat(difference(IMAGE.toBufferedImage(), Annotations.draw(IMAGE, corners, List.of())))
                .isPositive();
        for (RgbImage tiny : List.of(grey(1, 1), grey(3, 2), grey(2, 30))) {
            List<Detection> all = corners.stream()
                    .map(each -> Detection.of(each.label(), each.box(), tiny.width(), tiny.height(), 0.5))
                    .toList();
            assertThat(Annotations.draw(tiny, all, List.of()).getWidth()).isEqualTo(tiny.width());
        }
    }

    @Test
    void linesGrowWithThePicture() {
        BufferedImage drawn =
                Annotations.draw(grey(1000, 1000), List.of(Detection.of("", BOX, 1000, 1000, Double.NaN)), List.of());

        assertThat(rgb(drawn, 253, 700)).isEqualTo(colour(""));
        assertThat(rgb(drawn, 254, 700)).isNotIn(colour(""), GREY);
        assertThat(rgb(drawn, 256, 700)).isEqualTo(GREY);
    }

    @Test
    void boxWithoutAreaIsStillSeen() {
        BoundingBox edge = new BoundingBox(1, 0.25, 1, 0.75);
        BufferedImage drawn = Annotations.draw(IMAGE, List.of(Detection.of("", edge, 400, 200, Double.NaN)), List.of());

        assertThat(rgb(drawn, 399, 100)).isEqualTo(colour(""));
        assertThat(rgb(drawn, 397, 100)).isEqualTo(GREY);
    }

    @Test
    void maskTintsWhatItCovers() {
        float[] leftHalf = new float[64 * 64];
        for (int i = 0; i < leftHalf.length; i++) {
            leftHalf[i] = i % 64 < 32 ? 1 : 0;
        }
        Segment cat = new Segment(detection("cat", BOX), Optional.of(SegmentationMask.of(leftHalf)), 400, 200);
        BufferedImage drawn = Annotations.draw(IMAGE, List.of(), List.of(cat));

        int colour = colour("cat");
        for (int shift : new int[] {0, 8, 16}) {
            int half = Math.round((128 + (colour >> shift & 255)) / 2f);
            assertThat(rgb(drawn, 150, 140) >> shift & 255).isEqualTo(half);
        }
        assertThat(rgb(drawn, 250, 140)).isEqualTo(GREY);
        assertThat(rgb(drawn, 100, 140)).isEqualTo(colour);
        assertThat(rgb(drawn, 50, 140)).isEqualTo(GREY);
    }

    @Test
    void segmentWithoutMaskIsABox() {
        Detection cat = detection("cat", BOX);

        assertThat(difference(
                        Annotations.draw(IMAGE, List.of(), List.of(new Segment(cat, Optional.empty(), 400, 200))),
                        Annotations.draw(IMAGE, List.of(cat), List.of())))
                .isZero();
    }

    @Test
    void missingFontsAreReplacedByPlainLetters() {
        List<Function<Graphics2D, FontMetrics>> failures = List.of(
                graphics -> {
                    throw new InternalError("no fonts");
                },
                graphics -> {
                    throw new NoClassDefFoundError("FontManager");
                },
                graphics -> {
                    throw new IllegalStateException("Fontconfig head is null");
                });
        BufferedImage plain = plain(IMAGE, List.of(detection("cat", BOX)), AnnotationOptions.defaults());
        for (Function<Graphics2D, FontMetrics> failure : failures) {
            BufferedImage drawn = Annotations.draw(
                    IMAGE,
                    List.of(detection("cat", BOX)),
                    List.of(),
                    AnnotationOptions.defaults(),
                    () -> SystemLettering.orPixels(failure));
            assertThat(difference(drawn, plain)).isZero();
        }
        assertThat(difference(plain, plain(IMAGE, List.of(detection("cow", BOX)), AnnotationOptions.defaults())))
                .isPositive();
    }

    @Test
    void tagsCanBeLeftOutAndTheConfidenceToo() {
        AnnotationOptions options = AnnotationOptions.defaults();
        Detection sure = Detection.of("cat", BOX, 400, 200, 0.5);
        Detection unknown = Detection.of("cat", BOX, 400, 200, Double.NaN);
        Detection nameless = Detection.of("", BOX, 400, 200, Double.NaN);

        assertThat(difference(
                        plain(IMAGE, List.of(sure), options.withConfidence(false)),
                        plain(IMAGE, List.of(unknown), options)))
                .isZero();
        assertThat(difference(
                        plain(IMAGE, List.of(detection("", BOX)), options.withLabels(false)),
                        plain(IMAGE, List.of(nameless), options)))
                .isZero();
        assertThat(difference(plain(IMAGE, List.of(sure), options), plain(IMAGE, List.of(unknown), options)))
                .isPositive();
    }

    @Test
    void aThingGivenAsBoxAndAsSegmentIsDrawnOnce() {
        Segment cat = new Segment(detection("cat", BOX), Optional.empty(), 400, 200);

        assertThat(difference(
                        Annotations.draw(IMAGE, List.of(cat.detection()), List.of(cat)),
                        Annotations.draw(IMAGE, List.of(), List.of(cat))))
                .isZero();
    }

    @Test
    void lettersKeepTheirDirectionAndTheirLine() {
        AnnotationOptions options = AnnotationOptions.defaults();
        assertThat(Annotations.nameOf("a\n\u202Eb\u0007\u2066")).isEqualTo("a b");
        assertThat(Annotations.nameOf("\uD83D\uDC08".repeat(100))).isEqualTo("\uD83D\uDC08".repeat(80) + "\u2026");
        assertThat(plain(IMAGE, List.of(detection("\uD83D\uDC08".repeat(100), BOX)), options))
                .isNotNull();
    }

    @Test
    void drawsOnAMachineWithoutFonts(@TempDir Path folder) throws IOException, InterruptedException {
        Process process = DrawingProcess.start(folder);

        assertThat(process.waitFor()).isZero();
    }

    @Test
    void originalStaysAsItIs() {
        RgbImage image = grey(40, 40);
        Annotations.draw(image, List.of(Detection.of("a", new BoundingBox(0, 0, 1, 1), 40, 40, 1)), List.of());

        assertThat(image).isEqualTo(grey(40, 40));
    }

    @Test
    void rejectsThingsOfAnotherPicture() {
        assertThatThrownBy(() -> Annotations.draw(grey(200, 200), List.of(detection("cat", BOX)), List.of()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("200x200");
        assertThatThrownBy(() -> Annotations.draw(
                        grey(500, 500),
                        List.of(),
                        List.of(new Segment(detection("cat", BOX), Optional.empty(), 400, 200))))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("400x200");
    }

    @Test
    void coloursAreDistinctInAPictureAndTheSameInAnother() {
        List<String> labels = IntStream.range(0, LabelColours.COLOURS)
                .mapToObj(i -> "thing " + i)
                .toList();
        LabelColours colours = new LabelColours(labels);

        assertThat(labels.stream().map(colours::of).distinct()).hasSize(LabelColours.COLOURS);
        assertThat(new LabelColours(List.of("dog", "cat", "cat")).of("cat")).isEqualTo(colour("cat"));
        List<String> many = IntStream.range(0, 100).mapToObj(i -> "thing " + i).toList();
        assertThat(new LabelColours(many).of("thing 99")).isNotNegative();
        assertThat(labels.stream().map(colours::of))
                .allSatisfy(colour ->
                        assertThat(Ink.contrast(colour, Ink.on(colour))).isGreaterThan(4.5));
    }

    @Test
    void thingsOfOneLabelDifferUnlessThereAreSeveralLabels() {
        List<String> cats = List.of("cat", "cat", "cat");
        List<String> mixed = List.of("cat", "dog", "cat");

        assertThat(LabelColours.of(cats, ColourBy.AUTO)).doesNotHaveDuplicates().contains(colour("cat"), atIndex(0));
        assertThat(LabelColours.of(cats, ColourBy.INSTANCE)).isEqualTo(LabelColours.of(cats, ColourBy.AUTO));
        assertThat(LabelColours.of(cats, ColourBy.LABEL)).containsOnly(colour("cat"));
        assertThat(LabelColours.of(mixed, ColourBy.AUTO)).isEqualTo(LabelColours.of(mixed, ColourBy.LABEL));
        assertThat(LabelColours.of(mixed, ColourBy.LABEL)[2]).isEqualTo(LabelColours.of(mixed, ColourBy.LABEL)[0]);
        assertThat(LabelColours.of(mixed, ColourBy.INSTANCE)).doesNotHaveDuplicates();
        assertThat(LabelColours.of(List.of(), ColourBy.AUTO)).isEmpty();
    }

    private static BufferedImage plain(RgbImage image, List<Detection> things, AnnotationOptions options) {
        return Annotations.draw(image, things, List.of(), options, PixelLettering::new);
    }

    private static Detection detection(String label, BoundingBox box) {
        return Detection.of(label, box, 400, 200, 0.5);
    }

    private static int colour(String label) {
        return new LabelColours(List.of(label)).of(label);
    }

    private static RgbImage grey(int width, int height) {
        byte[] samples = new byte[width * height * 3];
        Arrays.fill(samples, (byte) 0x80);
        return RgbImage.of(width, height, samples);
    }

    private static int rgb(BufferedImage image, int x, int y) {
        return image.getRGB(x, y) & 0xFFFFFF;
    }

    private static long difference(BufferedImage one, BufferedImage other) {
        long different = 0;
        for (int y = 0; y < one.getHeight(); y++) {
            for (int x = 0; x < one.getWidth(); x++) {
                if (one.getRGB(x, y) != other.getRGB(x, y)) {
                    different++;
                }
            }
        }
        return different;
    }
}
