package dev.paligemma.examples;

import dev.paligemma.base.PaliGemmaException;
import dev.paligemma.base.internal.Json;
import dev.paligemma.base.internal.JsonObject;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;

/**
 * One question about one drawn scene whose answer is known.
 *
 * @param file name of the picture, relative to the folder of {@code scenes.jsonl}
 * @param kind {@code caption}, {@code answer}, {@code ocr}, {@code detect}, or {@code detect-absent} for things that
 *     are not in the picture
 * @param prompt the whole prompt
 * @param expected the only right answer
 */
record Scene(String file, String kind, String prompt, String expected) {
    Scene {
        if (file.isEmpty() || kind.isEmpty() || prompt.isEmpty()) {
            throw new IllegalArgumentException("a scene needs file, kind and prompt");
        }
    }

    /**
     * Reads the questions of {@code scenes.jsonl} in a folder, in order: one JSON object per line, of which other members
     * are skipped.
     *
     * @throws IOException if the file cannot be read
     * @throws PaliGemmaException if a line is not such an object
     */
    static List<Scene> readAll(Path folder) throws IOException {
        return readLines(
                folder.resolve("scenes.jsonl"),
                line -> new Scene(
                        text(line, "file"), text(line, "kind"), text(line, "prompt"), text(line, "expected")));
    }

    /** Reads a file of one JSON object per line. */
    static <T> List<T> readLines(Path list, Function<JsonObject, T> question) throws IOException {
        List<T> questions = new ArrayList<>();
        for (String line : Files.readAllLines(list)) {
            String where = list + ", line " + (questions.size() + 1);
            try {
                questions.add(question.apply(
                        Json.readObject(where, line.getBytes(StandardCharsets.UTF_8), PaliGemmaException::new)));
            } catch (IllegalArgumentException e) {
                throw new IOException(where + ": " + e.getMessage(), e);
            }
        }
        return questions;
    }

    /** A member that is a text; empty if there is none. */
    static String text(JsonObject line, String member) {
        return Objects.requireNonNullElse(line.stringOrNull(member), "");
    }
}
