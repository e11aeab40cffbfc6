package dev.paligemma.djl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.modality.cv.Image;
import ai.djl.modality.cv.ImageFactory;
import ai.djl.modality.cv.output.DetectedObjects;
import ai.djl.modality.cv.output.DetectedObjects.DetectedObject;
import ai.djl.modality.cv.output.Mask;
import ai.djl.modality.cv.output.Rectangle;
import dev.paligemma.detection.BoundingBox;
import dev.paligemma.detection.Detection;
import dev.paligemma.detection.DetectionParser;
import dev.paligemma.detection.ParsedAnswer;
import dev.paligemma.detection.Segment;
import dev.paligemma.vision.RgbImage;
import dev.paligemma.vision.format.ImageException;
import dev.paligemma.vision.mask.SegmentationMask;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.reflect.Proxy;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import javax.imageio.ImageIO;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class DjlConversionsTest {
    private static final int SIZE = SegmentationMask.SIZE;

    @Test
    void rectangleHasCornerWidthAndHeight() {
        Rectangle rectangle = DjlConversions.toRectangle(new BoundingBox(0.125, 0.25, 0.5, 1));

        assertThat(rectangle.getX()).isEqualTo(0.125);
        assertThat(rectangle.getY()).isEqualTo(0.25);
        assertThat(rectangle.getWidth()).isEqualTo(0.375);
        assertThat(rectangle.getHeight()).isEqualTo(0.75);
    }

    @Property
    void rectangleHasTheEdgesOfTheBox(
            @ForAll @DoubleRange(min = 0, max = 1) double x1,
            @ForAll @DoubleRange(min = 0, max = 1) double x2,
            @ForAll @DoubleRange(min = 0, max = 1) double y1,
            @ForAll @DoubleRange(min = 0, max = 1) double y2) {
        BoundingBox box = new BoundingBox(Math.min(x1, x2), Math.min(y1, y2), Math.max(x1, x2), Math.max(y1, y2));

        Rectangle rectangle = DjlConversions.toRectangle(box);

        assertThat(rectangle.getX()).isEqualTo(box.left());
        assertThat(rectangle.getY()).isEqualTo(box.top());
        assertThat(rectangle.getX() + rectangle.getWidth()).isCloseTo(box.right(), within(1e-15));
        assertThat(rectangle.getY() + rectangle.getHeight()).isCloseTo(box.bottom(), within(1e-15));
    }

    @Property(tries = 20)
    void maskHasTheSameProbabilityAtEachRowAndColumn(
            @ForAll @IntRange(max = SIZE - 1) int row, @ForAll @IntRange(max = SIZE - 1) int column) {
        float[] values = new float[SIZE * SIZE];
        values[row * SIZE + column] = 0.75f;

        Mask mask = DjlConversions.toMask(new BoundingBox(0, 0.5, 0.25, 1), SegmentationMask.of(values));

        assertThat(mask.getProbDist()).hasDimensions(SIZE, SIZE);
        for (int r = 0; r < SIZE; r++) {
            for (int c = 0; c < SIZE; c++) {
                assertThat(mask.getProbDist()[r][c]).isEqualTo(r == row && c == column ? 0.75f : 0f);
            }
        }
        assertThat(mask.isFullImageMask()).isFalse();
        assertThat(mask.getY()).isEqualTo(0.5);
        assertThat(mask.getWidth()).isEqualTo(0.25);
    }

    @Test
    void maskIsDrawnByDjlWhereItBelongs() {
        float[] upperLeftQuarter = new float[SIZE * SIZE];
        for (int row = 0; row < SIZE / 4; row++) {
            for (int column = 0; column < SIZE / 2; column++) {
                upperLeftQuarter[row * SIZE + column] = 1;
            }
        }
        Mask mask = DjlConversions.toMask(new BoundingBox(0.5, 0, 1, 1), SegmentationMask.of(upperLeftQuarter));
        Image white = DjlConversions.toImage(filled(128, 128, 255));

        // Without a class name no rectangle is drawn.
        white.drawBoundingBoxes(new DetectedObjects(List.of(""), List.of(1.0), List.of(mask)), 1);

        BufferedImage drawn = (BufferedImage) white.getWrappedImage();
        assertThat(drawn.getRGB(70, 10)).as("inside").isNotEqualTo(-1);
        assertThat(drawn.getRGB(90, 28)).as("inside").isNotEqualTo(-1);
        assertThat(drawn.getRGB(70, 40)).as("below").isEqualTo(-1);
        assertThat(drawn.getRGB(110, 10)).as("to the right").isEqualTo(-1);
        assertThat(drawn.getRGB(40, 10)).as("left of the box").isEqualTo(-1);
    }

    @Test
    void boxesKeepOrderLabelAndConfidence() {
        ParsedAnswer result = DetectionParser.parse(
                "<loc0256><loc0512><loc0768><loc1023> cat ; <loc0000><loc0128><loc0256><loc0512> dog", 200, 100);

        DetectedObjects objects = DjlConversions.toDetectedObjects(result);

        assertThat(objects.getNumberOfObjects()).isEqualTo(2);
        assertThat(objects.getClassNames()).containsExactly("cat", "dog");
        assertThat(objects.getProbabilities()).as("unknown in text").containsExactly(Double.NaN, Double.NaN);
        DetectedObject cat = objects.item(0);
        Rectangle box = cat.getBoundingBox().getBounds();
        assertThat(box.getX()).isEqualTo(0.5);
        assertThat(box.getY()).isEqualTo(0.25);
        assertThat(box.getHeight()).isEqualTo(0.5);
        assertThat(objects.toJson()).contains("cat", "dog");
    }

    @Test
    void nothingFoundIsAnEmptyList() {
        DetectedObjects objects = DjlConversions.toDetectedObjects(DetectionParser.parse("no boxes here", 10, 10));

        assertThat(objects.getNumberOfObjects()).isZero();
        assertThat(objects.<DetectedObject>items()).isEmpty();
    }

    @Test
    void segmentWithoutMaskOrThinnerThanAPixelIsARectangle() {
        SegmentationMask mask = SegmentationMask.of(new float[SIZE * SIZE]);
        BoundingBox large = new BoundingBox(0, 0, 0.5, 0.5);
        BoundingBox thin = new BoundingBox(0.49, 0, 0.58, 1);
        List<Segment> segments = List.of(
                new Segment(Detection.of("a", large, 10, 10, 0.25), Optional.of(mask), 10, 10),
                new Segment(Detection.of("b", large, 10, 10, 0.5), Optional.empty(), 10, 10),
                new Segment(Detection.of("c", thin, 10, 10, 0.75), Optional.of(mask), 10, 10));

        DetectedObjects objects = DjlConversions.toDetectedObjects(segments);

        List<DetectedObject> items = objects.items();
        assertThat(items.get(0).getBoundingBox()).isExactlyInstanceOf(Mask.class);
        assertThat(items.get(1).getBoundingBox()).isExactlyInstanceOf(Rectangle.class);
        assertThat(items.get(2).getBoundingBox()).isExactlyInstanceOf(Rectangle.class);
        assertThat(objects.getProbabilities()).containsExactly(0.25, 0.5, 0.75);
        DjlConversions.toImage(filled(10, 10, 0)).drawBoundingBoxes(objects);
    }

    @Property(tries = 50)
    void picturesGoThereAndBack(@ForAll @IntRange(min = 1, max = 9) int width, @ForAll @Size(27) byte[] row) {
        byte[] rgb = new byte[3 * width * 2];
        System.arraycopy(row, 0, rgb, 0, Math.min(rgb.length, row.length));
        RgbImage image = RgbImage.of(width, 2, rgb);

        assertThat(DjlConversions.toRgbImage(DjlConversions.toImage(image))).isEqualTo(image);
    }

    @Test
    void pictureReadByDjlEqualsOurs() throws IOException {
        assertThat(DjlConversions.toRgbImage(ImageFactory.getInstance().fromFile(TinyCriteria.PICTURE)))
                .isEqualTo(RgbImage.read(TinyCriteria.PICTURE));
    }

    @Test
    void otherKindsOfPicturesAreSavedAndRead() {
        RgbImage image = filled(3, 2, 77);

        Image other = pictureOfAnotherKind((out, type) ->
                assertThat(ImageIO.write(image.toBufferedImage(), type, out)).isTrue());

        assertThat(DjlConversions.toRgbImage(other)).isEqualTo(image);
    }

    @Test
    void pictureThatCannotBeSavedIsAnImageException() {
        Image broken = pictureOfAnotherKind((out, type) -> {
            throw new IOException("no such format");
        });

        assertThatThrownBy(() -> DjlConversions.toRgbImage(broken))
                .isInstanceOf(ImageException.class)
                .hasMessageContaining("no such format")
                .hasCauseInstanceOf(IOException.class);
    }

    private interface Saving {
        void save(OutputStream out, String type) throws IOException;
    }

    private static Image pictureOfAnotherKind(Saving saving) {
        return (Image) Proxy.newProxyInstance(
                Image.class.getClassLoader(), new Class<?>[] {Image.class}, (proxy, method, args) -> {
                    if (method.getName().equals("save")) {
                        saving.save((OutputStream) args[0], (String) args[1]);
                        return null;
                    }
                    assertThat(method.getName()).isEqualTo("getWrappedImage");
                    return "pixels in native memory";
                });
    }

    private static RgbImage filled(int width, int height, int value) {
        byte[] rgb = new byte[3 * width * height];
        Arrays.fill(rgb, (byte) value);
        return RgbImage.of(width, height, rgb);
    }
}
