package dev.paligemma.vision.format;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OrientationTest {
    /** A B over C D over E F, as red values. */
    private static final Pixels LETTERS = letters(2, 3, "ABCDEF");

    @ParameterizedTest
    @CsvSource({
        "1, 2, ABCDEF", "2, 2, BADCFE", "3, 2, FEDCBA", "4, 2, EFCDAB",
        "5, 3, ACEBDF", "6, 3, ECAFDB", "7, 3, FDBECA", "8, 3, BDFACE"
    })
    void turnsByTheDefinitionOfEachValue(int orientation, int width, String expected) {
        Pixels turned = Orientation.apply(LETTERS, orientation);

        assertThat(turned).usingRecursiveComparison().isEqualTo(letters(width, 6 / width, expected));
    }

    @Property(tries = 500)
    void neverFailsOnAnyExifBlock(@ForAll @Size(max = 60) byte[] block, @ForAll boolean little) {
        byte[] exif = ByteBuffer.allocate(4 + block.length)
                .put((little ? "II*\0" : "MM\0*").getBytes(StandardCharsets.ISO_8859_1))
                .put(block)
                .array();

        int found = Orientation.fromExif(new ImageBytes("test", exif), 0, exif.length);

        assertThat(Orientation.choose(found, Orientation.ABSENT)).isBetween(1, 8);
    }

    @Test
    void isReadFromTheMetadataOfWebp() {
        byte[] exif = new byte[26];
        ByteBuffer.wrap(exif)
                .order(ByteOrder.LITTLE_ENDIAN)
                .put("II*\0".getBytes(StandardCharsets.ISO_8859_1))
                .putInt(8)
                .putShort((short) 1)
                .putShort((short) 0x112)
                .putShort((short) 3)
                .putInt(1)
                .putShort((short) 6);
        byte[] xmp = "tiff:Orientation>8<".getBytes(StandardCharsets.ISO_8859_1);

        assertThat(WebpFile.orientation(webp("VP8 ", new byte[5], "EXIF", exif)))
                .isEqualTo(6);
        assertThat(WebpFile.orientation(webp("XMP ", xmp, "VP8 ", new byte[4]))).isEqualTo(8);
        assertThat(WebpFile.orientation(webp("XMP ", xmp, "EXIF", exif))).isEqualTo(6);
        assertThat(WebpFile.orientation(new ImageBytes("test", new byte[40]))).isEqualTo(1);
    }

    private static ImageBytes webp(String kind1, byte[] data1, String kind2, byte[] data2) {
        ByteBuffer out = ByteBuffer.allocate(200).order(ByteOrder.LITTLE_ENDIAN);
        out.put("RIFF".getBytes(StandardCharsets.ISO_8859_1))
                .putInt(192)
                .put("WEBP".getBytes(StandardCharsets.ISO_8859_1));
        out.put(kind1.getBytes(StandardCharsets.ISO_8859_1))
                .putInt(data1.length)
                .put(data1);
        out.position(out.position() + data1.length % 2);
        out.put(kind2.getBytes(StandardCharsets.ISO_8859_1))
                .putInt(data2.length)
                .put(data2);
        return new ImageBytes("WEBP", out.array());
    }

    private static Pixels letters(int width, int height, String reds) {
        byte[] rgb = new byte[width * height * 3];
        for (int i = 0; i < reds.length(); i++) {
            rgb[i * 3] = (byte) reds.charAt(i);
            rgb[i * 3 + 1] = (byte) 200;
        }
        return new Pixels(width, height, rgb);
    }
}
