package dev.paligemma.vision;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.paligemma.vision.format.ImageException;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ImageProcessorTest {
    @TempDir
    Path folder;

    @Test
    void readsAPublishedConfiguration() throws IOException {
        ImageProcessor processor = read("""
                {
                  "do_convert_rgb": null, "do_normalize": true, "do_rescale": true, "do_resize": true,
                  "image_mean": [0.5, 0.5, 0.5], "image_processor_type": "SiglipImageProcessor",
                  "image_seq_length": 1024, "image_std": [0.5, 0.5, 0.5], "processor_class": "PaliGemmaProcessor",
                  "resample": 3, "rescale_factor": 0.00392156862745098, "size": {"height": 448, "width": 448}
                }
                """);

        assertThat(processor).isEqualTo(ImageProcessor.forResolution(448));
        assertThat(processor.imageSeqLength()).isEqualTo(1024);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                "{\"size\": 224}",
                "{\"size\": null, \"image_mean\": null, \"resample\": null}",
                "{\"image_mean\": 0.5, \"image_std\": 0.5}",
                "{\"resample\": \"bicubic\"}",
                "{\"do_pad\": false, \"do_center_crop\": null, \"unknown\": {\"size\": [{\"size\": 3}]}}",
                "{\"processor_class\": \"PaliGemmaProcessor\", \"image_processor\": {\"size\": {\"height\": 224, \"width\": 224}}}"
            })
    void hasTheDefaultsOfTheReference(String json) throws IOException {
        assertThat(read(json)).isEqualTo(ImageProcessor.forResolution(224));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{\"resample\": 2}                                | resample 2 (bilinear) is not supported",
                "{\"resample\": 77}                               | resample 77 is not supported",
                "{\"do_center_crop\": true}                       | do_center_crop is not supported",
                "{\"do_pad\": true}                               | do_pad is not supported",
                "{\"size\": {\"height\": 224, \"width\": 448}}    | got height 224 and width 448",
                "{\"size\": {\"height\": 224}}                    | got height 224 and no width",
                "{\"size\": {\"shortest_edge\": 224}}             | size has \"shortest_edge\", which is not supported",
                "{\"size\": 2000000000}                           | size must be an integer from 1 to 4096, got 2000000000",
                "{\"size\": 99999999999999999999}                 | size must be an integer from 1 to 4096, got 99999999999999999999",
                "{\"size\": 0}                                    | size must be an integer from 1 to 4096, got 0",
                "{\"size\": \"224\"}                              | size must be an integer, or an object with height and width, got \"224\"",
                "{\"size\": 224.5}                                 | size must be an integer from 1 to 4096, got 224.5",
                "{\"size\": {\"height\": \"224\"}}                 | size: height must be an integer from 1 to 4096, got \"224\"",
                "{\"image_mean\": []}                             | image_mean must be a list of three numbers, got a list of 0",
                "{\"image_mean\": [0.5, 0.5]}                     | image_mean must be a list of three numbers, got a list of 2",
                "{\"image_mean\": [1, 2, null]}                   | image_mean[2] must be a number of single precision, got null",
                "{\"image_mean\": [[1, 2, 3], 1, 1]}              | image_mean[0] must be a number of single precision, got a list",
                "{\"image_mean\": \"x\"}                           | image_mean must be a number, or a list of three numbers, got \"x\"",
                "{\"image_mean\": {\"red\": 1}}                    | or a list of three numbers, got an object",
                "{\"image_mean\": [1, 2, 3, 4]}                   | image_mean must be a list of three numbers, got a list of 4",
                "{\"image_std\": [0.5, 0, 0.5]}                   | image_std[1] must be a positive number of single precision, got 0",
                "{\"image_std\": -0.5}                            | image_std must be a positive number of single precision, got -0.5",
                "{\"image_std\": [0.5, 1e99, 0.5]}                | image_std[1] must be a positive number of single precision, got 1.0E99",
                "{\"rescale_factor\": -1}                         | rescale_factor must be a positive number of double precision, got -1",
                "{\"rescale_factor\": \"x\"}                      | rescale_factor must be a positive number of double precision, got \"x\"",
                "{\"image_seq_length\": 0}                        | image_seq_length must be an integer from 1 to 2147483647, got 0",
                "{\"do_resize\": 1}                               | do_resize must be true or false, got 1",
                "{\"image_processor\": [1]}                      | image_processor must be an object, got a list",
                "{\"resample\": [3]}                             | resample must be 3 or \"bicubic\", got a list",
                "''                                            | does not hold a JSON object",
                "{\"size\": 224, \"size\": 448}                   | is not valid JSON",
                "{\"size\": 224                                   | is not valid JSON",
                "{} {}                                            | has text after the JSON object",
                "\"text\"                                         | does not hold a JSON object",
                "[]                                               | does not hold a JSON object"
            })
    void refusesWhatItCannotDo(String json, String message) {
        assertThatThrownBy(() -> read(json))
                .isInstanceOf(ImageException.class)
                .hasMessageContaining("preprocessor_config.json")
                .hasMessageContaining(message);
    }

    @Test
    void refusesFilesThatAreMissingHugeOrNested() throws IOException {
        Path missing = folder.resolve("missing.json");
        assertThatThrownBy(() -> ImageProcessor.read(missing))
                .isInstanceOf(ImageException.class)
                .hasMessage(missing + " does not exist")
                .hasCauseInstanceOf(NoSuchFileException.class);
        assertThatThrownBy(() -> ImageProcessor.read(folder))
                .isInstanceOf(ImageException.class)
                .hasMessage(folder + " is not a regular file, but a folder");
        assertThatThrownBy(() -> read(" ".repeat(1 << 20) + "{}"))
                .isInstanceOf(ImageException.class)
                .hasMessageContaining("1048576");
        assertThatThrownBy(() -> read("{\"image_processor\":".repeat(5000))).isInstanceOf(ImageException.class);
        assertThatThrownBy(() -> read("{\"a\":" + "[".repeat(100_000))).isInstanceOf(ImageException.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"preprocessor_config.json", "processor_config.json"})
    void neitherWaitsForPipesNorReadsDevices(String name) throws Exception {
        Path pipe = SpecialFiles.pipe(folder.resolve(name));
        Path link = Files.createSymbolicLink(folder.resolve("link.json"), pipe);
        Path device = SpecialFiles.endlessDevice(folder.resolve("device.json"));

        for (Path file : List.of(pipe, link, device)) {
            SpecialFiles.assertAnswers(() -> assertThatThrownBy(() -> ImageProcessor.read(file))
                    .isInstanceOf(ImageException.class)
                    .hasMessage(file + " is not a regular file, but a pipe, a socket or a device"));
        }
    }

    @Test
    void readsThroughLinks() throws IOException {
        Path file = folder.resolve("blob");
        Files.writeString(file, "{\"size\": 448}");
        Path link = Files.createSymbolicLink(folder.resolve("preprocessor_config.json"), file);

        assertThat(ImageProcessor.read(link)).isEqualTo(ImageProcessor.forResolution(448));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"size\": \"EVIL\"}",
                "{\"size\": {\"EVIL\": 1}}",
                "{\"size\": {\"height\": \"EVIL\"}}",
                "{\"resample\": \"EVIL\"}",
                "{\"do_resize\": \"EVIL\"}",
                "{\"do_pad\": \"EVIL\"}",
                "{\"rescale_factor\": \"EVIL\"}",
                "{\"image_mean\": \"EVIL\"}",
                "{\"image_std\": [1, \"EVIL\", 1]}",
                "{\"image_seq_length\": \"EVIL\"}",
                "{\"image_processor\": \"EVIL\"}",
                "{\"EVIL\": 1, \"EVIL\": 2}"
            })
    void escapesTextOfTheFileInMessages(String json) {
        String evil = "\\u001b]0;title\\u0007\\u202e\\n" + "x".repeat(10_000);

        assertThatThrownBy(() -> read(json.replace("EVIL", evil)))
                .isInstanceOf(ImageException.class)
                .hasMessageContaining("u001b]0;title")
                .satisfies(e -> assertThat(String.valueOf(e.getMessage())
                                .substring(folder.toString().length()))
                        .hasSizeLessThan(500)
                        .doesNotContainPattern("[\\p{Cntrl}\u202e]"));
    }

    @Test
    void refusesNumbersOfManyDigitsWithoutRepeatingThem() {
        assertThatThrownBy(() -> read("{\"size\": " + "9".repeat(900) + "}"))
                .isInstanceOf(ImageException.class)
                .hasMessageContaining("goes beyond a limit on JSON")
                .hasMessageContaining("(900)")
                .hasMessageNotContaining("9".repeat(41));
    }

    @Property(tries = 300)
    void anyTextIsRefusedOrRead(@ForAll String text) throws IOException {
        Path file = Files.createTempFile("config", ".json");
        try {
            Files.writeString(file, "{\"size\": " + text.replace('\uD800', ' ').replaceAll("\\p{Cs}", ""));
            assertThatThrownBy(() -> ImageProcessor.read(file)).isInstanceOf(ImageException.class);
        } finally {
            Files.delete(file);
        }
    }

    @Test
    void rejectsSettingsOutOfRange() {
        List<Float> half = List.of(0.5f, 0.5f, 0.5f);
        assertThatThrownBy(() -> new ImageProcessor(0, true, true, 1, true, half, half, 1))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new ImageProcessor(14, true, true, Double.NaN, true, half, half, 1))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new ImageProcessor(14, true, true, 1, true, half, List.of(1f, 1f, 0f), 1))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new ImageProcessor(14, true, true, 1, true, List.of(1f), half, 1))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> ImageProcessor.forResolution(225)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> ImageProcessor.forResolution(14 * 1000)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void takesOnlyTheRightSizeIfResizingIsOff() throws IOException {
        ImageProcessor processor = read("{\"do_resize\": false, \"size\": 2}");

        assertThat(processor.process(RgbImage.of(2, 2, new byte[12])).get(2, 1, 1))
                .isEqualTo(-1f);
        assertThatThrownBy(() -> processor.process(RgbImage.of(2, 3, new byte[18])))
                .isInstanceOf(ImageException.class)
                .hasMessageContaining("expected an image of 2x2, got 2x3");
    }

    @Test
    void ordersValuesByChannelThenRowThenColumn() throws IOException {
        ImageProcessor processor = read("{\"do_rescale\": false, \"do_normalize\": false, \"size\": 2}");
        PixelValues values = processor.process(RgbImage.of(2, 2, new byte[] {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}));

        assertThat(values.toArray()).containsExactly(1, 4, 7, 10, 2, 5, 8, 11, 3, 6, 9, 12);
        assertThat(values.get(1, 0, 1)).isEqualTo(5f);
        assertThat(values).isEqualTo(PixelValues.of(2, values.toArray())).hasToString("PixelValues[3, 2, 2]");
        FloatBuffer buffer = FloatBuffer.allocate(13);
        values.copyTo(buffer);
        assertThat(buffer.position()).isEqualTo(12);
        assertThatThrownBy(() -> values.get(3, 0, 0)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> PixelValues.of(2, new float[11])).isInstanceOf(IllegalArgumentException.class);
    }

    private ImageProcessor read(String json) throws IOException {
        Path file = folder.resolve("preprocessor_config.json");
        Files.writeString(file, json);
        return ImageProcessor.read(file);
    }
}
