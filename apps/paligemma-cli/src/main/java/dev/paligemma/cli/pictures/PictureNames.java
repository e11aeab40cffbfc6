package dev.paligemma.cli.pictures;

import java.net.URI;
import java.nio.file.FileSystemNotFoundException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;

/** Tells names of pictures from others. Stateless. */
public final class PictureNames {
    private static final Set<String> ENDINGS = Set.of(
            "jpg", "jpeg", "jpe", "jfif", "png", "apng", "gif", "bmp", "dib", "tif", "tiff", "webp", "heic", "heif",
            "avif");

    private static final Pattern FILE_ADDRESS = Pattern.compile("(?i)file:/.*");
    private static final Pattern ADDRESS = Pattern.compile("(?i)[a-z][a-z0-9+.-]+://.*|data:.*");
    private static final int MOST_SHOWN = 200;

    /** The endings, for messages. */
    public static final String KNOWN = "jpg, jpeg, png, gif, bmp, tif, tiff, webp";

    private PictureNames() {}

    /** Whether a name ends as the name of a picture file does, such as {@code cat.jpg}. */
    public static boolean isPicture(String name) {
        int dot = name.lastIndexOf('.');
        return dot > 0 && ENDINGS.contains(name.substring(dot + 1).toLowerCase(Locale.ROOT));
    }

    /** Whether a word of a command line is a picture or a folder by its form alone, whatever exists: {@code cat.jpg}, {@code photos/}. */
    public static boolean isMeant(String word) {
        return isPicture(word) || (word.length() > 1 && (word.endsWith("/") || word.endsWith("\\")));
    }

    /**
     * The file that a name means, also by its {@code file:} address.
     *
     * @throws IllegalArgumentException if it cannot be the name of a file
     */
    public static Path path(String name) {
        try {
            if (FILE_ADDRESS.matcher(name).matches()) {
                return Path.of(URI.create(name));
            }
        } catch (IllegalArgumentException | FileSystemNotFoundException e) {
            throw new IllegalArgumentException("'" + name + "' is not the address of a file on this machine", e);
        }
        if (ADDRESS.matcher(name).matches()) {
            String shown = name.length() > MOST_SHOWN ? name.substring(0, MOST_SHOWN) + "..." : name;
            throw new IllegalArgumentException("'" + shown + "' is an address, and a file is expected"
                    + (name.startsWith("http") ? "; download it first: curl -L -o FILE '" + shown + "'" : ""));
        }
        try {
            return Path.of(name);
        } catch (InvalidPathException e) {
            throw new IllegalArgumentException("'" + name + "' cannot be a path: " + e.getReason(), e);
        }
    }

    /** Whether a file of a folder is a picture that a person put there: hidden ones are leftovers of systems. */
    public static boolean isOfAFolder(String name) {
        return !name.startsWith(".") && isPicture(name);
    }
}
