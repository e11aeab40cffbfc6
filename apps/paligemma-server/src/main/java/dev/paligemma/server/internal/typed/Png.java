package dev.paligemma.server.internal.typed;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Base64;
import javax.imageio.ImageIO;
import javax.imageio.stream.ImageOutputStream;
import javax.imageio.stream.MemoryCacheImageOutputStream;

/** Writes pictures as PNG. Stateless. */
final class Png {
    static final String MEDIA_TYPE = "image/png";

    private Png() {}

    /** The bytes of a file. */
    static byte[] bytes(BufferedImage image) {
        ByteArrayOutputStream png = new ByteArrayOutputStream();
        // Given a plain stream, ImageIO would write a file in between.
        try (ImageOutputStream out = new MemoryCacheImageOutputStream(png)) {
            ImageIO.write(image, "png", out);
        } catch (IOException e) {
            throw new UncheckedIOException("writing to memory does not fail", e);
        }
        return png.toByteArray();
    }

    /** The same as an address that holds it. */
    static String dataUri(BufferedImage image) {
        return "data:" + MEDIA_TYPE + ";base64," + Base64.getEncoder().encodeToString(bytes(image));
    }
}
