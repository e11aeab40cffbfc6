package dev.paligemma.vision;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.paligemma.vision.format.ImageException;
import dev.paligemma.vision.format.ImageOptions;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.BufferOverflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RgbImageTest {
    private static final byte[] FILE = Goldens.decodeFile("jpeg_420.jpg");

    @TempDir
    Path folder;

    @Test
    void readsTheSameFromFileBytesAndStream() throws IOException {
        Path path = folder.resolve("no-extension");
        Files.write(path, FILE);

        RgbImage image = RgbImage.read(path);

        assertThat(image).isEqualTo(RgbImage.read(FILE)).isEqualTo(RgbImage.read(new ByteArrayInputStream(FILE)));
        assertThat(image).hasSameHashCodeAs(RgbImage.read(FILE)).hasToString("RgbImage[37x23]");
    }

    @Test
    void namesTheFileInErrors() throws IOException {
        Path missing = folder.resolve("missing.jpg");
        Path text = folder.resolve("text.jpg");
        Files.writeString(text, "Hello, world");

        assertThatThrownBy(() -> RgbImage.read(missing))
                .isInstanceOf(ImageException.class)
                .hasMessage(missing + " does not exist")
                .hasCauseInstanceOf(NoSuchFileException.class);
        assertThatThrownBy(() -> RgbImage.read(text))
                .isInstanceOf(ImageException.class)
                .hasMessageContaining("text.jpg")
                .hasMessageContaining("48 65 6c 6c 6f 2c 20 77")
                .hasMessageContaining("JPEG, PNG, GIF, BMP and TIFF");
        assertThatThrownBy(() -> RgbImage.read(folder))
                .isInstanceOf(ImageException.class)
                .hasMessage(folder + " is not a regular file, but a folder");
        assertThatThrownBy(() -> RgbImage.read(text.resolve("image.jpg")))
                .isInstanceOf(ImageException.class)
                // Until JDK 24 a path below a file is a failure of the disk, since then a file that is not there.
                .satisfies(e -> assertThat(e.getMessage())
                        .containsAnyOf(
                                "cannot read " + text.resolve("image.jpg") + ": ",
                                text.resolve("image.jpg") + " does not exist"))
                .hasMessageNotContaining("Exception");
    }

    @Test
    void neitherWaitsForPipesNorReadsDevices() throws Exception {
        Path pipe = SpecialFiles.pipe(folder.resolve("pipe.png"));
        Path link = Files.createSymbolicLink(folder.resolve("link.png"), pipe);
        Path device = SpecialFiles.endlessDevice(folder.resolve("device.png"));

        for (Path file : List.of(pipe, link, device)) {
            SpecialFiles.assertAnswers(() -> assertThatThrownBy(() -> RgbImage.read(file))
                    .isInstanceOf(ImageException.class)
                    .hasMessageStartingWith(file + " is not a regular file, but a pipe, a socket or a device")
                    .hasMessageContaining("RgbImage.read(InputStream)"));
        }
    }

    @Test
    void followsLinksAndNamesThoseThatLeadNowhere() throws IOException {
        Path file = folder.resolve("blob");
        Path link = Files.createSymbolicLink(folder.resolve("image.jpg"), file);
        assertThatThrownBy(() -> RgbImage.read(link))
                .isInstanceOf(ImageException.class)
                .hasMessage(link + " does not exist (a link to a missing file: " + file + ")");

        Files.write(file, FILE);

        assertThat(RgbImage.read(link)).isEqualTo(RgbImage.read(FILE));
    }

    @Test
    void reportsStreamsThatFail() {
        InputStream failing = new InputStream() {
            @Override
            public int read() throws IOException {
                throw new IOException("line dropped");
            }

            @Override
            public int read(byte[] target, int offset, int length) throws IOException {
                throw new IOException("line dropped");
            }
        };

        assertThatThrownBy(() -> RgbImage.read(failing))
                .isInstanceOf(ImageException.class)
                .hasMessage("cannot read image stream: line dropped")
                .hasCauseInstanceOf(IOException.class);
    }

    @Test
    void explainsFormatsThatNeedAPlugin() {
        byte[] webp = "RIFF\0\0\0\0WEBPVP8 ".getBytes(StandardCharsets.ISO_8859_1);
        byte[] avif = "\0\0\0 ftypavif".getBytes(StandardCharsets.ISO_8859_1);

        assertThatThrownBy(() -> RgbImage.read(webp))
                .isInstanceOf(ImageException.class)
                .hasMessageContaining("WEBP")
                .hasMessageContaining("plug-in");
        assertThatThrownBy(() -> RgbImage.read(avif))
                .isInstanceOf(ImageException.class)
                .hasMessageContaining("AVIF")
                .hasMessageContaining("plug-in");
        assertThatThrownBy(() -> RgbImage.read(new byte[0]))
                .isInstanceOf(ImageException.class)
                .hasMessageContaining("no bytes");
    }

    @Test
    void doesNotTakeFormatsWithoutSignatureForImages() {
        // ImageIO's WBMP reader would accept these bytes as a picture of 1x1 pixels.
        byte[] wbmp = {0, 0, 1, 1, 0};

        assertThatThrownBy(() -> RgbImage.read(wbmp))
                .isInstanceOf(ImageException.class)
                .hasMessageContaining("unknown image format");
    }

    @Test
    void readsEndlessStreamsOnlyUpToTheLimit() {
        InputStream endless = new InputStream() {
            @Override
            public int read() {
                return 'x';
            }
        };

        assertThatThrownBy(() -> RgbImage.read(endless, ImageOptions.defaults().withMaxBytes(100_000)))
                .isInstanceOf(ImageException.class)
                .hasMessageContaining("maxBytes");
    }

    @Test
    void refusesMoreBytesThanAllowed() throws IOException {
        Path path = folder.resolve("image.jpg");
        Files.write(path, FILE);
        ImageOptions exact = ImageOptions.defaults().withMaxBytes(FILE.length);
        ImageOptions less = ImageOptions.defaults().withMaxBytes(FILE.length - 1);

        assertThat(RgbImage.read(path, exact)).isEqualTo(RgbImage.read(FILE, exact));
        assertThatThrownBy(() -> RgbImage.read(path, less))
                .isInstanceOf(ImageException.class)
                .hasMessageContaining("maxBytes");
        assertThatThrownBy(() -> RgbImage.read(FILE, less))
                .isInstanceOf(ImageException.class)
                .hasMessageContaining("maxBytes");
    }

    @Test
    void refusesMorePixelsThanAllowed() {
        assertThat(RgbImage.read(FILE, ImageOptions.defaults().withMaxPixels(37 * 23)))
                .isNotNull();
        assertThatThrownBy(() -> RgbImage.read(FILE, ImageOptions.defaults().withMaxPixels(37 * 23 - 1)))
                .isInstanceOf(ImageException.class)
                .hasMessageContaining("37x23 = 851 pixels, allowed are 850 (maxPixels)");
    }

    @Test
    void rejectsOptionsOutOfRange() {
        ImageOptions options = ImageOptions.defaults();
        assertThatThrownBy(() -> options.withMaxPixels(0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> options.withMaxPixels(ImageOptions.LARGEST_MAX_PIXELS + 1))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> options.withMaxBytes(0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> options.withMaxBytes(Long.MAX_VALUE)).isInstanceOf(IllegalArgumentException.class);
        assertThat(options).isEqualTo(new ImageOptions(true, 100_000_000, 268_435_456));
    }

    @Test
    void leavesGlobalSettingsOfImageIoAlone() {
        boolean before = ImageIO.getUseCache();

        RgbImage.read(FILE);

        assertThat(ImageIO.getUseCache()).isEqualTo(before);
    }

    @Test
    void givesAccessToSamples() {
        byte[] samples = {1, 2, 3, 4, 5, 6};
        RgbImage image = RgbImage.of(1, 2, samples);
        samples[0] = 99;
        ByteBuffer buffer = ByteBuffer.allocate(7);
        image.copyTo(buffer);

        assertThat(image.rgbAt(0, 1)).isEqualTo(0x040506);
        assertThat(image.toBytes()).containsExactly(1, 2, 3, 4, 5, 6);
        assertThat(buffer.position()).isEqualTo(6);
        assertThatThrownBy(() -> image.copyTo(buffer)).isInstanceOf(BufferOverflowException.class);
        assertThatThrownBy(() -> image.rgbAt(1, 0)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> image.rgbAt(0, -1)).isInstanceOf(IndexOutOfBoundsException.class);
    }

    @Test
    void rejectsWrongSizes() {
        assertThatThrownBy(() -> RgbImage.of(1, 2, new byte[5])).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> RgbImage.of(0, 2, new byte[0])).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> RgbImage.of(65536, 65536, new byte[0])).isInstanceOf(IllegalArgumentException.class);
        RgbImage image = RgbImage.of(1, 1, new byte[3]);
        assertThatThrownBy(() -> image.resize(0, 5)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> image.resize(5, -5)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> image.resize(1_000_000, 1_000_000)).isInstanceOf(IllegalArgumentException.class);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"jpeg_exif6.jpg", "png_exif6.png", "tiff_orientation6.tif", "jpeg_xmp8.jpg", "png_xmp5.png"})
    void leavesPicturesAsStoredIfOrientationIsSwitchedOff(String name) {
        RgbImage stored =
                RgbImage.read(Goldens.decodeFile(name), ImageOptions.defaults().withApplyExifOrientation(false));

        assertThat(stored.width()).isEqualTo(37);
        assertThat(stored.height()).isEqualTo(23);
    }
}
