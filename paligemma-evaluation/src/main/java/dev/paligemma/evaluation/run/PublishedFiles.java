package dev.paligemma.evaluation.run;

import dev.paligemma.base.internal.JsonObject;
import dev.paligemma.evaluation.detection.CocoBox;
import dev.paligemma.evaluation.detection.CocoObject;
import dev.paligemma.evaluation.detection.CocoTruth;
import dev.paligemma.evaluation.detection.Shape;
import dev.paligemma.evaluation.internal.JsonLists;
import dev.paligemma.evaluation.internal.Shapes;
import dev.paligemma.evaluation.metric.EvaluationException;
import dev.paligemma.vision.format.ImageOptions;
import dev.paligemma.vision.mask.CocoRle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The files in which data sets were published. Confined to one thread. */
final class PublishedFiles {
    private final EvaluationData.Builder how;
    private final QuestionReader reader;

    PublishedFiles(EvaluationData.Builder how, QuestionReader reader) {
        this.how = how;
        this.reader = reader;
    }

    /** ChartQA, or the expressions of RefCOCO. */
    void readList() {
        List<JsonObject> expressions = new ArrayList<>();
        int[] number = {0};
        JsonLists.ofList(how.file, entry -> {
            number[0]++;
            if (entry.has("imgname")) {
                Truth truth = new Truth.Texts(List.of(Shapes.id(entry, "label")));
                ask(
                        entry,
                        String.valueOf(number[0]),
                        Shapes.text(entry, "imgname"),
                        Shapes.text(entry, "query"),
                        truth);
            } else if (entry.has("sentences")) {
                expressions.add(entry);
            } else {
                throw new EvaluationException(
                        entry.where() + " is neither of ChartQA (imgname, query, label) nor of RefCOCO"
                                + " (ref_id, ann_id, sentences)");
            }
        });
        if (!expressions.isEmpty()) {
            refer(expressions);
        }
    }

    /** All others, by the lists that a file has. */
    void readObject(Set<String> lists) {
        if (lists.contains("questions")) {
            vqa();
        } else if (lists.contains("data")) {
            JsonLists.ofObject(how.file, Map.of("data", this::textOrDocument));
        } else if (!lists.contains("annotations")) {
            throw new EvaluationException(how.file + " has pictures and no annotations");
        } else if (lists.contains("categories")) {
            coco();
        } else {
            captions();
        }
    }

    private void ask(JsonObject entry, String id, String picture, String question, Truth truth) {
        reader.add(entry.where(), id, picture, reader.prompt(entry.where(), Map.of("question", question)), truth);
    }

    /** VQAv2: questions in one file, ten answers to each in another. */
    private void vqa() {
        Path second = how.annotations()
                .orElseThrow(
                        () -> new EvaluationException(
                                how.file + " has the questions of VQAv2; its answers are in a second"
                                        + " file, v2_mscoco_val2014_annotations.json for example, to be named with annotations(...)"));
        Map<String, List<String>> answers = new LinkedHashMap<>();
        JsonLists.ofObject(
                second,
                Map.of(
                        "annotations",
                        entry -> answers.put(Shapes.id(entry, "question_id"), QuestionReader.texts(entry, "answers"))));
        String part = String.valueOf(how.file.getFileName()).contains("train") ? "train2014" : "val2014";
        JsonLists.ofObject(how.file, Map.of("questions", entry -> {
            String id = Shapes.id(entry, "question_id");
            List<String> right = answers.get(id);
            if (right == null) {
                throw new EvaluationException(entry.where() + ": question " + id + " has no answers in " + second);
            }
            String number = "0".repeat(12) + Shapes.id(entry, "image_id");
            String file = number.substring(number.length() - 12) + ".jpg";
            String picture = first("COCO_" + part + "_" + file, file);
            ask(entry, id, picture, Shapes.text(entry, "question"), new Truth.Texts(right));
        }));
    }

    /** TextVQA, DocVQA and InfographicVQA. */
    private void textOrDocument(JsonObject entry) {
        String id = Shapes.id(entry, entry.has("questionId") ? "questionId" : "question_id");
        Truth truth = new Truth.Texts(QuestionReader.texts(entry, "answers"));
        String picture;
        if (entry.has("image_local_name")) {
            picture = Shapes.text(entry, "image_local_name");
        } else if (entry.has("image")) {
            String name = Shapes.text(entry, "image");
            picture = first(name, name.substring(name.lastIndexOf('/') + 1));
        } else {
            picture = Shapes.id(entry, "image_id") + ".jpg";
        }
        ask(entry, id, picture, Shapes.text(entry, "question"), truth);
    }

    /** The first of two names that is there, or the first at all. */
    private String first(String name, String other) {
        return Files.exists(how.folder().resolve(name))
                        || !Files.exists(how.folder().resolve(other))
                ? name
                : other;
    }

    /** COCO's captions: several of each picture. */
    private void captions() {
        Map<String, JsonObject> images = new LinkedHashMap<>();
        Map<String, List<String>> captions = new LinkedHashMap<>();
        JsonLists.ofObject(
                how.file,
                Map.of(
                        "images", entry -> images.put(Shapes.id(entry, "id"), entry),
                        "annotations",
                                entry -> captions.computeIfAbsent(
                                                Shapes.id(entry, "image_id"), image -> new ArrayList<>())
                                        .add(Shapes.text(entry, "caption"))));
        images.forEach((id, entry) -> {
            List<String> own = captions.get(id);
            if (own == null) {
                throw new EvaluationException(entry.where() + ": picture " + id + " has no caption");
            }
            String where = entry.where();
            reader.add(
                    where, id, Shapes.text(entry, "file_name"), reader.prompt(where, Map.of()), new Truth.Texts(own));
        });
    }

    /** COCO's objects, or expressions in their form: each picture has a caption, which is about its one object. */
    private void coco() {
        Map<String, JsonObject> images = new LinkedHashMap<>();
        JsonLists.ofObject(how.file, Map.of("images", entry -> images.put(Shapes.id(entry, "id"), entry)));
        boolean expressions = images.values().stream().anyMatch(entry -> entry.has("caption"));
        // Masks are read where they are there; which metric is asked for is not known here.
        CocoTruth boxes = CocoTruth.read(how.file, Shape.BOX);
        CocoTruth truth = hasMasks() ? CocoTruth.read(how.file, Shape.MASK) : boxes;
        Map<String, List<CocoObject>> objects = new LinkedHashMap<>();
        truth.objects()
                .forEach(each -> objects.computeIfAbsent(each.image(), image -> new ArrayList<>())
                        .add(each));
        Map<String, String> names = truth.categories();
        String labels = String.join(" ; ", new LinkedHashSet<>(names.values()));
        images.forEach((id, entry) -> {
            List<CocoObject> own = objects.getOrDefault(id, List.of());
            String where = entry.where();
            String picture = Shapes.text(entry, "file_name");
            if (expressions) {
                String expression = Shapes.text(entry, "caption");
                String prompt = reader.prompt(where, Map.of("expression", expression));
                reader.add(where, id, picture, prompt, referred(own, where));
            } else {
                List<Truth.Thing> things = own.stream()
                        .map(each -> new Truth.Thing(
                                names.getOrDefault(each.category(), each.category()),
                                each.box(),
                                each.mask(),
                                each.area(),
                                each.crowd()))
                        .toList();
                reader.add(
                        where,
                        id,
                        picture,
                        reader.prompt(where, Map.of("labels", labels)),
                        new Truth.Things(
                                entry.integer("width", 0, 0, ImageOptions.MAX_SIDE),
                                entry.integer("height", 0, 0, ImageOptions.MAX_SIDE),
                                things));
            }
        });
    }

    private boolean hasMasks() {
        boolean[] all = {true};
        JsonLists.ofObject(how.file, Map.of("annotations", entry -> all[0] &= entry.has("segmentation")));
        return all[0];
    }

    private static Truth referred(List<CocoObject> own, String where) {
        if (own.size() != 1) {
            throw new EvaluationException(
                    where + " has a caption and " + own.size() + " objects, expected the one that it is about");
        }
        CocoRle mask = own.get(0)
                .mask()
                .orElseThrow(() -> new EvaluationException(where + ": its object has no segmentation"));
        return QuestionReader.referred(own.get(0).box(), mask, where);
    }

    /** RefCOCO's expressions, as JSON, with COCO's objects in a second file: a question for each sentence. */
    private void refer(List<JsonObject> expressions) {
        Path second = how.annotations()
                .orElseThrow(
                        () -> new EvaluationException(how.file + " has the expressions of RefCOCO; the objects are in a"
                                + " second file, instances.json, to be named with annotations(...)"));
        Set<String> splits = new LinkedHashSet<>();
        expressions.forEach(each ->
                splits.add(Optional.ofNullable(each.stringOrNull("split")).orElse("")));
        String split = how.split().orElse(splits.size() == 1 ? splits.iterator().next() : null);
        if (split == null || !splits.contains(split)) {
            throw new EvaluationException(
                    how.file + " has the splits " + String.join(", ", splits) + "; choose one of them with split(...)");
        }
        Map<String, JsonObject> images = new LinkedHashMap<>();
        Map<String, JsonObject> annotations = new LinkedHashMap<>();
        Set<String> wanted = new LinkedHashSet<>();
        expressions.forEach(each -> wanted.add(Shapes.id(each, "ann_id")));
        JsonLists.ofObject(
                second,
                Map.of(
                        "images", entry -> images.put(Shapes.id(entry, "id"), entry),
                        "annotations",
                                entry -> {
                                    if (wanted.contains(Shapes.id(entry, "id"))) {
                                        annotations.put(Shapes.id(entry, "id"), entry);
                                    }
                                }));
        for (JsonObject each : expressions) {
            if (split.equals(Optional.ofNullable(each.stringOrNull("split")).orElse(""))) {
                JsonObject annotation = entry(annotations, Shapes.id(each, "ann_id"), each, second);
                JsonObject image = entry(images, Shapes.id(annotation, "image_id"), annotation, second);
                Truth truth = referred(annotation, image);
                for (JsonObject sentence : each.objects("sentences")) {
                    String id = Shapes.id(each, "ref_id") + "-" + Shapes.id(sentence, "sent_id");
                    String prompt =
                            reader.prompt(sentence.where(), Map.of("expression", Shapes.text(sentence, "sent")));
                    reader.add(sentence.where(), id, Shapes.text(image, "file_name"), prompt, truth);
                }
            }
        }
    }

    private static JsonObject entry(Map<String, JsonObject> all, String id, JsonObject from, Path second) {
        @Nullable JsonObject found = all.get(id);
        if (found == null) {
            throw new EvaluationException(
                    from.where() + " needs the entry " + id + ", which " + second + " does not have");
        }
        return found;
    }

    private static Truth referred(JsonObject annotation, JsonObject image) {
        int width = image.integer("width", 0, 1, ImageOptions.MAX_SIDE);
        int height = image.integer("height", 0, 1, ImageOptions.MAX_SIDE);
        CocoRle mask = Shapes.mask(annotation.members().get("segmentation"), width, height, annotation.where());
        return QuestionReader.referred(CocoBox.of(Shapes.box(annotation, "bbox")), mask, annotation.where());
    }
}
