package dev.paligemma.examples;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

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
    private static final JsonFactory JSON = new JsonFactory();

    /**
     * Reads the questions of a folder.
     *
     * @param folder the folder with {@code scenes.jsonl}: one JSON object per line; fields this record does not have
     *     are skipped
     * @return the questions in the order of the file
     * @throws IOException if the file cannot be read or a line lacks a field
     */
    static List<Scene> readAll(Path folder) throws IOException {
        List<Scene> scenes = new ArrayList<>();
        Path list = folder.resolve("scenes.jsonl");
        try (BufferedReader lines = Files.newBufferedReader(list)) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                Map<String, String> fields = stringFields(line);
                try {
                    scenes.add(new Scene(
                            fields.getOrDefault("file", ""),
                            fields.getOrDefault("kind", ""),
                            fields.getOrDefault("prompt", ""),
                            fields.getOrDefault("expected", "")));
                } catch (IllegalArgumentException e) {
                    throw new IOException(list + ", line " + (scenes.size() + 1) + ": " + e.getMessage(), e);
                }
            }
        }
        return scenes;
    }

    Scene {
        if (file.isEmpty() || kind.isEmpty() || prompt.isEmpty()) {
            throw new IllegalArgumentException("a scene needs file, kind and prompt");
        }
    }

    private static Map<String, String> stringFields(String line) throws IOException {
        Map<String, String> fields = new HashMap<>();
        try (JsonParser json = JSON.createParser(line)) {
            json.nextToken();
            while (json.nextToken() == JsonToken.FIELD_NAME) {
                String name = json.currentName();
                if (json.nextToken() == JsonToken.VALUE_STRING) {
                    fields.put(name, json.getText());
                } else {
                    json.skipChildren();
                }
            }
        }
        return fields;
    }
}
