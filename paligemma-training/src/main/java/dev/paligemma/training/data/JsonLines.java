package dev.paligemma.training.data;

import dev.paligemma.base.internal.JsonLineFile;
import dev.paligemma.base.internal.JsonObject;
import dev.paligemma.base.internal.Quote;
import dev.paligemma.training.run.FineTuningException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

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
    private final Path file;
    private final Path pictures;
    private final Problems problems;

    JsonLines(Path file, ReadOptions options, Problems problems) {
        this.file = file;
        this.pictures = options.pictures().orElse(file.resolveSibling(""));
        this.problems = problems;
    }

    List<Example> read() {
        List<Example> examples = new ArrayList<>();
        JsonLineFile.read(
                file,
                MAX_LINE_BYTES,
                "pictures are named in it, not held by it: " + SHAPE,
                FineTuningException::new,
                (line, origin) -> {
                    Example example = problems.attempt(() -> example(line, origin));
                    if (example != null) {
                        examples.add(example);
                    }
                    if (examples.size() > MAX_EXAMPLES) {
                        throw new FineTuningException(file + " holds more than " + MAX_EXAMPLES + " examples");
                    }
                });
        return examples;
    }

    private Example example(byte[] line, String origin) {
        JsonObject json = JsonLineFile.object(line, origin, "; " + SHAPE, FineTuningException::new);
        List<Picture> found = pictures(json);
        return new Example(found, text(json, "prefix"), text(json, "suffix"), origin);
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
