package dev.paligemma.evaluation.run;

import dev.paligemma.base.internal.JsonObject;
import dev.paligemma.base.internal.Quote;
import dev.paligemma.evaluation.detection.CocoBox;
import dev.paligemma.evaluation.internal.JsonLists;
import dev.paligemma.evaluation.internal.JsonRows;
import dev.paligemma.evaluation.internal.Runs;
import dev.paligemma.evaluation.internal.Shapes;
import dev.paligemma.evaluation.metric.EvaluationException;
import dev.paligemma.vision.format.ImageOptions;
import dev.paligemma.vision.mask.CocoRle;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Reads questions, from JSON lines or whatever published file it is. Confined to one thread. */
final class QuestionReader {
    private static final String SHAPE = "expected one of answers, captions, references, boxes, or mask with bbox";

    private final EvaluationData.Builder how;
    private final QuestionList questions;

    QuestionReader(EvaluationData.Builder how) {
        this.how = how;
        questions = new QuestionList(how.file.toString());
    }

    List<Question> read() {
        refusePickle();
        if (JsonLists.isList(how.file)) {
            new PublishedFiles(how, this).readList();
        } else {
            Set<String> lists = JsonLists.names(how.file);
            if (lists.contains("questions") || lists.contains("data") || lists.contains("images")) {
                new PublishedFiles(how, this).readObject(lists);
            } else {
                JsonRows.read(how.file, this::row);
            }
        }
        return questions.all();
    }

    /** RefCOCO's expressions were published as a pickle of Python, which is a program and not data. */
    private void refusePickle() {
        try (InputStream in = Files.newInputStream(how.file)) {
            byte[] start = in.readNBytes(3);
            boolean binary = start.length > 0 && (start[0] & 255) == 0x80;
            if (binary || (start.length == 3 && start[0] == '(' && start[1] == 'l' && start[2] == 'p')) {
                throw new EvaluationException(
                        how.file + " is a pickle of Python; write it as JSON first: python -c \"import"
                                + " json, pickle; json.dump(pickle.load(open('refs(unc).p', 'rb')), open('refs.json', 'w'))\"");
            }
        } catch (IOException e) {
            // said by the reader that follows
        }
    }

    /** One line; POPE's published lines are such ones too, with other names. */
    private void row(JsonObject row) {
        String name = Shapes.text(row, "image");
        String id = row.has("id")
                ? Shapes.id(row, "id")
                : row.has("question_id") ? Shapes.id(row, "question_id") : String.valueOf(questions.size() + 1);
        Truth truth = truth(row);
        String prompt = row.stringOrNull("prompt");
        add(row.where(), id, name, prompt == null ? prompt(row.where(), fields(row, truth)) : prompt, truth);
    }

    /** What a prompt may name: the texts of a row, lists of texts with commas between them, and the labels of its boxes. */
    private static Map<String, String> fields(JsonObject row, Truth truth) {
        Map<String, String> fields = new HashMap<>();
        row.members().forEach((name, value) -> {
            if (value instanceof String text) {
                fields.put(name, text);
            } else if (value instanceof List<?> list && list.stream().allMatch(String.class::isInstance)) {
                fields.put(name, list.stream().map(String::valueOf).collect(Collectors.joining(", ")));
            }
        });
        if (row.has("text")) {
            fields.putIfAbsent("question", String.valueOf(fields.get("text")));
        }
        if (truth instanceof Truth.Things things && !things.things().isEmpty()) {
            fields.put(
                    "labels",
                    things.things().stream().map(Truth.Thing::label).distinct().collect(Collectors.joining(" ; ")));
        }
        return fields;
    }

    private static Truth truth(JsonObject row) {
        for (String name : List.of("answers", "captions", "references")) {
            if (row.has(name)) {
                return new Truth.Texts(texts(row, name));
            }
        }
        if (row.has("label") || row.has("answer")) {
            return new Truth.Texts(List.of(Shapes.text(row, row.has("label") ? "label" : "answer")));
        }
        int width = row.integer("width", 0, 1, ImageOptions.MAX_SIDE);
        int height = row.integer("height", 0, 1, ImageOptions.MAX_SIDE);
        if (row.has("boxes")) {
            List<Truth.Thing> things = new ArrayList<>();
            row.objects("boxes").forEach(each -> things.add(thing(each, width, height)));
            return new Truth.Things(width, height, things);
        }
        Object shape = Shapes.segmentation(row);
        if (shape != null) {
            CocoRle mask = Shapes.mask(shape, width, height, row.where());
            double[] box = row.has("bbox") || row.has("box")
                    ? Shapes.anyBox(row)
                    : Runs.of(mask).box();
            return referred(CocoBox.of(box), mask, row.where());
        }
        throw new EvaluationException(row.where() + " has no right answer; " + SHAPE);
    }

    private static Truth.Thing thing(JsonObject each, int width, int height) {
        Object shape = Shapes.segmentation(each);
        Optional<CocoRle> mask =
                shape != null ? Optional.of(Shapes.mask(shape, width, height, each.where())) : Optional.empty();
        CocoBox box = mask.isPresent() && !each.has("bbox") && !each.has("box")
                ? CocoBox.of(Runs.of(mask.get()).box())
                : CocoBox.of(Shapes.anyBox(each));
        double area = mask.map(Runs::of).map(runs -> (double) runs.area()).orElse(box.area());
        return new Truth.Thing(
                Shapes.text(each, "label"),
                box,
                mask,
                each.has("area") ? Shapes.number(each, "area") : area,
                Shapes.isCrowd(each));
    }

    /** What one expression is about. */
    static Truth.Referred referred(CocoBox box, CocoRle mask, String where) {
        if (Runs.of(mask).area() == 0 || !(box.width() > 0 && box.height() > 0)) {
            throw new EvaluationException(where + ": the mask or the box of what is looked for is empty");
        }
        return new Truth.Referred(box, mask.toMask());
    }

    /** Texts, or objects with a text {@code answer} as in VQAv2. */
    static List<String> texts(JsonObject row, String name) {
        List<@Nullable Object> values = row.listOrNull(name);
        List<String> texts = new ArrayList<>();
        for (Object value : values == null ? List.of() : values) {
            Object text = value instanceof Map<?, ?> entry ? entry.get("answer") : value;
            if (!(text instanceof String each)) {
                throw row.wrong(name, "a list of texts");
            }
            texts.add(each);
        }
        if (texts.isEmpty()) {
            throw new EvaluationException(row.where() + ": " + name + " must have at least one text; the test parts of"
                    + " data sets are published without answers");
        }
        return texts;
    }

    /** The prompt of a question that has none of its own. */
    String prompt(String where, Map<String, String> fields) {
        String prompt = how.prompt()
                .orElseThrow(() ->
                        new EvaluationException(where + " has no prompt; give it one, or choose a task that has one"));
        // Once through: what stands in braces in a question stays.
        StringBuilder filled = new StringBuilder();
        int at = 0;
        for (int open = prompt.indexOf('{'); open >= 0; open = prompt.indexOf('{', at)) {
            int close = prompt.indexOf('}', open);
            String name = close < 0 ? "" : prompt.substring(open + 1, close);
            String value = fields.get(name);
            if (value == null) {
                throw new EvaluationException(where + " has no " + name + " for the prompt " + Quote.quote(prompt));
            }
            filled.append(prompt, at, open).append(value);
            at = close + 1;
        }
        return filled.append(prompt.substring(at)).toString();
    }

    void add(String where, String id, String name, String prompt, Truth truth) {
        try {
            questions.add(new Question(id, name, how.folder().resolve(name), prompt, truth));
        } catch (InvalidPathException e) {
            throw new EvaluationException(where + ": " + Quote.quote(name) + " is no name of a picture", e);
        }
    }
}
