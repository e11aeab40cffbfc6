package dev.paligemma.server.internal.picture;

import org.jspecify.annotations.Nullable;

/**
 * A picture that was sent: as a file of a form, or as a text that holds it or its address.
 *
 * @param param what to call it in an error
 * @param file the file; null if there is a text
 * @param text the text; null if there is a file
 */
public record Upload(
        String param, byte @Nullable [] file, @Nullable String text) {
    /** A file. */
    public static Upload ofFile(String param, byte[] file) {
        return new Upload(param, file, null);
    }

    /** A data URI, base64, or an address. */
    public static Upload ofText(String param, String text) {
        return new Upload(param, null, text);
    }
}
