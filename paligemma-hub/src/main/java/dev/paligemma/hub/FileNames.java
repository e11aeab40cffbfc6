package dev.paligemma.hub;

import dev.paligemma.base.internal.Quote;
import dev.paligemma.hub.HubException.Kind;
import java.util.Arrays;
import java.util.Locale;
import java.util.regex.Pattern;

/** Which names from outside may become names of files. */
final class FileNames {
    private static final Pattern PART = Pattern.compile("[^\\p{Cntrl}<>:\"|?*\\\\/]{1,200}");

    /** These are devices on Windows, with any extension. */
    private static final Pattern DEVICE = Pattern.compile("(con|prn|aux|nul|com[0-9]|lpt[0-9])(\\..*)?");

    static final int MAX_PARTS = 8;
    private static final int MAX_SHOWN = 100;

    private FileNames() {}

    /**
     * Whether a text may be the name of a file or folder on every system: not a step up, no separator, nothing that a
     * system reads in another way.
     */
    static boolean isSafePart(String part) {
        return PART.matcher(part).matches()
                && !part.endsWith(".")
                && !part.endsWith(" ")
                && !DEVICE.matcher(part.toLowerCase(Locale.ROOT)).matches();
    }

    /** Whether a text is a path of safe names below a folder, separated by slashes. */
    static boolean isSafePath(String path) {
        String[] parts = path.split("/", -1);
        return parts.length <= MAX_PARTS && Arrays.stream(parts).allMatch(FileNames::isSafePart);
    }

    /** The path, if it is safe. */
    static String requireSafePath(String path, String where) {
        if (!isSafePath(path)) {
            throw new HubException(
                    Kind.BAD_ANSWER,
                    where + " names a file '" + Quote.shown(path, MAX_SHOWN)
                            + "', which could lie outside of the model's folder; nothing was written");
        }
        return path;
    }
}
