package dev.paligemma.cli.option;

import dev.paligemma.vision.RgbImage;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One of many pictures.
 *
 * @param name as it was given
 * @param picture what it shows; null if it could not be read
 * @param problem why not; null if it could be
 */
public record NamedPicture(
        String name, @Nullable RgbImage picture, @Nullable String problem) {
    /** What it shows; it must have been read. */
    public RgbImage read() {
        return Objects.requireNonNull(picture, problem);
    }
}
