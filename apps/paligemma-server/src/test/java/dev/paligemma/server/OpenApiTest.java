package dev.paligemma.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.harrel.jsonschema.Validator;
import dev.harrel.jsonschema.ValidatorFactory;
import dev.harrel.jsonschema.providers.GsonNode;
import dev.paligemma.server.internal.model.ServedModel;
import dev.paligemma.tiny.TinyModel;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class OpenApiTest {
    private static final String DIALECT = "https://json-schema.org/draft/2020-12/schema";
    private static final String SCHEMAS = "#/components/schemas/";

    private static PaliGemmaServer server;
    private static JsonObject document;
    private static String picture;

    @BeforeAll
    static void start() throws IOException {
        server = Servers.tiny().start();
        document = JsonParser.parseString(Servers.get(server, "/openapi.json").body())
                .getAsJsonObject();
        picture = Base64.getEncoder().encodeToString(Files.readAllBytes(TinyModel.picture()));
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    @Test
    void describesEveryRouteAndNoOther() {
        Map<String, Set<String>> described = new TreeMap<>();
        for (Map.Entry<String, JsonElement> path :
                document.getAsJsonObject("paths").entrySet()) {
            Set<String> methods = new TreeSet<>();
            path.getValue().getAsJsonObject().keySet().forEach(method -> methods.add(method.toUpperCase(Locale.ROOT)));
            // What follows a slash is a parameter there.
            described.put(path.getKey().replaceAll("\\{.*}$", ""), methods);
        }
        Map<String, Set<String>> served =
                new TreeMap<>(Servers.tiny().router(new ServedModel()).paths());
        // For people, not for programs.
        served.keySet().removeIf(path -> path.equals("/") || path.startsWith("/page/"));

        assertThat(described).isEqualTo(served);
    }

    @Test
    void everyReferenceAndNameIsGood() {
        Set<String> references = new TreeSet<>();
        collect(document, references);
        for (String reference : references) {
            JsonElement at = document;
            for (String name : reference.substring("#/".length()).split("/")) {
                assertThat(at.getAsJsonObject().has(name)).as(reference).isTrue();
                at = at.getAsJsonObject().get(name);
            }
        }
        Set<String> unused = new TreeSet<>();
        schemas().keySet().forEach(name -> unused.add(SCHEMAS + name));
        unused.removeAll(references);
        assertThat(unused).containsExactly(SCHEMAS + "ChatChunk", SCHEMAS + "TextEvent");

        Set<String> operations = new HashSet<>();
        for (JsonElement path : document.getAsJsonObject("paths").asMap().values()) {
            for (JsonElement operation : path.getAsJsonObject().asMap().values()) {
                JsonObject described = operation.getAsJsonObject();
                assertThat(operations.add(described.get("operationId").getAsString()))
                        .isTrue();
                assertThat(described.keySet()).contains("summary", "tags", "responses");
            }
        }
        assertThat(document.get("openapi").getAsString()).isEqualTo("3.1.0");
    }

    private static void collect(JsonElement element, Set<String> references) {
        if (element instanceof JsonObject object) {
            object.entrySet().forEach(member -> {
                if (member.getKey().equals("$ref")) {
                    references.add(member.getValue().getAsString());
                } else {
                    collect(member.getValue(), references);
                }
            });
        } else if (element instanceof JsonArray array) {
            array.forEach(each -> collect(each, references));
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '\0', textBlock = """
                    /v1/caption |                                      | TextAnswer
                    /v1/ocr     |                                      | TextAnswer
                    /v1/answer  | "question": "is it red?",            | TextAnswer
                    /v1/detect  | "labels": ["blue square", "word"],   | DetectAnswer
                    /v1/segment | "labels": "blue square",             | SegmentAnswer
                    /v1/segment | "labels": "blue square", "masks": "polygon", | SegmentAnswer
                    /v1/segment | "labels": "blue square", "masks": "png",     | SegmentAnswer
                    /v1/segment | "labels": "nothing at all", "masks": "none", | SegmentAnswer
                    /v1/score   | "prompt": "ocr", "answers": ["a", "b"],      | ScoreAnswer
                    """)
    void describesTheFieldsOfRequestsAndAnswers(String path, String fields, String answer) throws IOException {
        String body = "{" + (fields == null ? "" : fields) + "\"image\": \"" + picture + "\"}";
        String request = requestSchema(path);
        assertThat(problems(request, body)).isEmpty();
        assertThat(reference(document.getAsJsonObject("paths").getAsJsonObject(path), "responses", "200"))
                .isEqualTo(answer);

        HttpResponse<String> response = Servers.post(server, path, body);
        assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
        assertThat(problems(answer, response.body())).isEmpty();

        refusesOtherFieldsThanThoseOf(request, path, body);
    }

    @Test
    void describesTheFieldsOfDrawings() throws IOException {
        String body =
                "{\"labels\": \"blue square\", \"task\": \"segment\", \"colour_by\": \"label\", \"no_labels\": true,"
                        + " \"no_confidence\": false, \"mask_opacity\": 0.25, \"line_width\": 60, \"text_size\": 1000, \"image\": \""
                        + picture + "\"}";

        assertThat(problems("DrawRequest", body)).isEmpty();
        assertThat(Servers.post(server, "/v1/draw", body).statusCode()).isEqualTo(200);
        refusesOtherFieldsThanThoseOf("DrawRequest", "/v1/draw", body);
    }

    private static void refusesOtherFieldsThanThoseOf(String request, String path, String body) throws IOException {
        HttpResponse<String> refused = Servers.post(server, path, body.replace("{", "{\"no_such_field\": 1,"));
        assertThat(problems("Error", refused.body())).isEmpty();
        String message = JsonParser.parseString(refused.body())
                .getAsJsonObject()
                .getAsJsonObject("error")
                .get("message")
                .getAsString();
        String expected = ", expected ";
        assertThat(List.of(message.substring(message.indexOf(expected) + expected.length())
                        .split(", ")))
                .containsExactlyInAnyOrderElementsOf(schemas()
                        .getAsJsonObject(request)
                        .getAsJsonObject("properties")
                        .keySet());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/v1/caption | \"style\": \"poem\"",
                "/v1/caption | \"max_tokens\": 0",
                "/v1/caption | \"max_tokens\": 8193",
                "/v1/caption | \"max_tokens\": 2.5",
                "/v1/caption | \"temperature\": 101",
                "/v1/caption | \"top_p\": 2",
                "/v1/caption | \"top_k\": 0",
                "/v1/caption | \"stop\": [1]",
                "/v1/caption | \"stream\": \"true\"",
                "/v1/caption | \"timeout_ms\": 3600001",
                "/v1/caption | \"question\": \"?\"",
                "/v1/answer | \"language\": \"en\"",
                "/v1/detect | \"constrained\": true",
                "/v1/detect | \"labels\": 1",
                "/v1/detect | \"labels\": \"a\", \"max_iou\": -0.1",
                "/v1/segment | \"labels\": \"a\", \"masks\": \"RLE\"",
                "/v1/draw | \"labels\": \"a\", \"task\": \"ocr\"",
                "/v1/draw | \"labels\": \"a\", \"colour_by\": \"AUTO\"",
                "/v1/draw | \"labels\": \"a\", \"no_labels\": 1",
                "/v1/draw | \"labels\": \"a\", \"no_confidence\": \"yes\"",
                "/v1/draw | \"labels\": \"a\", \"mask_opacity\": 1.1",
                "/v1/draw | \"labels\": \"a\", \"line_width\": -1",
                "/v1/draw | \"labels\": \"a\", \"line_width\": 61",
                "/v1/draw | \"labels\": \"a\", \"text_size\": 1001",
                "/v1/score | \"question\": \"?\""
            })
    void forbidsWhatTheServerRefuses(String request) throws IOException {
        String path = request.split(" \\| ")[0];
        String body = "{\"image\": \"" + picture + "\", " + request.split(" \\| ")[1] + "}";

        assertThat(problems(requestSchema(path), body)).isNotEmpty();
        HttpResponse<String> answer = Servers.post(server, path, body);
        assertThat(answer.statusCode()).isEqualTo(400);
        assertThat(problems("Error", answer.body())).isEmpty();
    }

    @Test
    void describesWhatElseIsServed() throws IOException {
        assertThat(problems("Info", Servers.get(server, "/v1/info").body())).isEmpty();
        for (String path : List.of("/healthz", "/livez", "/readyz", "/health")) {
            assertThat(problems("Status", Servers.get(server, path).body())).isEmpty();
        }
        assertThat(problems("Error", Servers.get(server, "/v1/nothing").body())).isEmpty();
    }

    @Test
    void describesTheWireFormatOfOpenAi() throws IOException {
        String question =
                Servers.question("detect word", "\"logprobs\": true, \"top_logprobs\": 2, \"max_tokens\": 30");
        assertThat(problems("ChatRequest", question)).isEmpty();
        assertThat(problems(
                        "ChatCompletion",
                        Servers.post(server, "/v1/chat/completions", question).body()))
                .isEmpty();
        String streamed = Servers.chat(server, "ocr", "\"stream\": true, \"stream_options\": {\"include_usage\": true}")
                .body();
        List<String> events = List.of(streamed.strip().split("\n\n"));
        assertThat(events).hasSizeGreaterThan(3).endsWith("data: [DONE]");
        events.subList(0, events.size() - 1)
                .forEach(event -> assertThat(problems("ChatChunk", event.substring("data: ".length())))
                        .isEmpty());
        assertThat(problems("Models", Servers.get(server, "/v1/models").body())).isEmpty();
        assertThat(problems(
                        "Model",
                        Servers.get(server, "/v1/models/paligemma-tiny").body()))
                .isEmpty();
        String unknown = Servers.question("ocr", "\"no_such_parameter\": 1");
        assertThat(problems("ChatRequest", unknown)).isNotEmpty();
        assertThat(problems(
                        "Error",
                        Servers.post(server, "/v1/chat/completions", unknown).body()))
                .isEmpty();
        for (String name : schemas()
                .getAsJsonObject("ChatRequest")
                .getAsJsonObject("properties")
                .keySet()) {
            String body = name.equals("messages")
                    ? Servers.question("ocr", "")
                    : Servers.question("ocr", "\"" + name + "\": -77");
            assertThat(Servers.post(server, "/v1/chat/completions", body).body())
                    .as(name)
                    .doesNotContain("unknown_parameter");
        }
    }

    @Test
    void describesEvents() throws IOException {
        String body = "{\"image\": \"" + picture + "\", \"labels\": \"blue square\", \"stream\": true}";
        Map<String, String> schemas =
                Map.of("text", "TextEvent", "detection", "MaskedDetection", "done", "SegmentAnswer");

        Set<String> seen = new TreeSet<>();
        Arrays.stream(Servers.post(server, "/v1/segment", body).body().split("\n\n"))
                .forEach(event -> {
                    String name = event.substring("event: ".length(), event.indexOf('\n'));
                    seen.add(name);
                    assertThat(problems(
                                    schemas.get(name), event.substring(event.indexOf("data: ") + "data: ".length())))
                            .isEmpty();
                });
        assertThat(seen).isEqualTo(new TreeSet<>(schemas.keySet()));
    }

    private static String requestSchema(String path) {
        return reference(document.getAsJsonObject("paths").getAsJsonObject(path), "requestBody");
    }

    /** The name of the schema of JSON below some members of the only operation of a path. */
    private static String reference(JsonObject path, String... members) {
        JsonObject at = path.getAsJsonObject("post");
        for (String member : members) {
            at = at.getAsJsonObject(member);
        }
        return at.getAsJsonObject("content")
                .getAsJsonObject("application/json")
                .getAsJsonObject("schema")
                .get("$ref")
                .getAsString()
                .substring(SCHEMAS.length());
    }

    private static JsonObject schemas() {
        return document.getAsJsonObject("components").getAsJsonObject("schemas");
    }

    /** What a validator has to say against a value. */
    private static List<String> problems(String schema, String json) {
        JsonObject root = new JsonObject();
        root.addProperty("$schema", DIALECT);
        root.addProperty("$ref", SCHEMAS + schema);
        root.add("components", document.get("components"));
        Validator validator = new ValidatorFactory()
                .withJsonNodeFactory(new GsonNode.Factory())
                .createValidator();
        URI uri = validator.registerSchema(root.toString());
        return validator.validate(uri, json).getErrors().stream()
                .map(error -> error.getInstanceLocation() + " " + error.getError())
                .toList();
    }
}
