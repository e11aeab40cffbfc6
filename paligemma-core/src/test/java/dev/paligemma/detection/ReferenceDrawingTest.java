package dev.paligemma.detection;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paligemma.detection.AnnotationOptions.ColourBy;
import dev.paligemma.vision.RgbImage;
import dev.paligemma.vision.mask.SegmentationMask;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Frames, masks and outlines, pixel by pixel; {@code src/reference/detections/make_drawings.py} drew the same. */
class ReferenceDrawingTest {
    static Stream<Map<String, Object>> drawings() {
        return JsonCases.read("drawings.json").stream();
    }

    @ParameterizedTest
    @MethodSource("drawings")
    void equalsTheOneInPython(Map<String, Object> scene) throws IOException {
        BufferedImage before = picture(scene.get("name") + "-before");
        BufferedImage expected = picture(scene.get("name") + "");
        AnnotationOptions options = AnnotationOptions.defaults()
                .withColourBy(ColourBy.valueOf((String) Objects.requireNonNull(scene.get("colourBy"))))
                .withLineWidth((int) JsonCases.number(scene, "lineWidth"))
                .withMaskOpacity(JsonCases.number(scene, "maskOpacity"))
                .withLabels(false);
        int width = before.getWidth();
        int height = before.getHeight();
        List<Segment> things = new ArrayList<>();
        for (Map<String, Object> thing : JsonCases.<Map<String, Object>>list(scene, "things")) {
            List<Number> box = JsonCases.list(thing, "box");
            BoundingBox edges = new BoundingBox(
                    box.get(0).doubleValue() / width,
                    box.get(1).doubleValue() / height,
                    box.get(2).doubleValue() / width,
                    box.get(3).doubleValue() / height);
            String label = (String) Objects.requireNonNull(thing.get("label"));
            things.add(new Segment(
                    Detection.of(label, edges, width, height, 0.5), mask(thing.get("mask")), width, height));
        }

        BufferedImage drawn = Annotations.draw(RgbImage.of(before), List.of(), things, options);

        List<String> different = new ArrayList<>();
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                if (drawn.getRGB(x, y) != expected.getRGB(x, y)) {
                    different.add(String.format(
                            "(%d, %d): %06x, expected %06x",
                            x, y, drawn.getRGB(x, y) & 0xFFFFFF, expected.getRGB(x, y) & 0xFFFFFF));
                }
            }
        }
        assertThat(different).isEmpty();
    }

    private static Optional<SegmentationMask> mask(@Nullable Object rows) {
        if (rows == null) {
            return Optional.empty();
        }
        float[] probabilities = new float[SegmentationMask.SIZE * SegmentationMask.SIZE];
        for (int y = 0; y < SegmentationMask.SIZE; y++) {
            long bits = Long.parseUnsignedLong((String) ((List<?>) rows).get(y), 16);
            for (int x = 0; x < SegmentationMask.SIZE; x++) {
                probabilities[y * SegmentationMask.SIZE + x] = bits >>> 63 - x & 1;
            }
        }
        return Optional.of(SegmentationMask.of(probabilities));
    }

    private static BufferedImage picture(String name) throws IOException {
        String file = "/detections/drawing-" + name + ".png";
        try (InputStream in = Objects.requireNonNull(ReferenceDrawingTest.class.getResourceAsStream(file), file)) {
            return Objects.requireNonNull(ImageIO.read(in), file);
        }
    }
}
