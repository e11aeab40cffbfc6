package dev.paligemma.training.data;

import dev.paligemma.vision.RgbImage;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;

/**
 * What is asked about one or several pictures, and what the model should answer. Immutable and thread-safe.
 *
 * @param pictures at least one
 * @param prefix the prompt, such as {@code caption en}; may be empty. It has as many {@code <image>} markers as there are
 *     pictures, or none
 * @param suffix the answer, such as {@code a red star}; an empty one teaches the model to say nothing
 * @param origin where it comes from, for messages, such as {@code annotations.jsonl, line 12}
 */
public record Example(List<Picture> pictures, String prefix, String suffix, String origin) {
    /** The most pictures of one example. */
    public static final int MAX_PICTURES = 256;

    /** Copies the list; an {@link IllegalArgumentException} if there is no picture, or too many. */
    public Example {
        pictures = List.copyOf(pictures);
        Objects.requireNonNull(prefix, "prefix");
        Objects.requireNonNull(suffix, "suffix");
        Objects.requireNonNull(origin, "origin");
        if (pictures.isEmpty() || pictures.size() > MAX_PICTURES) {
            throw new IllegalArgumentException(
                    "an example has 1 to " + MAX_PICTURES + " pictures, got " + pictures.size());
        }
    }

    /** An example about a picture in a file. */
    public static Example of(Path picture, String prefix, String suffix) {
        return new Example(List.of(Picture.of(picture)), prefix, suffix, "example about " + picture);
    }

    /** An example about a picture in memory. */
    public static Example of(RgbImage picture, String prefix, String suffix) {
        return new Example(List.of(Picture.of("picture", picture)), prefix, suffix, "example in memory");
    }

    /** The same about other pictures. */
    public Example withPictures(List<Picture> others) {
        return new Example(others, prefix, suffix, origin);
    }

    /** The same with another answer. */
    public Example withSuffix(String other) {
        return new Example(pictures, prefix, other, origin);
    }
}
