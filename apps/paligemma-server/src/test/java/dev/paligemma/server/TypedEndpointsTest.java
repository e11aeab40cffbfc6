package dev.paligemma.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.offset;

import dev.paligemma.base.PaliGemmaException;
import dev.paligemma.base.internal.Json;
import dev.paligemma.base.internal.JsonObject;
import dev.paligemma.detection.AnnotationOptions;
import dev.paligemma.detection.Annotations;
import dev.paligemma.detection.Detection;
import dev.paligemma.detection.DetectionResult;
import dev.paligemma.detection.Segment;
import dev.paligemma.detection.SegmentationResult;
import dev.paligemma.generation.AnswerScore;
import dev.paligemma.generation.GenerationResult;
import dev.paligemma.generation.Sampling;
import dev.paligemma.task.Tasks;
import dev.paligemma.tiny.TinyModel;
import dev.paligemma.vision.RgbImage;
import dev.paligemma.vision.mask.BitMask;
import dev.paligemma.vision.mask.CocoRle;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TypedEndpointsTest {
    private static PaliGemmaServer server;
    private static byte[] picture;
    private static RgbImage image;
    private static String base64;

    @BeforeAll
    static void start() throws IOException {
        server = Servers.tiny().start();
        picture = Files.readAllBytes(TinyModel.picture());
        image = RgbImage.read(picture);
        base64 = Base64.getEncoder().encodeToString(picture);
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    @Test
    void captionsAFormAndJsonAlike() throws IOException {
        JsonObject form = read(form().post(server, "/v1/caption"));
        JsonObject json = read(post("/v1/caption", ""));

        GenerationResult expected = Servers.pipeline().run(Tasks.caption("en"), image);
        for (JsonObject answer : List.of(form, json)) {
            assertThat(answer.members().keySet()).containsExactly("text", "finish_reason", "usage", "timings", "model");
            assertThat(answer.stringOrNull("text")).isEqualTo(expected.text()).isEqualTo(TinyModel.CAPTION);
            assertThat(answer.stringOrNull("finish_reason")).isEqualTo("stop");
            assertThat(answer.stringOrNull("model")).isEqualTo("paligemma-tiny");
            JsonObject usage = answer.object("usage");
            long prompt = (long) expected.promptTokenIds().length + expected.imageTokens();
            assertThat(usage.members().get("prompt_tokens")).isEqualTo(prompt);
            assertThat(usage.members().get("image_tokens")).isEqualTo((long) expected.imageTokens());
            assertThat(usage.members().get("completion_tokens")).isEqualTo((long) expected.tokenIds().length);
            assertThat(usage.members().get("total_tokens")).isEqualTo(prompt + expected.tokenIds().length);
            assertThat(answer.object("timings").members().values())
                    .allSatisfy(ms -> assertThat((Double) ms).isBetween(0.0, 1e6));
        }
    }

    @Test
    void takesADataUriAndBase64WithLineBreaks() throws IOException {
        String uri = "{\"image\":\"data:image/png;base64," + base64 + "\"}";
        String lines = Base64.getMimeEncoder().encodeToString(picture).replace("\r\n", "\\n");

        assertThat(read(Servers.post(server, "/v1/ocr", uri)).stringOrNull("text"))
                .isEqualTo(TinyModel.WORD);
        assertThat(read(Servers.post(server, "/v1/ocr", "{\"image\":\"" + lines + "\"}"))
                        .stringOrNull("text"))
                .isEqualTo(TinyModel.WORD);
    }

    @Test
    void stylesAndLanguagesAreThoseOfTheTasks() throws IOException {
        assertThat(read(post("/v1/caption", ", \"style\": \"short\", \"language\": \"es\""))
                        .stringOrNull("text"))
                .isEqualTo(Servers.pipeline().run(Tasks.cap("es"), image).text());
        assertThat(read(post("/v1/caption", ", \"style\": \"long\"")).stringOrNull("text"))
                .isEqualTo(Servers.pipeline().run(Tasks.describe("en"), image).text());
        assertThat(read(form().text("question", "what color is the square?").post(server, "/v1/answer"))
                        .stringOrNull("text"))
                .isEqualTo(Servers.pipeline().answer(image, "what color is the square?"));
    }

    @Test
    void decodesAsAsked() throws IOException {
        assertThat(read(post("/v1/caption", ", \"max_tokens\": 2")).stringOrNull("finish_reason"))
                .isEqualTo("length");
        assertThat(read(post("/v1/caption", ", \"stop\": [\" and\"]")).stringOrNull("text"))
                .isEqualTo("a blue square");
        assertThat(read(form().text("temperature", "30")
                                .text("seed", "7")
                                .text("top_k", "50")
                                .text("max_tokens", "8")
                                .post(server, "/v1/caption"))
                        .stringOrNull("text"))
                .isEqualTo(Servers.pipeline()
                        .run(
                                Tasks.caption("en")
                                        .with(request -> request.maxNewTokens(8)
                                                .sampling(Sampling.temperature(30)
                                                        .seed(7)
                                                        .topK(50))),
                                image)
                        .text());
    }

    /** The tiny model has no idea what a zebra is. */
    @Test
    void limitsOnChanceAskForChance() throws IOException {
        Set<String> texts = new TreeSet<>();
        for (int seed = 0; seed < 10; seed++) {
            String text = read(post("/v1/answer", ", \"question\": \"zebra\", \"top_k\": 1000000, \"seed\": " + seed))
                    .stringOrNull("text");
            texts.add(text);
            assertThat(read(post("/v1/answer", ", \"question\": \"zebra\", \"temperature\": 1, \"seed\": " + seed))
                            .stringOrNull("text"))
                    .isEqualTo(text);
        }
        assertThat(texts).hasSizeGreaterThan(1);
        assertThat(read(post("/v1/caption", ", \"top_p\": 0")).stringOrNull("text"))
                .isEqualTo(TinyModel.CAPTION);
        assertThat(read(post("/v1/caption", ", \"temperature\": 0, \"top_p\": 0.5"))
                        .stringOrNull("text"))
                .isEqualTo(TinyModel.CAPTION);
    }

    @Test
    void detectsInPixelsOfTheUpload() throws IOException {
        JsonObject answer =
                read(form().text("labels", "blue square").text("labels", "word").post(server, "/v1/detect"));

        DetectionResult expected = Servers.pipeline().detect(image, "blue square", "word");
        assertThat(answer.members().keySet())
                .containsExactly(
                        "text",
                        "finish_reason",
                        "usage",
                        "timings",
                        "model",
                        "width",
                        "height",
                        "detections",
                        "fragments",
                        "raw");
        assertThat(answer.members().get("width")).isEqualTo((long) image.width());
        assertThat(answer.stringOrNull("raw")).isEqualTo(expected.rawText());
        List<JsonObject> found = answer.objects("detections");
        assertThat(found).hasSameSizeAs(expected.detections()).isNotEmpty();
        for (int i = 0; i < found.size(); i++) {
            Detection detection = expected.detections().get(i);
            assertThat(found.get(i).stringOrNull("label")).isEqualTo(detection.label());
            assertThat(found.get(i).number("confidence", -1, 0, 1)).isEqualTo(detection.confidence(), offset(1e-6));
            assertThat(found.get(i).listOrNull("box"))
                    .containsExactly(
                            (long) detection.pixels().left(),
                                    (long) detection.pixels().top(),
                            (long) detection.pixels().right(),
                                    (long) detection.pixels().bottom());
            assertThat(found.get(i).listOrNull("box_normalized"))
                    .containsExactly(
                            detection.box().left(), detection.box().top(),
                            detection.box().right(), detection.box().bottom());
        }
    }

    @Test
    void limitsOnBoxesAreThoseOfTheTask() throws IOException {
        List<Double> confidences = Servers.pipeline().detect(image, "blue square", "word").detections().stream()
                .map(Detection::confidence)
                .sorted()
                .toList();
        assertThat(confidences).hasSizeGreaterThan(1);
        double between = (confidences.get(0) + confidences.get(1)) / 2;
        JsonObject sure =
                read(post("/v1/detect", ", \"labels\": [\"blue square\", \"word\"], \"min_confidence\": " + between));
        assertThat(sure.objects("detections")).hasSize(confidences.size() - 1);
        // The model would write something else about what is not there.
        JsonObject constrained = read(post("/v1/detect", ", \"labels\": [\"teapot\"], \"constrained\": true"));
        assertThat(constrained.objects("detections"))
                .allSatisfy(found -> assertThat(found.stringOrNull("label")).isEqualTo("teapot"));
        assertThat(constrained.stringOrNull("raw"))
                .isEqualTo(Servers.pipeline()
                        .run(
                                Tasks.detect("teapot")
                                        .with(request -> request.constraint(
                                                Servers.pipeline().constraints().detections(List.of("teapot")))),
                                image)
                        .rawText());
    }

    @Test
    void masksAreEqualInEveryForm() throws IOException {
        SegmentationResult segmented = Servers.pipeline().segment(image, "blue square");
        BitMask expected = segmented.segments().get(0).bitMask(0.5).orElseThrow();
        assertThat(expected.area()).isPositive();

        JsonObject rle = mask("rle").object("rle");
        assertThat(rle.listOrNull("size")).containsExactly((long) image.height(), (long) image.width());
        assertThat(CocoRle.parse(image.width(), image.height(), rle.stringOrNull("counts"))
                        .toMask())
                .isEqualTo(expected);

        JsonObject outlines = mask("polygon");
        BitMask filled = null;
        for (Object polygon : outlines.listOrNull("polygons")) {
            double[] points = ((List<?>) polygon)
                    .stream().mapToDouble(p -> ((Number) p).doubleValue()).toArray();
            BitMask region =
                    CocoRle.ofPolygon(image.width(), image.height(), points).toMask();
            filled = filled == null ? region : filled.union(region);
        }
        assertThat(outlines.listOrNull("holes")).isEmpty();
        assertThat(filled.iou(expected)).isGreaterThan(0.97);

        String png = mask("png").stringOrNull("png");
        RgbImage grey = RgbImage.read(Base64.getDecoder().decode(png.substring(png.indexOf(',') + 1)));
        assertThat(grey).isEqualTo(RgbImage.of(expected.toBufferedImage()));

        JsonObject none = read(post("/v1/segment", ", \"labels\": \"blue square\", \"masks\": \"none\""));
        assertThat(none.stringOrNull("masks")).isEqualTo("none");
        assertThat(none.objects("detections").get(0).has("mask")).isFalse();
    }

    private static JsonObject mask(String format) throws IOException {
        JsonObject answer =
                read(form().text("labels", "blue square").text("masks", format).post(server, "/v1/segment"));
        assertThat(answer.stringOrNull("masks")).isEqualTo(format);
        return answer.objects("detections").get(0).object("mask");
    }

    @Test
    void aTextComesInPiecesAndThenAsAWhole() throws IOException {
        List<String[]> events = events(post("/v1/caption", ", \"stream\": true"));

        StringBuilder text = new StringBuilder();
        for (String[] event : events.subList(0, events.size() - 1)) {
            assertThat(event[0]).isEqualTo("text");
            text.append(parse(event[1]).stringOrNull("text"));
        }
        assertThat(events.size()).isGreaterThan(3);
        assertThat(text).hasToString(TinyModel.CAPTION);
        String[] done = events.get(events.size() - 1);
        assertThat(done[0]).isEqualTo("done");
        assertThat(parse(done[1]).stringOrNull("text")).isEqualTo(TinyModel.CAPTION);
    }

    @Test
    void eachBoxIsAnEventOfItsOwn() throws IOException {
        List<String[]> events =
                eventsOf("/v1/detect", form().text("labels", "blue square").text("labels", "word"));

        JsonObject done = parse(events.get(events.size() - 1)[1]);
        List<String> detections = data(events, "detection");
        assertThat(detections).hasSizeGreaterThan(1);
        assertThat(detections.stream().map(each -> parse(each).members()).toList())
                .isEqualTo(done.objects("detections").stream()
                        .map(JsonObject::members)
                        .toList());
        String text = data(events, "text").stream()
                .map(each -> parse(each).stringOrNull("text"))
                .reduce("", String::concat);
        assertThat(text).isEqualTo(done.stringOrNull("raw"));
        List<String> names = events.stream().map(event -> event[0]).toList();
        assertThat(names.indexOf("detection")).isLessThan(names.lastIndexOf("text"));
        assertThat(names.lastIndexOf("done")).isEqualTo(names.size() - 1);
    }

    @Test
    void boxesComeWithTheirMasks() throws IOException {
        List<String[]> events = eventsOf("/v1/segment", form().text("labels", "blue square"));

        JsonObject done = parse(events.get(events.size() - 1)[1]);
        List<String> detections = data(events, "detection");
        assertThat(detections).hasSize(1);
        assertThat(parse(detections.get(0)).members())
                .isEqualTo(done.objects("detections").get(0).members())
                .containsKey("mask");
    }

    private static List<String[]> eventsOf(String path, Forms form) throws IOException {
        return events(Servers.send(HttpRequest.newBuilder(server.address().resolve(path))
                .header("Content-Type", Forms.contentType())
                .header("Accept", "text/event-stream")
                .POST(BodyPublishers.ofByteArray(form.bytes()))));
    }

    private static List<String> data(List<String[]> events, String name) {
        return events.stream()
                .filter(event -> event[0].equals(name))
                .map(event -> event[1])
                .toList();
    }

    @Test
    void aFailureBeforeTheFirstEventIsAnAnswerAsAnyOther() throws IOException {
        HttpResponse<String> answer = Servers.post(
                server,
                "/v1/caption",
                "{\"stream\": true, \"image\": \"" + Base64.getEncoder().encodeToString(new byte[9]) + "\"}");

        assertThat(answer.statusCode()).isEqualTo(400);
        assertThat(answer.body()).contains("invalid_image", "\"param\":\"image\"");
    }

    @Test
    void scoresAreInTheOrderOfTheAnswers() throws IOException {
        JsonObject answer = read(form().text("question", "what color is the square?")
                .text("answers", "red")
                .text("answers", "blue")
                .post(server, "/v1/score"));

        List<AnswerScore> expected = Servers.pipeline()
                .score(image, Tasks.answer("en", "what color is the square?"), List.of("red", "blue"));
        List<JsonObject> scores = answer.objects("scores");
        assertThat(scores).extracting(score -> score.stringOrNull("answer")).containsExactly("red", "blue");
        for (int i = 0; i < 2; i++) {
            assertThat(scores.get(i).number("log_probability", 1, -1e9, 0))
                    .isEqualTo(expected.get(i).logProbability(), offset(1e-4));
            assertThat(scores.get(i).number("share", -1, 0, 1))
                    .isEqualTo(expected.get(i).share(), offset(1e-4));
            assertThat(scores.get(i).number("probability", -1, 0, 1))
                    .isEqualTo(Math.exp(expected.get(i).logProbability()), offset(1e-4));
        }
        JsonObject prompt = read(post("/v1/score", ", \"prompt\": \"ocr\", \"answers\": [\"cafe\", \"tea\"]"));
        assertThat(prompt.objects("scores").get(0).number("share", -1, 0, 1)).isGreaterThan(0.5);
    }

    @Test
    void drawsWhatTheLibraryDraws() throws Exception {
        HttpResponse<byte[]> answer = HttpClient.newHttpClient()
                .send(
                        HttpRequest.newBuilder(server.address().resolve("/v1/draw"))
                                .header("Content-Type", Forms.contentType())
                                .POST(BodyPublishers.ofByteArray(form().text("labels", "blue square")
                                        .text("task", "segment")
                                        .text("colour_by", "instance")
                                        .text("no_labels", "true")
                                        .text("mask_opacity", "0.25")
                                        .text("line_width", "5")
                                        .bytes()))
                                .build(),
                        BodyHandlers.ofByteArray());

        assertThat(answer.headers().firstValue("Content-Type")).hasValue("image/png");
        List<Segment> segments =
                Servers.pipeline().segment(image, "blue square").segments();
        AnnotationOptions options = AnnotationOptions.defaults()
                .withColourBy(AnnotationOptions.ColourBy.INSTANCE)
                .withLabels(false)
                .withMaskOpacity(0.25)
                .withLineWidth(5);
        assertThat(RgbImage.of(ImageIO.read(new ByteArrayInputStream(answer.body()))))
                .isEqualTo(RgbImage.of(Annotations.draw(image, List.of(), segments, options)))
                .isNotEqualTo(RgbImage.of(Annotations.draw(image, List.of(), segments)));
    }

    @Test
    void tellsWhatIsServed() throws IOException {
        JsonObject info = read(Servers.get(server, "/v1/info"));

        assertThat(info.stringOrNull("model")).isEqualTo("paligemma-tiny");
        assertThat(info.bool("bundled", false)).isTrue();
        assertThat(info.bool("masks", false)).isTrue();
        assertThat(info.members().get("image_size")).isEqualTo(112L);
        assertThat(info.listOrNull("tasks")).contains("caption", "segment");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '\0', textBlock = """
                    /v1/caption | , "languge": "en"                          | languge        | unknown field
                    /v1/caption | , "language": "English"                    | language       | must be a code
                    /v1/caption | , "language": 3                            | language       | must be a text, got 3
                    /v1/caption | , "style": "poem"                          | style          | one of short, coco, long, got "poem"
                    /v1/caption | , "images": ["AAAA"]                       | images         | exclude each other
                    /v1/caption | , "max_tokens": 0                          | max_tokens     | from 1 to 8192, got 0
                    /v1/caption | , "max_tokens": "8"                        | max_tokens     | an integer
                    /v1/caption | , "max_tokens": 1e1                        | max_tokens     | an integer
                    /v1/caption | , "temperature": -1                        | temperature    | from 0.0 to 100.0
                    /v1/caption | , "top_p": 1.1                             | top_p          | from 0.0 to 1.0
                    /v1/caption | , "top_k": 0                               | top_k          | from 1
                    /v1/caption | , "seed": 1.5                              | seed           | an integer
                    /v1/caption | , "stop": [""]                             | stop           | stop
                    /v1/caption | , "stop": [1]                              | stop           | must be a text, got 1
                    /v1/caption | , "stream": 1                              | stream         | true or false
                    /v1/caption | , "timeout_ms": 0                          | timeout_ms     | from 1
                    /v1/caption | , "image_url": "http://x"                  | image_url      | unknown field
                    /v1/answer  |                                            | question       | missing
                    /v1/answer  | , "question": " "                          | question       | blank
                    /v1/detect  |                                            | labels         | missing
                    /v1/detect  | , "labels": []                             | labels         | missing
                    /v1/detect  | , "labels": ["a;b"]                        | labels         | must not have a ;
                    /v1/detect  | , "labels": ["a", null]                    | labels[1]      | labels[1] must be a text, got null
                    /v1/detect  | , "labels": ["a"], "min_confidence": 2     | min_confidence | from 0.0 to 1.0
                    /v1/detect  | , "labels": ["a"], "masks": "rle"          | masks          | unknown field
                    /v1/segment | , "labels": ["a"], "masks": "bitmap"       | masks          | one of rle, polygon, png, none
                    /v1/draw    | , "labels": ["a"], "task": "caption"       | task           | one of detect, segment
                    /v1/draw    | , "labels": ["a"], "stream": true          | stream         | unknown field
                    /v1/score   | , "answers": ["a"]                         | question       | one of question and prompt
                    /v1/score   | , "prompt": "ocr"                          | answers        | at least one
                    /v1/score   | , "prompt": "ocr", "answers": ["a", "a"]   | answers        | differ
                    /v1/score   | , "prompt": "ocr", "answers": ["a"], "language": "en" | language | question
                    /v1/score   | , "prompt": "ocr", "answers": ["a"], "temperature": 1 | temperature | unknown field
                    """)
    void aWrongFieldIsNamed(String path, String fields, String param, String problem) throws IOException {
        HttpResponse<String> answer = post(path, fields == null ? "" : fields);

        assertThat(answer.statusCode()).isEqualTo(400);
        JsonObject error = parse(answer.body()).object("error");
        assertThat(error.members().keySet()).containsExactly("message", "type", "param", "code");
        assertThat(error.stringOrNull("param")).isEqualTo(param);
        assertThat(error.stringOrNull("message")).contains(problem);
        assertThat(error.stringOrNull("type")).isEqualTo("invalid_request_error");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '\0', textBlock = """
                    {}                                    | image is missing
                    {"image": null}                       | image is missing
                    {"image": "%%%"}                      | not base64
                    {"image": 1}                          | must be a picture
                    {"image": "data:image/png,x"}         | without base64
                    {"image": "https://example.com/a.png"} | address
                    {"image": "file:///etc/passwd"}       | address
                    {"image": ["AAAA", "AAAA"]}           | at most 1
                    {"image": "AAAA"}                     | image format
                    """)
    void aPictureIsNeeded(String body, String problem) throws IOException {
        HttpResponse<String> answer = Servers.post(server, "/v1/ocr", body);

        assertThat(answer.statusCode()).isEqualTo(400);
        JsonObject error = parse(answer.body()).object("error");
        assertThat(error.stringOrNull("param")).isEqualTo("image");
        assertThat(error.stringOrNull("message")).contains(problem);
    }

    @Test
    void formsAreCheckedAsJsonIs() throws IOException {
        assertThat(form().text("max_tokens", "0x10").post(server, "/v1/ocr").body())
                .contains("\"param\":\"max_tokens\"");
        assertThat(form().text("seed", "9223372036854775808")
                        .post(server, "/v1/ocr")
                        .body())
                .contains("\"param\":\"seed\"");
        assertThat(form().text("seed", "-9223372036854775808")
                        .post(server, "/v1/ocr")
                        .statusCode())
                .isEqualTo(200);
        assertThat(form().text("temperature", "NaN").post(server, "/v1/ocr").body())
                .contains("\"param\":\"temperature\"");
        assertThat(form().text("stream", "yes").post(server, "/v1/ocr").body()).contains("\"param\":\"stream\"");
        assertThat(form().text("max_tokens", "1")
                        .text("max_tokens", "2")
                        .post(server, "/v1/ocr")
                        .body())
                .contains("2 times");
        assertThat(form().file("model", "a", new byte[3])
                        .post(server, "/v1/ocr")
                        .body())
                .contains("a file of 3 bytes");
        assertThat(form().file("image", "b.png", picture)
                        .post(server, "/v1/ocr")
                        .body())
                .contains("at most 1");
        assertThat(new Forms()
                        .file("images", "broken.png", Arrays.copyOf(picture, 99))
                        .file("images", "b.png", picture)
                        .post(server, "/v1/ocr")
                        .body())
                .contains("\"param\":\"images[0]\"");
        assertThat(Servers.send(HttpRequest.newBuilder(server.address().resolve("/v1/ocr"))
                                .header("Content-Type", "multipart/form-data")
                                .POST(BodyPublishers.ofString("x")))
                        .body())
                .contains("boundary");
    }

    @Test
    void anotherModelIsNotFound() throws IOException {
        HttpResponse<String> answer = post("/v1/caption", ", \"model\": \"gpt-4o\"");

        assertThat(answer.statusCode()).isEqualTo(404);
        assertThat(answer.body()).contains("model_not_found", "\"param\":\"model\"");
    }

    @Test
    void aTimeLimitIsKept() throws IOException {
        HttpResponse<String> answer = post("/v1/caption", ", \"timeout_ms\": 1");

        assertThat(answer.statusCode()).isEqualTo(504);
    }

    @Test
    void metricsNeedNoModel() throws IOException {
        post("/v1/ocr", "");
        HttpResponse<String> metrics = Servers.get(server, "/metrics");

        assertThat(metrics.headers().firstValue("Content-Type")).hasValue("text/plain; version=0.0.4; charset=utf-8");
        assertThat(metrics.body()).contains("paligemma_model_loaded{engine=\"onnx\",precision=\"float32\"} 1");
    }

    private static Forms form() {
        return new Forms().file("image", "scene.png", picture);
    }

    private static HttpResponse<String> post(String path, String fields) throws IOException {
        return Servers.post(server, path, "{\"image\": \"" + base64 + "\"" + fields + "}");
    }

    private static JsonObject read(HttpResponse<String> answer) {
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        return parse(answer.body());
    }

    private static JsonObject parse(String json) {
        return Json.readObject("the answer", json.getBytes(StandardCharsets.UTF_8), PaliGemmaException::new);
    }

    /** Names and data of all events. */
    private static List<String[]> events(HttpResponse<String> answer) {
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        assertThat(answer.headers().firstValue("Content-Type"))
                .hasValueSatisfying(type -> assertThat(type).startsWith("text/event-stream"));
        return Arrays.stream(answer.body().split("\n\n"))
                .filter(event -> !event.startsWith(":"))
                .map(event -> event.split("\n"))
                .map(lines ->
                        new String[] {lines[0].substring("event: ".length()), lines[1].substring("data: ".length())})
                .toList();
    }
}
