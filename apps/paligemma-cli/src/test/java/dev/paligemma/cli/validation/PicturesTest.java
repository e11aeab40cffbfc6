package dev.paligemma.cli.validation;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import dev.paligemma.base.PaliGemmaException;
import dev.paligemma.base.internal.Sha256;
import dev.paligemma.vision.RgbImage;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.Base64;
import java.util.concurrent.atomic.AtomicInteger;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PicturesTest {
    @TempDir
    Path cache;

    private final AtomicInteger asked = new AtomicInteger();
    private HttpServer server;
    private byte[] png = new byte[0];

    @BeforeEach
    void serve() throws IOException {
        png = picture();
        String notebook = "{\"cells\": [{\"outputs\": [{\"text\": [\"a\"]}, {\"data\": {\"image/png\": \""
                + Base64.getMimeEncoder().encodeToString(png).replace("\r\n", "\\n") + "\"}}]}]}";
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        serve("/a.png", png);
        serve("/n.ipynb", notebook.getBytes(UTF_8));
        server.start();
    }

    @AfterEach
    void stop() {
        server.stop(0);
    }

    private void serve(String path, byte[] content) {
        server.createContext(path, exchange -> {
            asked.incrementAndGet();
            exchange.sendResponseHeaders(200, content.length);
            exchange.getResponseBody().write(content);
            exchange.close();
        });
    }

    /** uint8[4, 6, 3]: the column is the red, the row the green. */
    private static byte[] picture() throws IOException {
        BufferedImage image = new BufferedImage(6, 4, BufferedImage.TYPE_INT_RGB);
        for (int y = 0; y < 4; y++) {
            for (int x = 0; x < 6; x++) {
                image.setRGB(x, y, x << 16 | y << 8);
            }
        }
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ImageIO.write(image, "png", out);
        return out.toByteArray();
    }

    private Picture at(String path, String sha256, Integer cell, boolean square) {
        return new Picture("http://127.0.0.1:" + server.getAddress().getPort() + path, sha256, cell, square);
    }

    @Test
    void aPictureIsFetchedOnceAndThenReadWithoutANetwork() {
        Picture picture = at("/a.png", Sha256.of(png), null, false);

        RgbImage fetched = new Pictures(cache, false).get(picture);

        assertThat(fetched).isEqualTo(RgbImage.read(png));
        assertThat(new Pictures(cache, true).get(picture)).isEqualTo(fetched);
        assertThat(asked).hasValue(1);
    }

    @Test
    void theSquareInTheMiddleIsShownWhereTheRecipeSaysSo() {
        RgbImage square = new Pictures(cache, false).get(at("/a.png", null, null, true));

        assertThat(square.width()).isEqualTo(4);
        assertThat(square.rgbAt(0, 0)).isEqualTo(0x010000);
        assertThat(square.rgbAt(3, 3)).isEqualTo(0x040300);
    }

    @Test
    void aPictureThatANotebookShowsIsTakenOutOfIt() {
        assertThat(new Pictures(cache, false).get(at("/n.ipynb", Sha256.of(png), 0, false)))
                .isEqualTo(RgbImage.read(png));
        assertThatThrownBy(() -> new Pictures(cache, false).get(at("/n.ipynb", null, 1, false)))
                .isInstanceOf(PaliGemmaException.class)
                .hasMessageContaining("has no picture in cell 1");
    }

    @Test
    void whatCannotBeHadIsNamed() {
        Pictures pictures = new Pictures(cache, false);
        assertThatThrownBy(() -> pictures.get(at("/b.png", null, null, false)))
                .isInstanceOf(PaliGemmaException.class)
                .hasMessageContaining("/b.png answers with status 404");
        assertThatThrownBy(() -> pictures.get(at("/a.png", "0".repeat(64), null, false)))
                .isInstanceOf(PaliGemmaException.class)
                .hasMessageContaining("is another one now: expected SHA-256 000")
                .hasMessageContaining("got " + Sha256.of(png));
        assertThatThrownBy(() -> pictures.get(new Picture("no address", null, null, false)))
                .isInstanceOf(PaliGemmaException.class)
                .hasMessageContaining("no address is no address of a picture");
        assertThatThrownBy(() -> new Pictures(cache, true).get(at("/c.png", null, null, false)))
                .isInstanceOf(PaliGemmaException.class)
                .hasMessageContaining("/c.png was not fetched before")
                .hasMessageContaining("put it at " + cache);
    }
}
