package dev.paligemma.evaluation.detection;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.paligemma.base.internal.InputFiles;
import dev.paligemma.base.internal.Json;
import dev.paligemma.base.internal.JsonObject;
import dev.paligemma.evaluation.internal.JsonRows;
import dev.paligemma.evaluation.metric.EvaluationException;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.BiConsumer;

/** Reads truth and detections, in the files of COCO or as JSON lines, piece by piece. Stateless. */
final class CocoFiles {
    private static final long MAX_BYTES = 4L << 30;
    private static final int MAX_ENTRIES = 20_000_000;

    private static final String SHAPE = "expected COCO's object annotations with the lists images, annotations and"
            + " categories, or JSON lines with id and boxes";

    private CocoFiles() {}

    private interface Reading {
        void read(JsonParser parser) throws IOException;
    }

    static CocoTruth truth(Path file, Shape shape) {
        TruthReader truth = new TruthReader(file, shape);
        boolean[] lines = {false};
        read(file, parser -> {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                throw new EvaluationException(file + " does not hold a JSON object; " + SHAPE);
            }
            lines[0] = !truthOfOneObject(parser, file, truth);
        });
        if (lines[0]) {
            JsonRows.read(file, truth::row);
        }
        return truth.build();
    }

    /** Whether it is a file of COCO; false as soon as it turns out to be lines. */
    private static boolean truthOfOneObject(JsonParser parser, Path file, TruthReader truth) throws IOException {
        Set<String> wanted = Set.of("images", "annotations", "categories");
        Set<String> seen = new HashSet<>();
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String name = parser.currentName();
            JsonToken value = parser.nextToken();
            if (seen.isEmpty() && List.of("boxes", "id", "image").contains(name)) {
                return false;
            }
            if (!wanted.contains(name)) {
                parser.skipChildren();
                continue;
            }
            if (value != JsonToken.START_ARRAY) {
                throw new EvaluationException(file + ": " + name + " must be a list; " + SHAPE);
            }
            seen.add(name);
            switch (name) {
                case "images" -> entries(parser, file, name, truth::image);
                case "categories" -> entries(parser, file, name, truth::category);
                default -> entries(parser, file, name, truth::annotation);
            }
        }
        if (!seen.equals(wanted)) {
            throw new EvaluationException(file + " lacks images, annotations or categories; " + SHAPE);
        }
        return true;
    }

    static List<CocoDetection> detections(Path file, CocoTruth truth, Shape shape) {
        DetectionReader found = new DetectionReader(file, truth, shape);
        boolean[] lines = {false};
        read(file, parser -> {
            JsonToken first = parser.nextToken();
            lines[0] = first == JsonToken.START_OBJECT;
            if (first == JsonToken.START_ARRAY) {
                entries(parser, file, "", found::result);
            } else if (!lines[0]) {
                throw new EvaluationException(file + " holds no detections; expected a list of COCO's results, such as"
                        + " [{\"image_id\": 1, \"category_id\": 18, \"bbox\": [x, y, width, height], \"score\": 0.9}],"
                        + " or JSON lines");
            }
        });
        if (lines[0]) {
            JsonRows.read(file, found::row);
        }
        return found.all();
    }

    private static void read(Path file, Reading reading) {
        Path real = InputFiles.regular(file, EvaluationException::new);
        try (JsonParser parser = Json.parser(new BufferedInputStream(Files.newInputStream(real), 1 << 16), MAX_BYTES)) {
            reading.read(parser);
        } catch (IOException e) {
            throw Json.malformed(file, e, EvaluationException::new);
        }
    }

    private static void entries(JsonParser parser, Path file, String list, BiConsumer<JsonObject, String> reader)
            throws IOException {
        String what = list.isEmpty() ? "entry " : list;
        for (int i = 0; parser.nextToken() != JsonToken.END_ARRAY; i++) {
            if (i == MAX_ENTRIES) {
                throw new EvaluationException(file + " has more than " + MAX_ENTRIES + " entries in a list");
            }
            String place = file + ": " + what + (list.isEmpty() ? "" + i : "[" + i + "]");
            reader.accept(Json.objectAt(parser, place, EvaluationException::new), place);
        }
    }
}
