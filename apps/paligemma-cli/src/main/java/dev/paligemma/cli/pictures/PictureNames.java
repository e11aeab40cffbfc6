package dev.paligemma.cli.pictures;

import java.util.Locale;
import java.util.Set;

/** Tells names of pictures from others. Stateless. */
public final class PictureNames {
    private static final Set<String> ENDINGS = Set.of(
            "jpg", "jpeg", "jpe", "jfif", "png", "gif", "bmp", "dib", "tif", "tiff", "webp");

    /** The endings, for messages. */
    static final String KNOWN = "jpg, jpeg, png, gif, bmp, tif, tiff, webp";

    private PictureNames() {}

    /** Whether a name ends as the name of a picture file does, such as {@code cat.jpg}. */
    public static boolean isPicture(String name) {
        int dot = name.lastIndexOf('.');
        return dot > 0 && ENDINGS.contains(name.substring(dot + 1).toLowerCase(Locale.ROOT));
    }

    /** Whether a word of a command line is a picture or a folder by its form alone, whatever exists: {@code cat.jpg}, {@code photos/}. */
    public static boolean isMeant(String word) {
        return isPicture(word) || word.length() > 1 && (word.endsWith("/") || word.endsWith("\\"));
    }

    /** Whether a file of a folder is a picture that a person put there: hidden ones are leftovers of systems. */
    static boolean isOfAFolder(String name) {
        return !name.startsWith(".") && isPicture(name);
    }
}
