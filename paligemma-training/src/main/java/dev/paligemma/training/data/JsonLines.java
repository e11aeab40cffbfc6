package dev.paligemma.training.data;

import dev.paligemma.base.internal.FailureReason;
import dev.paligemma.base.internal.InputFiles;
import dev.paligemma.base.internal.Json;
import dev.paligemma.base.internal.JsonObject;
import dev.paligemma.base.internal.Quote;
import dev.paligemma.training.run.FineTuningException;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Reads a file with one JSON object a line: {@code {"image": "1.jpg", "prefix": "caption en", "suffix": "a red star"}}.
 * Confined to one thread.
 */
final class JsonLines {
    static final int MAX_LINE_BYTES = 1 << 20;
    static final int MAX_EXAMPLES = 10_000_000;

    private static final String SHAPE =
            "expected {\"image\": \"1.jpg\", \"prefix\": \"caption en\", \"suffix\": \"a red"
                    + " star\"}, one such object a line";
    /** The bytes of the mark that some editors put in front of UTF-8. */
    private static final int MARK_BYTES = 3;

    private final Path file;
    private final Path pictures;
    private final Problems problems;

    JsonLines(Path file, ReadOptions options, Problems problems) {
        this.file = file;
        this.pictures = options.pictures().orElse(file.resolveSibling(""));
        this.problems = problems;
    }

    List<Example> read() {
        Path real = InputFiles.regular(file, FineTuningException::new);
        List<Example> examples = new ArrayList<>();
        try (InputStream in = new BufferedInputStream(Files.newInputStream(real), 1 << 16)) {
            skipMark(in);
            int number = 1;
            for (byte[] line = line(in, number); line != null; line = line(in, ++number)) {
                if (!isBlank(line)) {
                    byte[] bytes = line;
                    String origin = file + ", line " + number;
                    Example example = problems.attempt(() -> example(bytes, origin));
                    if (example != null) {
                        examples.add(example);
                    }
                    if (examples.size() > MAX_EXAMPLES) {
                        throw new FineTuningException(file + " holds more than " + MAX_EXAMPLES + " examples");
                    }
                }
            }
        } catch (IOException e) {
            throw new FineTuningException("cannot read " + file + ": " + FailureReason.of(e, file), e);
        }
        return examples;
    }

    /** Leaves out the mark of UTF-8 at the beginning; refuses UTF-16. */
    private void skipMark(InputStream in) throws IOException {
        in.mark(MARK_BYTES);
        byte[] start = in.readNBytes(MARK_BYTES);
        if (start.length == MARK_BYTES
                && (start[0] & 255) == 0xEF
                && (start[1] & 255) == 0xBB
                && (start[2] & 255) == 0xBF) {
            return;
        }
        if (start.length >= 2 && (start[0] & 255) + (start[1] & 255) == 0xFE + 0xFF) {
            throw new FineTuningException(file + " is UTF-16; save it as UTF-8");
        }
        in.reset();
    }

    /** The bytes of the next line without its end; null behind the last one. */
    private byte @Nullable [] line(InputStream in, int number) throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream(256);
        int next = in.read();
        if (next < 0) {
            return null;
        }
        for (; next >= 0 && next != '\n'; next = in.read()) {
            if (line.size() == MAX_LINE_BYTES) {
                throw new FineTuningException(file + ", line " + number + " is longer than " + MAX_LINE_BYTES
                        + " bytes; pictures are named in it, not held by it: " + SHAPE);
            }
            line.write(next);
        }
        return line.toByteArray();
    }

    private static boolean isBlank(byte[] line) {
        for (byte each : line) {
            if (each != ' ' && each != '\t' && each != '\r') {
                return false;
            }
        }
        return true;
    }

    private Example example(byte[] line, String origin) {
        JsonObject json = parse(line, origin);
        List<Picture> found = pictures(json);
        return new Example(found, text(json, "prefix"), text(json, "suffix"), origin);
    }

    private static JsonObject parse(byte[] line, String origin) {
        // Each line is a document of its own for the parser, so its "line 1" would mislead.
        return Json.readObject(
                origin,
                line,
                (message, cause) -> new FineTuningException(
                        Objects.requireNonNull(message).replaceFirst(" at line 1, column ", " at column ") + "; "
                                + SHAPE,
                        cause));
    }

    private static String text(JsonObject json, String name) {
        if (!json.has(name)) {
            throw missing(json, name);
        }
        if (!(json.members().get(name) instanceof String text)) {
            throw json.wrong(name, "a text in quotes");
        }
        return text;
    }

    private static FineTuningException missing(JsonObject json, String name) {
        List<String> names = json.members().keySet().stream().map(Quote::quote).toList();
        return new FineTuningException(json.where() + " has no " + Quote.quote(name) + ", only "
                + (names.isEmpty() ? "an empty object" : String.join(", ", names.subList(0, Math.min(8, names.size()))))
                + "; " + SHAPE);
    }

    private List<Picture> pictures(JsonObject json) {
        Object image = json.members().get("image");
        if (image == null) {
            throw missing(json, "image");
        }
        List<?> names = image instanceof List<?> list ? list : List.of(image);
        if (names.isEmpty() || names.size() > Example.MAX_PICTURES) {
            throw json.wrong("image", "the name of a picture, or a list of 1 to " + Example.MAX_PICTURES + " names");
        }
        List<Picture> found = new ArrayList<>(names.size());
        for (Object name : names) {
            if (!(name instanceof String text) || text.isBlank()) {
                throw json.wrong("image", "the name of a picture, or a list of names");
            }
            found.add(picture(json.where(), text));
        }
        return found;
    }

    private Picture picture(String origin, String name) {
        Path path;
        try {
            path = pictures.resolve(name);
        } catch (InvalidPathException e) {
            throw new FineTuningException(origin + ": " + Quote.quote(name) + " is no name of a picture", e);
        }
        Picture picture = Picture.of(name, path);
        try {
            picture.requireFile();
        } catch (FineTuningException e) {
            String place = pictures.toString().isEmpty() ? "the current folder" : pictures.toString();
            throw new FineTuningException(
                    origin + ": " + e.getMessage() + "; names of pictures are looked up in " + place, e);
        }
        return picture;
    }

    /** What else a file may be whose first line is no object, for messages; empty if it is not known. */
    static String otherKind(Path file) {
        try (InputStream in = Files.newInputStream(file)) {
            String start = new String(in.readNBytes(64), StandardCharsets.UTF_8).stripLeading();
            return start.startsWith("[") ? " It holds one JSON array; write each of its objects on a line." : "";
        } catch (IOException e) {
            return "";
        }
    }
}
