package dev.paligemma.server.internal.typed;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The value of a header with parameters, such as {@code multipart/form-data; boundary=x} or {@code form-data; name="image"}.
 * Immutable.
 *
 * @param value what stands in front of the parameters, in lower case
 * @param parameters by their names in lower case
 */
record MediaType(String value, Map<String, String> parameters) {
    private static final String SEPARATORS = "()<>@,;:\\\"/[]?={} \t";

    /** Reads the value of a header; empty if it is none with parameters, or one parameter comes twice. */
    static Optional<MediaType> parse(String header) {
        int end = header.indexOf(';');
        String value = (end < 0 ? header : header.substring(0, end)).strip().toLowerCase(Locale.ROOT);
        Map<String, String> parameters = new LinkedHashMap<>();
        int at = end < 0 ? header.length() : end;
        while (at < header.length()) {
            at = skipBlanks(header, at + 1);
            if (at == header.length()) {
                break; // A semicolon at the end is common.
            }
            int equals = header.indexOf('=', at);
            if (equals < 0) {
                return Optional.empty();
            }
            String name = header.substring(at, equals).strip().toLowerCase(Locale.ROOT);
            StringBuilder text = new StringBuilder();
            at = readText(header, skipBlanks(header, equals + 1), text);
            if (at < 0 || !isToken(name) || parameters.put(name, text.toString()) != null) {
                return Optional.empty();
            }
            at = skipBlanks(header, at);
            if (at < header.length() && header.charAt(at) != ';') {
                return Optional.empty();
            }
        }
        return Optional.of(new MediaType(value, parameters));
    }

    /** A parameter; null if it is not there. */
    @Nullable
    String parameter(String name) {
        return parameters.get(name);
    }

    /** Reads a token or a quoted text, and gives the place behind it; -1 if there is neither. */
    private static int readText(String header, int from, StringBuilder text) {
        if (from < header.length() && header.charAt(from) == '"') {
            for (int at = from + 1; at < header.length(); at++) {
                char c = header.charAt(at);
                if (c == '"') {
                    return at + 1;
                }
                // Browsers write a backslash of a file name as it is, and quotes as %22; others escape quotes alone.
                if (c == '\\' && at + 1 < header.length() && "\"\\".indexOf(header.charAt(at + 1)) >= 0) {
                    at++;
                    c = header.charAt(at);
                }
                text.append(c);
            }
            return -1;
        }
        int at = from;
        while (at < header.length() && header.charAt(at) != ';' && header.charAt(at) != ' ') {
            text.append(header.charAt(at));
            at++;
        }
        return text.isEmpty() ? -1 : at;
    }

    private static boolean isToken(String name) {
        return !name.isEmpty() && name.chars().allMatch(c -> c > ' ' && c < 0x7F && SEPARATORS.indexOf(c) < 0);
    }

    private static int skipBlanks(String text, int from) {
        int at = from;
        while (at < text.length() && (text.charAt(at) == ' ' || text.charAt(at) == '\t')) {
            at++;
        }
        return at;
    }
}
