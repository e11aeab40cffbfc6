package dev.paligemma.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paligemma.base.PaliGemmaException;
import dev.paligemma.base.internal.Json;
import dev.paligemma.base.internal.JsonObject;
import dev.paligemma.tiny.TinyModel;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ChatCompletionsTest {
    private static PaliGemmaServer server;

    @BeforeAll
    static void start() {
        server = Servers.tiny().start();
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    @Test
    void answersAsTheClientsOfOpenAiExpect() throws IOException {
        JsonObject answer = answer("caption en", "");

        assertThat(answer.stringOrNull("object")).isEqualTo("chat.completion");
        assertThat(answer.stringOrNull("id")).startsWith("chatcmpl-");
        assertThat(answer.stringOrNull("model")).isEqualTo("paligemma-tiny");
        JsonObject choice = answer.objects("choices").get(0);
        assertThat(choice.object("message").stringOrNull("content")).isEqualTo(TinyModel.CAPTION);
        assertThat(choice.object("message").stringOrNull("role")).isEqualTo("assistant");
        assertThat(choice.object("message").isNull("refusal")).isTrue();
        assertThat(choice.isNull("logprobs")).isTrue();
        assertThat(choice.stringOrNull("finish_reason")).isEqualTo("stop");
        JsonObject usage = answer.object("usage");
        int image = usage.object("prompt_tokens_details").integer("image_tokens", 0, 0, 10_000);
        assertThat(image).isPositive();
        assertThat(usage.integer("prompt_tokens", 0, 0, 10_000)).isGreaterThan(image);
        assertThat(usage.integer("total_tokens", 0, 0, 10_000))
                .isEqualTo(usage.integer("prompt_tokens", 0, 0, 10_000)
                        + usage.integer("completion_tokens", 0, 0, 10_000));
    }

    @Test
    void anAnswerInPiecesIsTheSame() throws IOException {
        HttpResponse<String> response = Servers.chat(
                server, "caption en", "\"stream\":true,\"stream_options\":{\"include_usage\":true},\"logprobs\":true");

        assertThat(response.headers().firstValue("Content-Type")).hasValue("text/event-stream; charset=utf-8");
        List<JsonObject> chunks = chunks(response.body());
        assertThat(content(chunks)).isEqualTo(TinyModel.CAPTION);
        assertThat(chunks.get(0).objects("choices").get(0).object("delta").stringOrNull("role"))
                .isEqualTo("assistant");
        JsonObject last = chunks.get(chunks.size() - 1);
        assertThat(last.objects("choices")).isEmpty();
        assertThat(last.object("usage").integer("completion_tokens", 0, 0, 1000))
                .isEqualTo(7);
        assertThat(chunks.stream()
                        .flatMap(chunk -> chunk.objects("choices").stream())
                        .filter(choice -> choice.has("logprobs"))
                        .flatMap(choice -> choice.object("logprobs").objects("content").stream())
                        .map(token -> token.stringOrNull("token"))
                        .collect(Collectors.joining())
                        .strip())
                .isEqualTo(TinyModel.CAPTION);
        assertThat(response.body()).endsWith("data: [DONE]\n\n");
    }

    @Test
    void stopsBeforeATextAndAtALength() throws IOException {
        JsonObject stopped =
                answer("caption en", "\"stop\":[\" and\"]").objects("choices").get(0);
        assertThat(stopped.object("message").stringOrNull("content")).isEqualTo("a blue square");
        assertThat(stopped.stringOrNull("finish_reason")).isEqualTo("stop");

        JsonObject cut = answer("caption en", "\"max_tokens\":50,\"max_completion_tokens\":2")
                .objects("choices")
                .get(0);
        assertThat(cut.object("message").stringOrNull("content")).isEqualTo("a blue");
        assertThat(cut.stringOrNull("finish_reason")).isEqualTo("length");
    }

    @Test
    void tellsProbabilities() throws IOException {
        List<JsonObject> tokens = answer("caption en", "\"logprobs\":true,\"top_logprobs\":3")
                .objects("choices")
                .get(0)
                .object("logprobs")
                .objects("content");

        assertThat(tokens).hasSize(7).allSatisfy(token -> {
            assertThat(token.number("logprob", 1, -100, 0)).isNotPositive();
            assertThat(token.objects("top_logprobs")).hasSize(3);
            assertThat(token.objects("top_logprobs").get(0).stringOrNull("token"))
                    .isEqualTo(token.stringOrNull("token"));
        });
    }

    @Test
    void severalAnswersAreThoseOfTheirSeeds() throws IOException {
        List<String> three = contents(answer("caption en", "\"n\":3,\"temperature\":1.5,\"seed\":5"));
        assertThat(three).hasSize(3);
        assertThat(three.get(1))
                .isEqualTo(contents(answer("caption en", "\"temperature\":1.5,\"seed\":6"))
                        .get(0));
        assertThat(contents(answer("caption en", "\"n\":2,\"temperature\":0")))
                .containsExactly(TinyModel.CAPTION, TinyModel.CAPTION);
        assertThat(contents(answer("caption en", "\"beams\":3,\"n\":2"))).hasSize(2);
        assertThat(content(chunks(Servers.chat(server, "caption en", "\"n\":2,\"temperature\":0,\"stream\":true")
                        .body())))
                .isEqualTo(TinyModel.CAPTION + TinyModel.CAPTION);
    }

    @Test
    void rulesAreKept() throws IOException {
        String prompt = "answer en is there a blue square?";
        assertThat(contents(answer(prompt, "\"structured_outputs\":{\"choice\":[\"yes\",\"no\"]}")))
                .containsExactly("yes");
        assertThat(contents(answer(prompt, "\"structured_outputs\":{\"regex\":\"[0-9]{3}\"}"))
                        .get(0))
                .matches("[0-9]{3}");
        String schema = "\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"a\",\"schema\":%s}}";
        assertThat(contents(answer(prompt, schema.formatted("{\"type\":\"string\",\"enum\":[\"yes\",\"no\"]}"))))
                .containsExactly("\"yes\"");
        assertThat(
                        contents(
                                answer(
                                        prompt,
                                        schema.formatted(
                                                "{\"type\":\"object\",\"properties\":{\"there\":{\"type\":\"string\",\"pattern\":\"^[a-z]{2}$\"}}}"))))
                .allSatisfy(content -> assertThat(content).matches("\\{\"there\":\"[a-z]{2}\"}"));
    }

    @Test
    void boxesAreObjects() throws IOException {
        JsonObject message =
                answer("detect blue square", "").objects("choices").get(0).object("message");
        assertThat(message.stringOrNull("content")).contains("<loc");
        assertThat(message.objects("detections").get(0).stringOrNull("label")).isEqualTo("blue square");

        for (String format : List.of(
                "{\"type\":\"json_object\"}",
                "{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"detections\",\"schema\":{}}}")) {
            JsonObject content = parsed(contents(answer("segment blue square", "\"response_format\":" + format))
                    .get(0));
            JsonObject found = content.objects("detections").get(0);
            assertThat(found.stringOrNull("label")).isEqualTo("blue square");
            assertThat(found.listOrNull("box")).hasSize(4);
            assertThat(found.object("mask").object("rle").stringOrNull("counts"))
                    .isNotEmpty();
        }
    }

    @Test
    void theLastQuestionCountsAboutTheLastPicture() throws IOException {
        String picture = "{\"type\":\"image_url\",\"image_url\":\"" + Servers.picture() + "\"}";
        HttpResponse<String> response = Servers.post(
                server,
                "/v1/chat/completions",
                "{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"ocr\"}," + picture + "]},"
                        + "{\"role\":\"assistant\",\"content\":\"cafe\"},"
                        + "{\"role\":\"user\",\"content\":\" caption en \"}]}");
        assertThat(contents(parsed(response.body()))).containsExactly(TinyModel.CAPTION);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '\u0001',
            value = {
                "\"model\":\"gpt-4o\" | 404 | model | model_not_found",
                "\"temperature\":3 | 400 | temperature |",
                "\"temperature\":\"hot\" | 400 | temperature |",
                "\"max_tokens\":0 | 400 | max_tokens |",
                "\"n\":0 | 400 | n |",
                "\"n\":\"two\" | 400 | n |",
                "\"stop\":[1] | 400 | stop |",
                "\"stop\":\"\" | 400 | stop |",
                "\"top_logprobs\":2 | 400 | top_logprobs |",
                "\"tools\":[{}] | 400 | tools | unsupported_parameter",
                "\"presence_penalty\":1 | 400 | presence_penalty | unsupported_parameter",
                "\"temprature\":1 | 400 | temprature | unknown_parameter",
                "\"stream_options\":{} | 400 | stream_options |",
                "\"response_format\":{\"type\":\"json_object\"} | 400 | response_format |",
                "\"response_format\":{\"type\":\"xml\"} | 400 | response_format.type |",
                "\"structured_outputs\":{\"regex\":\"(\"} | 400 | structured_outputs.regex |",
                "\"structured_outputs\":{\"json\":{}} | 400 | structured_outputs |",
                "\"seed\":1.5 | 400 | seed |",
                "\"messages\":[] | 400 | |",
            })
    void saysWhatIsWrong(String member, int status, String param, String code) throws IOException {
        HttpResponse<String> response = Servers.chat(server, "caption en", member);

        assertThat(response.statusCode()).as(response.body()).isEqualTo(status);
        JsonObject error = parsed(response.body()).object("error");
        assertThat(error.stringOrNull("type")).isEqualTo("invalid_request_error");
        assertThat(error.stringOrNull("message")).isNotBlank();
        assertThat(error.stringOrNull("param")).isEqualTo(param);
        assertThat(error.stringOrNull("code")).isEqualTo(code);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "[]",
                "{\"messages\":1}",
                "{\"messages\":[]}",
                "{\"messages\":[{\"role\":\"user\",\"content\":\"caption en\"}]}",
                "{\"messages\":[{\"role\":\"tool\",\"content\":\"x\"}]}",
                "{\"messages\":[{\"role\":\"user\"}]}",
                "{\"messages\":[{\"role\":\"system\",\"content\":\"Be brief.\"}]}",
                "{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"input_audio\"}]}]}",
                "{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"image_url\"}]}]}",
                "{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"image_url\",\"image_url\":{\"url\":\"http://127.0.0.1/x.png\"}}]}]}",
                "{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"image_url\",\"image_url\":{\"url\":\"file:///etc/passwd\"}}]}]}",
                "{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"image_url\",\"image_url\":{\"url\":\"data:image/png;base64,AAAA\"}}]}]}",
                "{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"image_url\",\"image_url\":{\"url\":\"data:image/png;base64,!\"}}]}]}"
            })
    void refusesWhatIsNoQuestion(String body) throws IOException {
        HttpResponse<String> response = Servers.post(server, "/v1/chat/completions", body);

        assertThat(response.statusCode()).as(response.body()).isEqualTo(400);
        assertThat(parsed(response.body()).object("error").stringOrNull("message"))
                .isNotBlank();
    }

    @Test
    void acceptsWhatMakesNoDifference() throws IOException {
        assertThat(
                        contents(
                                answer(
                                        "caption en",
                                        "\"user\":\"u\",\"metadata\":{\"a\":\"b\"},\"store\":false,\"service_tier\":\"auto\",\"presence_penalty\":0,"
                                                + "\"frequency_penalty\":0.0,\"logit_bias\":{},\"tools\":[],\"tool_choice\":\"none\",\"top_p\":1,"
                                                + "\"seed\":7,\"response_format\":{\"type\":\"text\"},\"temperature\":0,\"stop\":null")))
                .containsExactly(TinyModel.CAPTION);
    }

    @Test
    void systemMessagesAreLeftOutWhereThatWasChosen() throws IOException {
        String body = "{\"messages\":[{\"role\":\"system\",\"content\":\"Be brief.\"},{\"role\":\"user\",\"content\":["
                + "{\"type\":\"text\",\"text\":\"caption en\"},{\"type\":\"image_url\",\"image_url\":{\"url\":\""
                + Servers.picture()
                + "\",\"detail\":\"low\"}}]}]}";
        assertThat(Servers.post(server, "/v1/chat/completions", body).statusCode())
                .isEqualTo(400);
        try (PaliGemmaServer other = Servers.tiny().ignoreSystemMessages(true).start()) {
            assertThat(contents(parsed(
                            Servers.post(other, "/v1/chat/completions", body).body())))
                    .containsExactly(TinyModel.CAPTION);
        }
    }

    @Test
    void listsModels() throws IOException {
        JsonObject list = parsed(Servers.get(server, "/v1/models").body());
        assertThat(list.objects("data").get(0).stringOrNull("id")).isEqualTo("paligemma-tiny");
        assertThat(parsed(Servers.get(server, "/v1/models/paligemma-tiny").body())
                        .stringOrNull("object"))
                .isEqualTo("model");
        assertThat(Servers.get(server, "/v1/models/other").statusCode()).isEqualTo(404);
        assertThat(Servers.get(server, "/v1/none").statusCode()).isEqualTo(404);
        HttpResponse<String> wrongMethod = Servers.get(server, "/v1/chat/completions");
        assertThat(wrongMethod.statusCode()).isEqualTo(405);
        assertThat(wrongMethod.headers().firstValue("Allow")).hasValue("POST");
    }

    private static JsonObject answer(String prompt, String members) throws IOException {
        HttpResponse<String> response = Servers.chat(server, prompt, members);
        assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
        return parsed(response.body());
    }

    static JsonObject parsed(String json) {
        return Json.readObject("answer", json.getBytes(StandardCharsets.UTF_8), PaliGemmaException::new);
    }

    private static List<String> contents(JsonObject answer) {
        return answer.objects("choices").stream()
                .map(choice -> choice.object("message").stringOrNull("content"))
                .toList();
    }

    private static List<JsonObject> chunks(String events) {
        List<JsonObject> chunks = new ArrayList<>();
        events.lines()
                .filter(line -> line.startsWith("data: {"))
                .forEach(line -> chunks.add(parsed(line.substring("data: ".length()))));
        return chunks;
    }

    private static String content(List<JsonObject> chunks) {
        return chunks.stream()
                .flatMap(chunk -> chunk.objects("choices").stream())
                .map(choice -> choice.object("delta").stringOrNull("content"))
                .filter(text -> text != null)
                .collect(Collectors.joining());
    }
}
