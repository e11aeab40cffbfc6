package dev.paligemma.examples;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.paligemma.vision.mask.BitMask;
import dev.paligemma.vision.mask.CocoRle;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A question about the shapes in a drawn scene, which are known to the pixel.
 *
 * @param file name of the picture, relative to the folder of {@code segments.jsonl}
 * @param prompt the whole prompt
 * @param expected what the model should write
 * @param masks the pixels of each thing asked for, in the order of the answer; none for things that are not there
 */
record MaskQuestion(String file, String prompt, String expected, List<BitMask> masks) {
    private static final JsonFactory JSON = new JsonFactory();

    MaskQuestion {
        if (file.isEmpty() || prompt.isEmpty()) {
            throw new IllegalArgumentException("a question about shapes needs file and prompt");
        }
        masks = List.copyOf(masks);
    }

    /**
     * Reads the questions of a folder.
     *
     * @param folder the folder with {@code segments.jsonl}: one JSON object per line, masks as compressed COCO run lengths
     * @return the questions in the order of the file
     * @throws IOException if the file cannot be read or a line lacks a field
     */
    static List<MaskQuestion> readAll(Path folder) throws IOException {
        List<MaskQuestion> questions = new ArrayList<>();
        Path list = folder.resolve("segments.jsonl");
        try (BufferedReader lines = Files.newBufferedReader(list)) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                try {
                    questions.add(parse(line));
                } catch (IllegalArgumentException e) {
                    throw new IOException(list + ", line " + (questions.size() + 1) + ": " + e.getMessage(), e);
                }
            }
        }
        return questions;
    }

    private static MaskQuestion parse(String line) throws IOException {
        String file = "";
        String prompt = "";
        String expected = "";
        List<BitMask> masks = new ArrayList<>();
        try (JsonParser json = JSON.createParser(line)) {
            json.nextToken();
            while (json.nextToken() == JsonToken.FIELD_NAME) {
                String name = json.currentName();
                json.nextToken();
                switch (name) {
                    case "file" -> file = json.getText();
                    case "prompt" -> prompt = json.getText();
                    case "expected" -> expected = json.getText();
                    case "masks" -> {
                        while (json.nextToken() != JsonToken.END_ARRAY) {
                            masks.add(mask(json));
                        }
                    }
                    default -> json.skipChildren();
                }
            }
        }
        return new MaskQuestion(file, prompt, expected, masks);
    }

    /** {@code {"size": [height, width], "counts": "..."}}, as pycocotools writes it. */
    private static BitMask mask(JsonParser json) throws IOException {
        int height = 0;
        int width = 0;
        String counts = "";
        while (json.nextToken() == JsonToken.FIELD_NAME) {
            String name = json.currentName();
            json.nextToken();
            if (name.equals("size")) {
                height = json.nextIntValue(0);
                width = json.nextIntValue(0);
                json.nextToken();
            } else {
                counts = json.getText();
            }
        }
        return CocoRle.parse(width, height, counts).toMask();
    }
}
