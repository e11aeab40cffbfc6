package dev.paligemma.server.internal.picture;

import dev.paligemma.server.internal.http.HttpFailure;
import dev.paligemma.vision.RgbImage;
import dev.paligemma.vision.format.ImageException;
import dev.paligemma.vision.format.ImageOptions;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;

/** Reads the pictures of requests. Thread-safe. */
public final class Pictures {
    private final ImageOptions options;
    private final @Nullable ImageUrls urls;

    /** A picture takes much memory while it is decoded. */
    private final Semaphore decoders = new Semaphore(Runtime.getRuntime().availableProcessors());

    /** Reads within limits, and fetches what is allowed; nothing if {@code urls} is null. */
    public Pictures(ImageOptions options, @Nullable ImageUrls urls) {
        this.options = options;
        this.urls = urls;
    }

    /** The picture of a data URI, or at an address that may be fetched; {@code param} is the member of the request that has it. */
    public RgbImage read(String param, String address) {
        return decode(param, bytes(param, address));
    }

    /** The picture in a file. */
    public RgbImage decode(String param, byte[] file) {
        decoders.acquireUninterruptibly();
        try {
            return RgbImage.read(file, options);
        } catch (ImageException e) {
            throw HttpFailure.invalid(400, param, "invalid_image", param + ": " + e.getMessage());
        } finally {
            decoders.release();
        }
    }

    private byte[] bytes(String param, String address) {
        if (!ImageUrls.isMeant(address)) {
            return DataUri.decode(param, address);
        }
        if (urls == null) {
            throw HttpFailure.badRequest(
                    param,
                    param + " is an address, and this server fetches no pictures: send the picture itself as"
                            + " data:image/png;base64,... (whoever runs the server may allow hosts)");
        }
        return urls.fetch(param, address);
    }
}
