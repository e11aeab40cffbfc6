package dev.paligemma.server.internal.picture;

import dev.paligemma.server.internal.http.HttpFailure;
import java.util.Base64;
import java.util.Locale;

/** Reads pictures that stand in a text: {@code data:image/png;base64,...}, or base64 alone. Stateless. */
public final class DataUri {
    private static final String SCHEME = "data:";

    private DataUri() {}

    /** The bytes; a refusal that names the field if there are none. What kind of file they are, the decoders find out. */
    public static byte[] decode(String field, String text) {
        String base64 = text;
        if (startsWith(text, SCHEME)) {
            int comma = text.indexOf(',');
            if (comma < 0 || !text.substring(0, comma).toLowerCase(Locale.ROOT).endsWith(";base64")) {
                throw HttpFailure.badRequest(
                        field, field + " is a data URI without base64, expected data:image/png;base64,...");
            }
            base64 = text.substring(comma + 1);
        } else if (startsWith(text, "http:") || startsWith(text, "https:") || startsWith(text, "file:")) {
            throw HttpFailure.badRequest(
                    field,
                    field
                            + " is an address, which this server does not open; expected the picture itself, as a data URI or in base64");
        }
        try {
            // Tools break lines of base64; everything else that is none of its characters is an error.
            return Base64.getDecoder().decode(base64.replaceAll("[\\r\\n\\t ]", ""));
        } catch (IllegalArgumentException e) {
            throw HttpFailure.badRequest(field, field + " is not base64: " + e.getMessage());
        }
    }

    private static boolean startsWith(String text, String prefix) {
        return text.regionMatches(true, 0, prefix, 0, prefix.length());
    }
}
