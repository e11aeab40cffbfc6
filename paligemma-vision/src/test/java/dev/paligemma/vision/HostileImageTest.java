package dev.paligemma.vision;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.paligemma.vision.format.ImageException;
import dev.paligemma.vision.format.ImageOptions;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.stream.Stream;
import java.util.zip.Deflater;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Files that are cut, or that ask for more than they hold, are refused, and before memory is spent on them. */
class HostileImageTest {
    /** Pixels that would take 1.5 GB: more than the tests have, so that an attempt would show. */
    private static final ImageOptions HUGE_ALLOWED = ImageOptions.defaults().withMaxPixels(500_000_000);

    static Stream<Goldens.DecodeCase> files() {
        return Goldens.decodeCases();
    }

    @ParameterizedTest
    @MethodSource("files")
    void refusesAFileCutAnywhereUnlessThePictureIsWhole(Goldens.DecodeCase golden) {
        byte[] file = golden.file();
        RgbImage whole = RgbImage.read(file);
        int step = Math.max(1, file.length / 23);

        for (int length = file.length - 1; length >= 0; length -= length > file.length - 4 ? 1 : step) {
            byte[] cut = Arrays.copyOf(file, length);
            try {
                assertThat(RgbImage.read(cut)).as("first %s bytes", length).isEqualTo(whole);
            } catch (ImageException e) {
                assertThat(e).hasMessageContaining(" ");
            }
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"jpeg_420.jpg", "jpeg_420_progressive.jpg", "jpeg_cmyk.jpg", "bmp_32.bmp", "tiff_big_endian.tif"
            })
    void refusesAFileWithoutItsLastByte(String name) {
        byte[] file = Goldens.decodeFile(name);
        assertThat(RgbImage.read(file)).isNotNull();

        assertThatThrownBy(() -> RgbImage.read(Arrays.copyOf(file, file.length - 1)))
                .isInstanceOf(ImageException.class)
                .hasMessageContaining("truncated");
    }

    @Test
    void refusesJpegWhosePictureDataEndsEarlyThoughMarkedAsEnded() {
        byte[] file = Goldens.decodeFile("jpeg_444.jpg");
        byte[] cut = Arrays.copyOf(file, file.length - 400);
        cut[cut.length - 2] = (byte) 0xFF;
        cut[cut.length - 1] = (byte) 0xD9;

        assertThatThrownBy(() -> RgbImage.read(cut))
                .isInstanceOf(ImageException.class)
                .hasMessageContaining("JPEG image is damaged: Corrupt JPEG data");
    }

    @Test
    void refusesPngWhosePictureDataEndsEarly() {
        byte[] file = Goldens.decodeFile("png_rgb.png");
        int idat = PngTool.find(file, "IDAT");
        int length = ByteBuffer.wrap(file).getInt(idat);
        byte[] half = Arrays.copyOfRange(file, idat + 8, idat + 8 + length / 2);
        byte[] cut = PngTool.concat(
                Arrays.copyOf(file, idat), PngTool.chunk("IDAT", half), PngTool.chunk("IEND", new byte[0]));

        assertThatThrownBy(() -> RgbImage.read(cut)).isInstanceOf(ImageException.class);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "tiff_rgb_lzw.tif",
                "tiff_rgb_deflate.tif",
                "tiff_rgb_packbits.tif",
                "tiff_rgb_jpeg.tif",
                "tiff_bilevel_group4.tif",
                "tiff_bilevel_group3.tif"
            })
    void refusesTiffWhoseStripEndsEarly(String name) {
        byte[] file = Goldens.decodeFile(name);
        ByteBuffer tiff = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
        int entry = TiffTool.entry(tiff, 279);
        assertThat(tiff.getInt(entry + 4)).isEqualTo(1);
        boolean isShort = tiff.getShort(entry + 2) == 3;
        tiff.putInt(entry + 8, (isShort ? tiff.getShort(entry + 8) : tiff.getInt(entry + 8)) / 2);

        assertThatThrownBy(() -> RgbImage.read(file))
                .isInstanceOf(ImageException.class)
                .satisfies(HostileImageTest::isWordedForUsers);
    }

    @ParameterizedTest
    @ValueSource(strings = {"tiff_rgb_packbits.tif", "tiff_bilevel_group4.tif", "tiff_bilevel_group3.tif"})
    void wordsForUsersWhatIsWrongWithDataThatMakesDecodersStumble(String name) {
        byte[] file = Goldens.decodeFile(name);
        ByteBuffer tiff = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
        int strip = tiff.getInt(TiffTool.entry(tiff, 273) + 8);
        int entry = TiffTool.entry(tiff, 279);
        int length = tiff.getShort(entry + 2) == 3 ? tiff.getShort(entry + 8) : tiff.getInt(entry + 8);
        int refused = 0;
        for (int value = 0; value < 256; value++) {
            Arrays.fill(file, strip, strip + length, (byte) value);
            try {
                assertThat(RgbImage.read(file)).isNotNull();
            } catch (ImageException e) {
                refused++;
                isWordedForUsers(e);
            }
        }
        assertThat(refused).isPositive();
    }

    private static void isWordedForUsers(Throwable e) {
        assertThat(e.getMessage())
                .startsWith("TIFF image ")
                .doesNotContain("Exception", "java.", "javax.", "decode()", "by zero", "out of bounds")
                .doesNotContainPattern("Error \\d");
    }

    @Test
    void refusesTiffWithStripsWithoutRows() {
        byte[] file = Goldens.decodeFile("tiff_rgb.tif");
        ByteBuffer tiff = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
        tiff.putInt(TiffTool.entry(tiff, 278) + 8, 0);

        assertThatThrownBy(() -> RgbImage.read(file))
                .isInstanceOf(ImageException.class)
                .hasMessage("TIFF image is damaged: its strips have 0 rows");
    }

    @Test
    void refusesSmallFilesThatDeclareManyPixels() {
        for (String name : new String[] {
            "jpeg_420.jpg",
            "jpeg_420_progressive.jpg",
            "png_rgb.png",
            "gif_palette.gif",
            "bmp_rgb.bmp",
            "bmp_rle8.bmp",
            "tiff_rgb.tif",
            "tiff_rgb_lzw.tif",
            "tiff_tiles.tif"
        }) {
            byte[] bomb = withSize(name, Goldens.decodeFile(name), 50_000, 50_000);

            assertThatThrownBy(() -> RgbImage.read(bomb))
                    .as(name)
                    .isInstanceOf(ImageException.class)
                    .hasMessageContaining("50000x50000")
                    .hasMessageContaining("maxPixels");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "jpeg_420.jpg",
                "jpeg_420_progressive.jpg",
                "png_rgb.png",
                "gif_palette.gif",
                "bmp_rgb.bmp",
                "tiff_rgb.tif"
            })
    void refusesSmallFilesThatCannotHoldTheirPixelsWhateverTheLimit(String name) {
        byte[] bomb = withSize(name, Goldens.decodeFile(name), 20_000, 20_000);

        assertThatThrownBy(() -> RgbImage.read(bomb, HUGE_ALLOWED))
                .isInstanceOf(ImageException.class)
                .hasMessageContaining("truncated");
    }

    @ParameterizedTest
    @ValueSource(strings = {"jpeg_420.jpg", "png_rgb.png", "gif_palette.gif", "bmp_rgb.bmp", "tiff_rgb.tif"})
    void refusesEmptyPictures(String name) {
        assertThatThrownBy(() -> RgbImage.read(withSize(name, Goldens.decodeFile(name), 0, 23)))
                .isInstanceOf(ImageException.class);
        assertThatThrownBy(() -> RgbImage.read(withSize(name, Goldens.decodeFile(name), 37, 0)))
                .isInstanceOf(ImageException.class);
    }

    @Test
    void refusesNegativeSizes() {
        assertThatThrownBy(() -> RgbImage.read(withSize(".bmp", Goldens.decodeFile("bmp_rgb.bmp"), -37, 23)))
                .isInstanceOf(ImageException.class);
        assertThatThrownBy(
                        () -> RgbImage.read(withSize(".bmp", Goldens.decodeFile("bmp_rgb.bmp"), 37, Integer.MIN_VALUE)))
                .isInstanceOf(ImageException.class);
        assertThatThrownBy(() -> RgbImage.read(withSize(".png", Goldens.decodeFile("png_rgb.png"), 37, -23)))
                .isInstanceOf(ImageException.class);
    }

    @Test
    void refusesGifWhoseCanvasIsHuge() {
        byte[] file = Goldens.decodeFile("gif_palette.gif");
        ByteBuffer.wrap(file)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putShort(6, (short) 60000)
                .putShort(8, (short) 60000);

        assertThatThrownBy(() -> RgbImage.read(file))
                .isInstanceOf(ImageException.class)
                .hasMessageContaining("60000x60000");
    }

    @Test
    void acceptsAndIgnoresCompressedTextThatExpandsAThousandfold() {
        byte[] zeros = new byte[64 << 20];
        byte[] bomb = deflate(zeros);
        assertThat(bomb.length).isLessThan(100_000);
        byte[] key = "k\0\0".getBytes(StandardCharsets.ISO_8859_1);
        byte[] international = "XML:com.adobe.xmp\0\1\0\0\0".getBytes(StandardCharsets.ISO_8859_1);
        for (String name : new String[] {"png_rgb.png", "png_palette.png"}) {
            byte[] file = Goldens.decodeFile(name);
            byte[] loaded = PngTool.insert(file, PngTool.chunk("zTXt", PngTool.concat(key, bomb)));
            loaded = PngTool.insert(loaded, PngTool.chunk("iCCP", PngTool.concat(key, bomb)));
            loaded = PngTool.insert(loaded, PngTool.chunk("iTXt", PngTool.concat(international, bomb)));

            assertThat(RgbImage.read(loaded)).isEqualTo(RgbImage.read(file));
        }
    }

    @Test
    void readsTheOrientationFromCompressedXmp() {
        byte[] file = Goldens.decodeFile("png_rgb.png");
        byte[] packet = deflate("<x tiff:Orientation=\"6\"/>".getBytes(StandardCharsets.UTF_8));
        byte[] head = "XML:com.adobe.xmp\0\1\0en\0key\0".getBytes(StandardCharsets.ISO_8859_1);

        RgbImage turned = RgbImage.read(PngTool.insert(file, PngTool.chunk("iTXt", PngTool.concat(head, packet))));

        RgbImage stored = RgbImage.read(file);
        assertThat(turned.width()).isEqualTo(stored.height());
        for (int y = 0; y < turned.height(); y++) {
            for (int x = 0; x < turned.width(); x++) {
                assertThat(turned.rgbAt(x, y)).isEqualTo(stored.rgbAt(y, stored.height() - 1 - x));
            }
        }
    }

    @Test
    void acceptsGiganticMetadataOfJpeg() {
        byte[] file = Goldens.decodeFile("jpeg_420.jpg");
        byte[] segment = new byte[65537];
        segment[0] = (byte) 0xFF;
        segment[2] = (byte) 0xFF;
        segment[3] = (byte) 0xFF;
        byte[] loaded = Arrays.copyOf(file, 2);
        for (int marker : new int[] {0xE1, 0xE2, 0xED, 0xFE, 0xE2, 0xE0}) {
            segment[1] = (byte) marker;
            loaded = PngTool.concat(loaded, segment);
        }
        loaded = PngTool.concat(loaded, Arrays.copyOfRange(file, 2, file.length));

        assertThat(RgbImage.read(loaded)).isEqualTo(RgbImage.read(file));
    }

    @Test
    void refusesJpegWithThousandsOfScans() {
        byte[] file = Goldens.decodeFile("jpeg_420_progressive.jpg");
        byte[] scan = {(byte) 0xFF, (byte) 0xDA, 0, 8, 1, 1, 0, 1, 5, 0, 0};
        byte[] many = Arrays.copyOf(file, file.length - 2);
        for (int i = 0; i < 1000; i++) {
            many = PngTool.concat(many, scan);
        }
        byte[] bomb = PngTool.concat(many, new byte[] {(byte) 0xFF, (byte) 0xD9});

        assertThatThrownBy(() -> RgbImage.read(bomb))
                .isInstanceOf(ImageException.class)
                .hasMessageContaining("scans");
    }

    @Test
    void ignoresExifThatPointsOutsideItself() {
        byte[] file = Goldens.decodeFile("jpeg_exif6_long.jpg");
        RgbImage upright = RgbImage.read(file, ImageOptions.defaults().withApplyExifOrientation(false));
        int tiff = new String(file, StandardCharsets.ISO_8859_1).indexOf("II*\0");
        for (int offset : new int[] {0, 1, 7, 20, 255, 65535, Integer.MAX_VALUE, -1, Integer.MIN_VALUE}) {
            byte[] bad = file.clone();
            ByteBuffer.wrap(bad).order(ByteOrder.LITTLE_ENDIAN).putInt(tiff + 4, offset);

            assertThat(RgbImage.read(bad)).as("offset %s", offset).isEqualTo(upright);
        }
    }

    @Test
    void refusesTiffWithStripsOutsideTheFile() {
        byte[] file = Goldens.decodeFile("tiff_big_endian.tif");
        ByteBuffer tiff = ByteBuffer.wrap(file);
        tiff.putInt(TiffTool.entry(tiff, 273) + 8, 0x7FFFFFF0);

        assertThatThrownBy(() -> RgbImage.read(file))
                .isInstanceOf(ImageException.class)
                .hasMessageContaining("truncated");
    }

    @Test
    void refusesTiffWithHugeTiles() {
        byte[] file = Goldens.decodeFile("tiff_tiles.tif");
        ByteBuffer tiff = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
        tiff.putShort(TiffTool.entry(tiff, 322) + 8, (short) 65520);
        tiff.putShort(TiffTool.entry(tiff, 323) + 8, (short) 65520);

        assertThatThrownBy(() -> RgbImage.read(file))
                .isInstanceOf(ImageException.class)
                .hasMessageContaining("65520x65520");
    }

    @Test
    void refusesTiffWhoseJpegStripIsLargerThanTheStrip() {
        byte[] file = Goldens.decodeFile("tiff_rgb_jpeg.tif");
        int frame = new String(file, StandardCharsets.ISO_8859_1).indexOf("\u00FF\u00C0\0\u0011\b");
        assertThat(frame).isPositive();
        ByteBuffer.wrap(file).putShort(frame + 5, (short) 9000).putShort(frame + 7, (short) 9000);

        assertThatThrownBy(() -> RgbImage.read(file))
                .isInstanceOf(ImageException.class)
                .hasMessageContaining("9000x9000");
    }

    @Test
    void refusesTiffWhoseDirectoryChainIsCyclicOnlyIfItHasToFollowIt() {
        byte[] file = Goldens.decodeFile("tiff_big_endian.tif");
        RgbImage expected = RgbImage.read(file);
        ByteBuffer tiff = ByteBuffer.wrap(file);
        int directory = tiff.getInt(4);
        tiff.putInt(directory + 2 + 12 * tiff.getShort(directory), directory);

        assertThat(RgbImage.read(file)).isEqualTo(expected);
    }

    @Test
    void leavesTheCallersBytesAlone() {
        for (String name : new String[] {"tiff_palette.tif", "jpeg_icc_linear.jpg", "png_rgb.png"}) {
            byte[] file = Goldens.decodeFile(name);
            byte[] copy = file.clone();
            RgbImage.read(file);

            assertThat(file).isEqualTo(copy);
        }
    }

    private static byte[] deflate(byte[] data) {
        Deflater deflater = new Deflater(9);
        deflater.setInput(data);
        deflater.finish();
        byte[] out = new byte[data.length / 500 + 1000];
        int n = deflater.deflate(out);
        deflater.end();
        return Arrays.copyOf(out, n);
    }

    /** Writes other dimensions into the header of a file. */
    private static byte[] withSize(String name, byte[] source, int width, int height) {
        byte[] file = source.clone();
        ByteBuffer little = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
        ByteBuffer big = ByteBuffer.wrap(file);
        if (name.endsWith(".jpg")) {
            int frame = 2;
            while (big.getShort(frame) != (short) 0xFFC0 && big.getShort(frame) != (short) 0xFFC2) {
                frame += 2 + (big.getShort(frame + 2) & 0xFFFF);
            }
            big.putShort(frame + 5, (short) height).putShort(frame + 7, (short) width);
        } else if (name.endsWith(".png")) {
            big.putInt(16, width).putInt(20, height);
            return PngTool.withCorrectChecksums(file);
        } else if (name.endsWith(".gif")) {
            int image = new String(file, StandardCharsets.ISO_8859_1).indexOf(",\0\0\0\0%\0");
            little.putShort(image + 5, (short) width).putShort(image + 7, (short) height);
        } else if (name.endsWith(".bmp")) {
            little.putInt(18, width).putInt(22, height);
        } else {
            for (int tag : new int[] {256, 257, 278}) {
                int entry = TiffTool.entry(little, tag);
                if (entry > 0) {
                    little.putShort(entry + 2, (short) 4)
                            .putInt(entry + 4, 1)
                            .putInt(entry + 8, tag == 256 ? width : height);
                }
            }
        }
        return file;
    }
}
