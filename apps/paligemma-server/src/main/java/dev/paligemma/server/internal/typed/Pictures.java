package dev.paligemma.server.internal.typed;

import dev.paligemma.server.internal.http.HttpFailure;
import dev.paligemma.vision.RgbImage;
import dev.paligemma.vision.format.ImageException;
import dev.paligemma.vision.format.ImageOptions;
import java.util.List;
import java.util.stream.IntStream;

/** Decodes uploaded pictures. Stateless. */
final class Pictures {
    private Pictures() {}

    static List<RgbImage> decode(List<byte[]> files, ImageOptions options) {
        return IntStream.range(0, files.size())
                .mapToObj(i -> {
                    try {
                        return RgbImage.read(files.get(i), options);
                    } catch (ImageException e) {
                        String where = files.size() == 1 ? "" : "images[" + i + "]: ";
                        throw HttpFailure.invalid(
                                400, files.size() == 1 ? "image" : "images", "invalid_image", where + e.getMessage());
                    }
                })
                .toList();
    }
}
