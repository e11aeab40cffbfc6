package dev.paligemma.server.internal.typed;

import dev.paligemma.base.internal.Quote;
import dev.paligemma.server.internal.http.HttpFailure;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Reads a body of {@code multipart/form-data} (RFC 7578), which may be hostile: numbers and lengths are bounded, the time grows
 * with the length of the body alone, and nothing is copied before it is asked for. What is malformed is a {@link HttpFailure} with status 400.
 */
final class FormData {
    /** The most parts of a body: more than the answers of a score and the labels of a detection. */
    static final int MAX_PARTS = 512;

    private static final int MAX_HEADER_BYTES = 8 << 10;
    private static final int MAX_BOUNDARY = 70;
    private static final String BOUNDARY_CHARACTERS = "'()+_,-./:=? ";

    private final byte[] body;
    private final byte[] delimiter;
    private final List<Part> parts = new ArrayList<>();

    private FormData(byte[] body, String boundary) {
        this.body = body;
        this.delimiter = ("\r\n--" + boundary).getBytes(StandardCharsets.US_ASCII);
    }

    /**
     * Reads the parts of a body.
     *
     * @param contentType the header of the request
     */
    static List<Part> parse(String contentType, byte[] body) {
        MediaType type = MediaType.parse(contentType)
                .orElseThrow(() -> failure("the header Content-Type is malformed: " + Quote.quote(contentType)));
        String boundary = type.parameter("boundary");
        if (boundary == null || !isBoundary(boundary)) {
            throw failure("the header Content-Type of a form needs a boundary of 1 to " + MAX_BOUNDARY
                    + " letters, digits or " + BOUNDARY_CHARACTERS.strip() + ", got "
                    + (boundary == null ? "none" : Quote.quote(boundary)));
        }
        FormData form = new FormData(body, boundary);
        form.read();
        return form.parts;
    }

    private static boolean isBoundary(String boundary) {
        return !boundary.isEmpty()
                && boundary.length() <= MAX_BOUNDARY
                && !boundary.endsWith(" ")
                && boundary.chars()
                        .allMatch(c -> (c >= 'a' && c <= 'z')
                                || (c >= 'A' && c <= 'Z')
                                || (c >= '0' && c <= '9')
                                || BOUNDARY_CHARACTERS.indexOf(c) >= 0);
    }

    private void read() {
        // The first delimiter needs no line in front of it.
        int at = matches(body, 0, delimiter, 2) ? delimiter.length - 2 : behindDelimiter(0);
        if (at < 0) {
            throw failure("the form has no part: its boundary is nowhere in the " + body.length + " bytes of the body");
        }
        while (!isAt(at, "--")) {
            at = behindLine(at);
            if (parts.size() == MAX_PARTS) {
                throw failure("the form has more than " + MAX_PARTS + " parts");
            }
            int start = readHeaders(at);
            int next = behindDelimiter(start - 2);
            if (next < 0) {
                throw failure("part " + parts.size() + " of the form has no end: the closing boundary is missing");
            }
            parts.get(parts.size() - 1).end = Math.max(start, next - delimiter.length);
            at = next;
        }
    }

    /** What follows a delimiter is a line break, perhaps with blanks in front of it. */
    private int behindLine(int from) {
        int at = from;
        while (at < body.length && (body[at] == ' ' || body[at] == '\t')) {
            at++;
        }
        if (!isAt(at, "\r\n")) {
            throw failure("the boundary of the form is followed by something else than a line break, at byte " + at);
        }
        return at + 2;
    }

    /** Reads the headers of a part, adds it, and gives the place where its content begins. */
    private int readHeaders(int from) {
        int number = parts.size() + 1;
        MediaType disposition = null;
        String mediaType = null;
        int at = from;
        while (!isAt(at, "\r\n")) {
            int end = endOfLine(at, from);
            if (end < 0) {
                throw failure("part " + number + " of the form has headers without an end or beyond " + MAX_HEADER_BYTES
                        + " bytes");
            }
            String line = utf8(at, end, "a header of part " + number + " of the form");
            int colon = line.indexOf(':');
            if (colon < 1) {
                throw failure("part " + number + " of the form has a malformed header: " + Quote.quote(line));
            }
            String value = line.substring(colon + 1).strip();
            switch (line.substring(0, colon).toLowerCase(Locale.ROOT)) {
                case "content-disposition" -> {
                    if (disposition != null) {
                        throw failure("part " + number + " of the form has two headers Content-Disposition");
                    }
                    disposition = MediaType.parse(value).orElse(null);
                }
                case "content-type" -> mediaType = value;
                case "content-transfer-encoding" -> requirePlain(value, number);
                default -> {
                    // RFC 7578: other headers are ignored.
                }
            }
            at = end + 2;
        }
        String name = disposition == null ? null : disposition.parameter("name");
        if (disposition == null || name == null || !disposition.value().equals("form-data")) {
            throw failure("part " + number
                    + " of the form has no name: expected a header Content-Disposition: form-data; name=\"...\"");
        }
        parts.add(new Part(name, disposition.parameter("filename"), mediaType, at + 2));
        return at + 2;
    }

    private static void requirePlain(String encoding, int number) {
        if (!List.of("binary", "8bit", "7bit").contains(encoding.toLowerCase(Locale.ROOT))) {
            throw failure("part " + number + " of the form has the transfer encoding " + Quote.quote(encoding)
                    + ", expected binary: forms send files as they are");
        }
    }

    private int endOfLine(int from, int startOfHeaders) {
        int limit = Math.min(body.length - 1, startOfHeaders + MAX_HEADER_BYTES);
        for (int at = from; at < limit; at++) {
            if (body[at] == '\r' && body[at + 1] == '\n') {
                return at;
            }
        }
        return -1;
    }

    /**
     * The place behind the next delimiter; -1 if there is none. A delimiter begins with the only carriage return in it, so no byte is
     * looked at more than twice.
     */
    private int behindDelimiter(int from) {
        for (int at = from; at <= body.length - delimiter.length; at++) {
            if (body[at] == '\r' && matches(body, at, delimiter, 0)) {
                return at + delimiter.length;
            }
        }
        return -1;
    }

    private static boolean matches(byte[] body, int at, byte[] pattern, int patternFrom) {
        int length = pattern.length - patternFrom;
        return at + length <= body.length && Arrays.equals(body, at, at + length, pattern, patternFrom, pattern.length);
    }

    private boolean isAt(int at, String ascii) {
        return matches(body, at, ascii.getBytes(StandardCharsets.US_ASCII), 0);
    }

    private String utf8(int from, int to, String what) {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(body, from, to - from))
                    .toString();
        } catch (CharacterCodingException e) {
            throw failure(what + " is not UTF-8");
        }
    }

    private static HttpFailure failure(String message) {
        return HttpFailure.badRequest(null, message);
    }

    /** One part of a form: a view of the body. */
    final class Part {
        private final String name;
        private final @Nullable String fileName;
        private final @Nullable String mediaType;
        private final int start;
        private int end;

        private Part(String name, @Nullable String fileName, @Nullable String mediaType, int start) {
            this.name = name;
            this.fileName = fileName;
            this.mediaType = mediaType;
            this.start = start;
        }

        /** The name of the field. */
        String name() {
            return name;
        }

        /** Whether a file was chosen for this part, and not a text written. */
        boolean isFile() {
            return fileName != null && !isNoFile();
        }

        /** Whether it is what a browser sends where no file was chosen. */
        boolean isNoFile() {
            return fileName != null && fileName.isEmpty() && start == end;
        }

        /** A copy of the content. */
        byte[] bytes() {
            return Arrays.copyOfRange(body, start, end);
        }

        /** The content as a text, which must be UTF-8. */
        String text() {
            String charset = mediaType == null
                    ? null
                    : MediaType.parse(mediaType)
                            .map(type -> type.parameter("charset"))
                            .orElse(null);
            if (charset != null && !List.of("utf-8", "us-ascii").contains(charset.toLowerCase(Locale.ROOT))) {
                throw failure("the field " + Quote.quote(name) + " has the character set " + Quote.quote(charset)
                        + ", expected UTF-8");
            }
            return utf8(start, end, "the field " + Quote.quote(name));
        }
    }
}
