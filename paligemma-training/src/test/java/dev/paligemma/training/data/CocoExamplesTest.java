package dev.paligemma.training.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.paligemma.detection.DetectionParser;
import dev.paligemma.detection.LocationScale;
import dev.paligemma.detection.ParsedAnswer;
import dev.paligemma.detection.Segment;
import dev.paligemma.tiny.TinyModel;
import dev.paligemma.training.data.CocoOptions.Prompts;
import dev.paligemma.training.run.FineTuningException;
import dev.paligemma.vision.RgbImage;
import dev.paligemma.vision.mask.BitMask;
import dev.paligemma.vision.mask.CocoRle;
import dev.paligemma.vision.mask.MaskCodec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import java.util.zip.ZipOutputStream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CocoExamplesTest {
    private static final int WIDTH = 200;
    private static final int HEIGHT = 100;
    private static final String IMAGES = """
            [{"id": 1, "file_name": "a.png", "width": 200, "height": 100, "license": 3},
             {"id": 2, "file_name": "b.png", "width": 200, "height": 100}]""";
    private static final String CATEGORIES = """
            [{"id": 7, "name": "cat", "supercategory": "animal"}, {"id": 3, "name": "red car"}]""";

    @TempDir
    private Path folder;

    @BeforeEach
    void drawPictures() throws IOException {
        RgbImage picture = RgbImage.of(WIDTH, HEIGHT, new byte[WIDTH * HEIGHT * 3]);
        for (String name : List.of("a.png", "b.png")) {
            ImageIO.write(picture.toBufferedImage(), "png", folder.resolve(name).toFile());
        }
    }

    private Path file(String... annotations) throws IOException {
        return Files.writeString(
                folder.resolve("instances.json"),
                "{\"info\": {\"year\": [1, {}]}, \"annotations\": [" + String.join(", ", annotations)
                        + "], \"images\": " + IMAGES + ", \"categories\": " + CATEGORIES + "}");
    }

    private static String annotation(int id, int image, int category, String box) {
        return "{\"id\": " + id + ", \"image_id\": " + image + ", \"category_id\": " + category + ", \"bbox\": [" + box
                + "], \"area\": 5.5, \"iscrowd\": 0}";
    }

    private Examples read(Path file, CocoOptions options) {
        return Examples.coco(file, folder, options);
    }

    @Test
    void boxesBecomeLocationsFromTopToRight() throws IOException {
        Path file = file(annotation(10, 1, 3, "50, 20, 100, 60"), annotation(11, 1, 7, "0, 0, 200.4, 99.5"));
        Examples examples = read(file, CocoOptions.detection());
        Example only = examples.get(0);
        assertThat(examples.size()).isEqualTo(1);
        assertThat(only.prefix()).isEqualTo("detect cat ; red car");
        // round(fraction * 1024), at most 1023: 0.2, 0.25, 0.8, 0.75.
        assertThat(only.suffix())
                .isEqualTo("<loc0205><loc0256><loc0819><loc0768> red car ; <loc0000><loc0000><loc1019><loc1023> cat");
        assertThat(only.origin()).isEqualTo(file + ": images[0] (id 1)");
        assertThat(only.pictures().get(0).read().width()).isEqualTo(WIDTH);
        assertThat(examples.notes()).containsExactly("1 pictures without objects were left out");
        assertThat(read(file, CocoOptions.detection().withScale(LocationScale.OVER_1023))
                        .get(0)
                        .suffix())
                .startsWith("<loc0205><loc0256><loc0818><loc0767> red car");
        ParsedAnswer parsed = DetectionParser.parse(only.suffix(), WIDTH, HEIGHT);
        assertThat(parsed.detections()).extracting(each -> each.label()).containsExactly("red car", "cat");
        assertThat(parsed.detections().get(0).pixels()).hasToString("PixelBox[left=50, top=20, right=150, bottom=80]");
    }

    @Test
    void questionsNameAllPresentOrSingleCategories() throws IOException {
        Path file = file(
                annotation(1, 2, 3, "0, 0, 10, 10"),
                annotation(2, 1, 3, "0, 0, 20, 20"),
                annotation(3, 1, 7, "0, 0, 30, 30"),
                annotation(4, 1, 3, "0, 0, 40, 40"));
        Examples all = read(file, CocoOptions.detection());
        assertThat(all.get(1).prefix()).isEqualTo("detect cat ; red car");
        Examples present = read(file, CocoOptions.detection().withPrompts(Prompts.PRESENT));
        assertThat(present.get(0).prefix()).isEqualTo("detect cat ; red car");
        assertThat(present.get(1).prefix()).isEqualTo("detect red car");
        Examples each = read(file, CocoOptions.detection().withPrompts(Prompts.EACH));
        assertThat(each.size()).isEqualTo(3);
        assertThat(each.get(0).prefix()).isEqualTo("detect cat");
        assertThat(each.get(1).prefix()).isEqualTo("detect red car");
        assertThat(each.get(1).suffix())
                .isEqualTo("<loc0000><loc0000><loc0205><loc0102> red car ; "
                        + "<loc0000><loc0000><loc0410><loc0205> red car");
    }

    @Test
    void picturesWithoutObjectsAreKeptOnlyIfAskedFor() throws IOException {
        Path file = file(annotation(1, 2, 3, "0, 0, 10, 10"));
        Examples kept = read(file, CocoOptions.detection().withKeepEmpty(true));
        assertThat(kept.size()).isEqualTo(2);
        assertThat(kept.get(0).suffix()).isEmpty();
        assertThat(kept.notes()).isEmpty();
    }

    @Test
    void crowdsAreLeftOutAndCounted() throws IOException {
        Path file = file(
                annotation(1, 1, 3, "0, 0, 10, 10"),
                annotation(2, 1, 3, "0, 0, 10, 10").replace("crowd\": 0", "crowd\": 1"));
        Examples examples = read(file, CocoOptions.detection());
        assertThat(examples.get(0).suffix()).doesNotContain(";");
        assertThat(examples.notes()).contains("1 annotations of crowds were left out");
        assertThat(examples.skipped()).isZero();
    }

    @Test
    void wrongAnnotationsAreNamedByTheirIdOrCounted() throws IOException {
        refused(annotation(99, 1, 3, "150, 0, 52, 10"), "reaches out of its picture \"a.png\" of 200x100 pixels");
        refused(annotation(99, 1, 3, "-1.5, 0, 52, 10"), "reaches out of its picture");
        refused(annotation(99, 1, 3, "5, 5, 0, 10"), "has no area");
        refused(annotation(99, 1, 3, "5, 5, 10"), "bbox must be x, y, width and height in pixels, got a list of 3");
        refused(annotation(99, 1, 3, "5, 5, \"x\", 3"), "bbox[2] must be a number of pixels, got \"x\"");
        refused(annotation(99, 1, 3, "5, 5, 1e300, 3"), "bbox[2] must be a number");
        refused(annotation(99, 8, 3, "5, 5, 5, 5"), "names the picture 8, which the file lacks");
        refused(annotation(99, 1, 4, "5, 5, 5, 5"), "names the category 4, which the file lacks");
    }

    private void refused(String annotation, String message) throws IOException {
        Path file = file(annotation(1, 1, 3, "0, 0, 10, 10"), annotation);
        assertThatThrownBy(() -> read(file, CocoOptions.detection()))
                .isInstanceOf(FineTuningException.class)
                .hasMessageContaining(file + ": annotations[1] (id 99)")
                .hasMessageContaining(message);
        Examples left = read(file, CocoOptions.detection().withSkipBad(true));
        assertThat(left.size()).isEqualTo(1);
        assertThat(left.skipped()).isEqualTo(1);
        assertThat(left.problems().get(0)).contains(message);
    }

    @Test
    void aMissingPictureOrOneOfAnotherSizeIsNamed() throws IOException {
        Path file = file(annotation(1, 1, 3, "0, 0, 10, 10"), annotation(2, 2, 3, "0, 0, 10, 10"));
        Examples examples = read(file, CocoOptions.detection());
        RgbImage other = RgbImage.of(5, 4, new byte[60]);
        ImageIO.write(other.toBufferedImage(), "png", folder.resolve("a.png").toFile());
        assertThatThrownBy(() -> examples.get(0).pictures().get(0).read())
                .isInstanceOf(FineTuningException.class)
                .hasMessageContaining("a.png is 5x4 pixels, but the data gives its boxes for 200x100");
        Files.delete(folder.resolve("b.png"));
        assertThatThrownBy(() -> read(file, CocoOptions.detection()))
                .isInstanceOf(FineTuningException.class)
                .hasMessageContaining("images[1] (id 2)")
                .hasMessageContaining("b.png does not exist");
    }

    @Test
    void filesOfOtherKindsAreExplained() throws IOException {
        other("[]", "does not hold a JSON object");
        other("{\"images\": []}", "lacks images, annotations or categories");
        other("{\"images\": {}}", "images must be a list");
        other("{\"images\": [3]}", "images[0] is not a JSON object");
        other("{\"images\": [{\"id\": 1}]}", "images[0] (id 1) must have file_name, width and height");
        other("{\"categories\": [{\"id\": 1, \"name\": \"a ; b\"}]}", "name must be a text without ; < >");
        other("{\"categories\": [{\"name\": \"a\"}]}", "id must be a number or a text, got nothing");
        other("{\"images\": [", "is not valid JSON");
        other("{\"images\": [], \"annotations\": [], \"categories\": []}", "holds no example; it has 0 pictures");
    }

    private void other(String text, String message) throws IOException {
        Path file = Files.writeString(folder.resolve("other.json"), text);
        assertThatThrownBy(() -> read(file, CocoOptions.detection()))
                .isInstanceOf(FineTuningException.class)
                .hasMessageContaining(file.toString())
                .hasMessageContaining(message);
    }

    private static MaskCodec codec() {
        return MaskCodec.read(TinyModel.folder().resolve("vae-oid.npz"));
    }

    private static String withMask(String annotation, String segmentation) {
        return annotation.replace("\"area\": 5.5", "\"segmentation\": " + segmentation);
    }

    @Test
    void masksGoThroughTheCodecAndBack() throws IOException {
        double[] triangle = {60, 80, 100, 20, 140, 80};
        BitMask mask = CocoRle.ofPolygon(WIDTH, HEIGHT, triangle).toMask();
        String box = "60, 20, 80, 60";
        String polygon = "[" + Arrays.toString(triangle) + "]";
        String counts = Arrays.toString(mask.toRle().counts());
        String compressed = mask.toRle().compressed().replace("\\", "\\\\");
        Path file = file(
                withMask(annotation(1, 1, 7, box), polygon),
                withMask(annotation(2, 1, 7, box), "{\"size\": [100, 200], \"counts\": " + counts + "}"),
                withMask(annotation(3, 1, 3, box), "{\"size\": [100, 200], \"counts\": \"" + compressed + "\"}"));
        Example example = read(file, CocoOptions.segmentation(codec())).get(0);
        assertThat(example.prefix()).isEqualTo("segment cat ; red car");
        String[] objects = example.suffix().split(" ; ");
        assertThat(objects[0]).matches("(<loc\\d{4}>){4}(<seg\\d{3}>){16} cat").isEqualTo(objects[1]);
        assertThat(objects[2]).isEqualTo(objects[0].replace(" cat", " red car"));
        ParsedAnswer parsed = DetectionParser.parse(objects[0], WIDTH, HEIGHT);
        Segment segment = Segment.of(parsed.detections().get(0), WIDTH, HEIGHT, Optional.of(codec()));
        assertThat(segment.bitMask(0.5).orElseThrow().iou(mask)).isGreaterThan(0.9);
        assertThat(AnswerObjects.parse(example.suffix()).orElseThrow().text()).isEqualTo(example.suffix());
    }

    @Test
    void drawnShapesKeepTheirOutlineThroughTheCodes() throws IOException {
        double[][] shapes = {
            {20, 10, 90, 10, 90, 90, 20, 90},
            {55, 10, 90, 90, 20, 90},
            {55, 10, 80, 22, 90, 50, 80, 78, 55, 90, 30, 78, 20, 50, 30, 22}
        };
        for (double[] shape : shapes) {
            Path file = file(withMask(annotation(1, 1, 7, "20, 10, 70, 80"), "[" + Arrays.toString(shape) + "]"));
            String suffix = read(file, CocoOptions.segmentation(codec())).get(0).suffix();
            ParsedAnswer parsed = DetectionParser.parse(suffix, WIDTH, HEIGHT);
            Segment segment = Segment.of(parsed.detections().get(0), WIDTH, HEIGHT, Optional.of(codec()));
            BitMask wanted = CocoRle.ofPolygon(WIDTH, HEIGHT, shape).toMask();
            assertThat(segment.bitMask(0.5).orElseThrow().iou(wanted))
                    .as(Arrays.stream(shape).mapToObj(String::valueOf).collect(Collectors.joining(" ")))
                    .isGreaterThan(0.9);
        }
    }

    @Test
    void aCodecWithoutEncoderIsRefused() throws IOException {
        Path decoder = folder.resolve("decoder.npz");
        try (ZipInputStream from = new ZipInputStream(
                        Files.newInputStream(TinyModel.folder().resolve("vae-oid.npz")));
                ZipOutputStream to = new ZipOutputStream(Files.newOutputStream(decoder))) {
            for (ZipEntry entry = from.getNextEntry(); entry != null; entry = from.getNextEntry()) {
                if (!entry.getName().startsWith("encoder.")) {
                    to.putNextEntry(new ZipEntry(entry.getName()));
                    from.transferTo(to);
                }
            }
        }
        MaskCodec codec = MaskCodec.read(decoder);
        assertThatThrownBy(() -> CocoOptions.segmentation(codec))
                .isInstanceOf(FineTuningException.class)
                .hasMessageContaining("no encoder")
                .hasMessageContaining("encoder.0.weight");
        assertThatThrownBy(() -> Augmentation.none().withMasks(codec)).isInstanceOf(FineTuningException.class);
    }

    @Test
    void wrongMasksAreNamed() throws IOException {
        CocoOptions options = CocoOptions.segmentation(codec());
        for (String[] wrong : new String[][] {
            {"[]", "segmentation must be a list of polygons, or size and counts, got a list of 0"},
            {"[[1, 2]]", "a polygon has x and y of 3 to"},
            {"[[1, 2, 3, 4, 5, \"x\"]]", "must hold lists of numbers"},
            {"{\"size\": [5, 5], \"counts\": [25]}", "must have the size [100, 200] of its picture"},
            {"{\"size\": [100, 200], \"counts\": [25]}", "the runs of a mask have 25 pixels together"},
            {"{\"size\": [100, 200], \"counts\": [0.5]}", "counts[0] must be a whole number"},
            {"{\"size\": [100, 200], \"counts\": \"~\"}", "of a compressed mask"},
            {"{\"size\": [100, 200], \"counts\": [20000]}", "its mask has no pixel"}
        }) {
            Path file = file(withMask(annotation(5, 1, 7, "20, 10, 70, 80"), wrong[0]));
            assertThatThrownBy(() -> read(file, options))
                    .isInstanceOf(FineTuningException.class)
                    .hasMessageContaining("annotations[0] (id 5)")
                    .hasMessageContaining(wrong[1]);
        }
        Path thin = file(withMask(annotation(5, 1, 7, "20, 10, 0.1, 80"), "[[1, 1, 9, 1, 9, 9]]"));
        assertThatThrownBy(() -> read(thin, options))
                .isInstanceOf(FineTuningException.class)
                .hasMessageContaining("thinner than a pixel");
    }
}
