package dev.paligemma.server.internal.picture;

import dev.paligemma.server.internal.http.Admission;
import dev.paligemma.server.internal.http.HttpFailure;
import dev.paligemma.vision.RgbImage;
import dev.paligemma.vision.format.ImageException;
import dev.paligemma.vision.format.ImageOptions;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Reads the pictures of requests. Thread-safe. */
public final class Pictures {
    /** Of a pixel while it is decoded, in the decoder and as it is kept; and afterwards. */
    private static final long DECODED_BYTES = 10;

    private static final long KEPT_BYTES = 3;

    private final ImageOptions options;
    private final @Nullable ImageUrls urls;

    /** A picture takes much memory while it is decoded. */
    private final Semaphore decoders = new Semaphore(Runtime.getRuntime().availableProcessors());

    /** Reads within limits, and fetches what is allowed; nothing if {@code urls} is null. */
    public Pictures(ImageOptions options, @Nullable ImageUrls urls) {
        this.options = options;
        this.urls = urls;
    }

    /** Decodes the pictures of a request, within the memory that it gets for them. */
    public List<RgbImage> read(List<Upload> uploads, Admission.Ticket ticket) {
        List<byte[]> files = uploads.stream().map(this::file).toList();
        long pixels = IntStream.range(0, files.size())
                .mapToLong(i -> about(uploads.get(i).param(), () -> RgbImage.maxPixels(files.get(i), options)))
                .sum();
        ticket.awaitPictures(pixels * DECODED_BYTES);
        List<RgbImage> images = IntStream.range(0, files.size())
                .mapToObj(i -> about(uploads.get(i).param(), () -> decode(files.get(i))))
                .toList();
        ticket.keepPictures(images.stream()
                .mapToLong(image -> KEPT_BYTES * image.width() * image.height())
                .sum());
        return images;
    }

    private byte[] file(Upload upload) {
        byte[] file = upload.file();
        return file != null ? file : bytes(upload.param(), String.valueOf(upload.text()));
    }

    private RgbImage decode(byte[] file) {
        decoders.acquireUninterruptibly();
        try {
            return RgbImage.read(file, options);
        } finally {
            decoders.release();
        }
    }

    private static <T> T about(String param, Supplier<T> action) {
        try {
            return action.get();
        } catch (ImageException e) {
            throw HttpFailure.invalid(400, param, "invalid_image", param + ": " + e.getMessage());
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
