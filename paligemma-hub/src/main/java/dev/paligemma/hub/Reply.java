package dev.paligemma.hub;

import java.net.URI;
import java.net.http.HttpHeaders;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * An answer whose body is not read yet.
 *
 * @param uri what was asked last, after redirects
 * @param status the HTTP status
 * @param headers its headers
 * @param body its body
 * @param linkedEtag what the hub itself said on the way that the content is; null if it did not
 * @param token what must not be read in a header; null if there is none
 */
record Reply(
        URI uri,
        int status,
        HttpHeaders headers,
        PolledBody body,
        @Nullable String linkedEtag,
        @Nullable AccessToken token)
        implements AutoCloseable {
    private static final Pattern NUMBER = Pattern.compile("[0-9]{1,18}");

    /** A header as it came, but for the token. */
    @Nullable
    String header(String name) {
        String value = headers.firstValue(name).orElse(null);
        return value == null || token == null ? value : token.removeFrom(value);
    }

    /** A header that is a size; -1 if it is missing or no number. */
    long size(String name) {
        String value = header(name);
        return value != null && NUMBER.matcher(value).matches() ? Long.parseLong(value) : -1;
    }

    boolean isRedirect() {
        return switch (status) {
            case 301, 302, 303, 307, 308 -> true;
            default -> false;
        };
    }

    /** What the hub calls the content: a checksum. */
    @Nullable
    String etag() {
        String linked = header("X-Linked-Etag");
        return normalized(linked == null ? header("ETag") : linked);
    }

    static @Nullable String normalized(@Nullable String etag) {
        if (etag == null) {
            return null;
        }
        String text = etag.startsWith("W/") ? etag.substring(2) : etag;
        return text.replace("\"", "");
    }

    /** How long the server asks to wait; null if it does not say. */
    @Nullable
    Duration retryAfter() {
        String value = header("Retry-After");
        if (value == null) {
            return null;
        }
        if (NUMBER.matcher(value.strip()).matches()) {
            return Duration.ofSeconds(Math.min(Long.parseLong(value.strip()), Integer.MAX_VALUE));
        }
        try {
            Instant then = ZonedDateTime.parse(value, DateTimeFormatter.RFC_1123_DATE_TIME)
                    .toInstant();
            Duration wait = Duration.between(Instant.now(), then);
            return wait.isNegative() ? Duration.ZERO : wait;
        } catch (DateTimeException e) {
            return null;
        }
    }

    @Override
    public void close() {
        body.close();
    }
}
