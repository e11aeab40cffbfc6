package dev.paligemma.vision;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** From file bytes to pixel values, equal to transformers' Pillow-based SigLIP processor to the last bit. */
class ImageProcessorGoldenTest {
    @TempDir
    Path folder;

    static Stream<String> cases() {
        return Goldens.lines("process/cases.tsv").stream();
    }

    @ParameterizedTest
    @MethodSource("cases")
    void processesLikeTransformers(String line) throws IOException {
        String[] c = line.split("\t", -1);
        Path config = folder.resolve("preprocessor_config.json");
        Files.write(config, Goldens.bytes("process/" + c[0] + ".json"));
        ImageProcessor processor = ImageProcessor.read(config);
        int size = Integer.parseInt(c[2]);

        PixelValues values = processor.process(RgbImage.read(Goldens.decodeFile(c[1])));

        assertThat(values.size()).isEqualTo(size);
        assertThat(processor.imageSeqLength()).isEqualTo(size / 14 * (size / 14));
        byte[] actual = littleEndian(values);
        if (size == 28) {
            assertThat(actual).isEqualTo(Goldens.bytes("process/" + c[0] + ".f32"));
        }
        assertThat(Goldens.sha256(actual)).isEqualTo(c[3]);
    }

    @Test
    void mapsAll256SamplesLikeTransformers() {
        byte[] ramp = new byte[256 * 3];
        for (int i = 0; i < ramp.length; i++) {
            ramp[i] = (byte) (i / 3);
        }
        ImageProcessor sixteen = new ImageProcessor(
                16, true, true, 0.00392156862745098, true, ImageProcessor.HALF, ImageProcessor.HALF, 1);

        byte[] actual = littleEndian(sixteen.process(RgbImage.of(16, 16, ramp)));

        byte[] plane = Goldens.bytes("process/ramp.f32");
        for (int c = 0; c < 3; c++) {
            assertThat(ByteBuffer.wrap(actual, c * plane.length, plane.length)).isEqualTo(ByteBuffer.wrap(plane));
        }
    }

    private static byte[] littleEndian(PixelValues values) {
        ByteBuffer buffer =
                ByteBuffer.allocate(3 * values.size() * values.size() * 4).order(ByteOrder.LITTLE_ENDIAN);
        values.copyTo(buffer.asFloatBuffer());
        return buffer.array();
    }
}
