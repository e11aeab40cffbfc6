package dev.paligemma.server.internal.typed;

import dev.paligemma.server.internal.picture.Pictures;
import dev.paligemma.vision.RgbImage;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A picture that was sent: as a file of a form, or as a text that holds it or its address.
 *
 * @param param what to call it in an error
 * @param file the file; null if there is a text
 * @param text the text; null if there is a file
 */
record Upload(
        String param, byte @Nullable [] file, @Nullable String text) {
    /** Decodes pictures. */
    static List<RgbImage> read(List<Upload> uploads, Pictures pictures) {
        return uploads.stream().map(upload -> upload.read(pictures)).toList();
    }

    private RgbImage read(Pictures pictures) {
        return file != null ? pictures.decode(param, file) : pictures.read(param, String.valueOf(text));
    }
}
