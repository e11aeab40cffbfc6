package dev.paligemma.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.paligemma.PaliGemmaPipeline;
import dev.paligemma.tiny.TinyModel;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Requests that are answered together get what each would get alone. */
class BatchTest {
    private static final int CLIENTS = 24;
    private static final List<String> PROMPTS =
            List.of("caption en", "ocr", "detect blue square ; word", "answer en what color is the square?");

    private static PaliGemmaServer server;
    private static ExecutorService clients;

    @BeforeAll
    static void start() {
        clients = Executors.newFixedThreadPool(CLIENTS);
        server = PaliGemmaServer.builder()
                .port(0)
                .batch(8)
                .load(listener -> PaliGemmaPipeline.builder()
                        .checkpoint(TinyModel.folder())
                        .maxConcurrentRequests(1)
                        .maxWaiting(64)
                        .onRequest(listener)
                        .build())
                .start();
        server.ready().toCompletableFuture().join();
    }

    @AfterAll
    static void stop() {
        server.close();
        clients.shutdownNow();
    }

    @Test
    void everyAnswerIsThatOfOneAlone() throws Exception {
        List<String> alone = new ArrayList<>();
        try (PaliGemmaServer single = Servers.tiny().modelName("tiny").start()) {
            for (String prompt : PROMPTS) {
                alone.add(content(Servers.chat(single, prompt, "")));
            }
        }
        List<Callable<HttpResponse<String>>> calls = new ArrayList<>();
        for (int i = 0; i < 3 * CLIENTS; i++) {
            String prompt = PROMPTS.get(i % PROMPTS.size());
            calls.add(() -> Servers.chat(server, prompt, ""));
        }
        List<Future<HttpResponse<String>>> answers = clients.invokeAll(calls);
        for (int i = 0; i < answers.size(); i++) {
            assertThat(content(answers.get(i).get())).isEqualTo(alone.get(i % PROMPTS.size()));
        }
    }

    /** Streams, rules, several answers, stop texts, tasks and scores side by side. */
    @Test
    void allThatCanBeAskedForCanBeAskedForTogether() throws Exception {
        String plain = content(Servers.chat(server, "caption en", ""));
        String several = content(Servers.chat(server, "caption en", "\"n\":3,\"seed\":5"));
        String image = "{\"image\":\"" + Servers.picture() + "\"";
        String scores = "\"question\":\"what color is the square?\",\"answers\":[\"blue\",\"red\"]}";
        List<Callable<HttpResponse<String>>> calls = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            calls.add(() -> Servers.chat(server, "caption en", "\"stream\":true"));
            calls.add(() -> Servers.chat(server, "caption en", "\"n\":3,\"seed\":5"));
            calls.add(() -> Servers.chat(server, "caption en", "\"stop\":\"square\""));
            calls.add(() -> Servers.chat(server, "caption en", "\"max_tokens\":2"));
            calls.add(() -> Servers.post(server, "/v1/detect", image + ",\"labels\":\"blue square\"}"));
            calls.add(() -> Servers.post(server, "/v1/score", image + "," + scores));
        }
        List<Future<HttpResponse<String>>> answers = clients.invokeAll(calls);
        for (int i = 0; i < answers.size(); i += 6) {
            assertThat(ok(answers.get(i)))
                    .contains("\"finish_reason\":\"stop\"")
                    .contains("[DONE]");
            assertThat(content(answers.get(i + 1).get())).isEqualTo(several);
            assertThat(content(answers.get(i + 2).get()))
                    .isEqualTo("\"" + plain.substring(1, plain.indexOf("square")) + "\"");
            assertThat(ok(answers.get(i + 3))).contains("\"finish_reason\":\"length\"");
            assertThat(ok(answers.get(i + 4))).contains("\"label\":\"blue square\"");
            assertThat(ok(answers.get(i + 5))).contains("\"share\"");
        }
        assertThat(Servers.get(server, "/metrics").body())
                .contains("paligemma_requests_seconds_count{kind=\"stream\",outcome=\"stop\"}")
                .contains("paligemma_queue_active 0")
                .contains("paligemma_queue_waiting 0");
    }

    /** A client that goes gives its place to others, whose answers are not touched. */
    @Test
    void oneThatGoesLeavesTheOthersAlone() throws Exception {
        String alone = content(Servers.chat(server, "ocr", ""));
        for (int round = 0; round < 10; round++) {
            try (Socket gone = SafetyTest.socket(
                    server, SafetyTest.request(Servers.question("detect blue square", "\"stream\":true")))) {
                InputStream in = gone.getInputStream();
                assertThat(new String(in.readNBytes(8), StandardCharsets.US_ASCII))
                        .isEqualTo("HTTP/1.1");
            }
            assertThat(content(Servers.chat(server, "ocr", ""))).isEqualTo(alone);
        }
    }

    @Test
    void aBatchHasALimit() {
        assertThatThrownBy(() -> Servers.tiny().batch(0)).hasMessage("batch must be 1 to 64, got 0");
        assertThatThrownBy(() -> Servers.tiny().batch(65)).hasMessage("batch must be 1 to 64, got 65");
    }

    /** The text of an answer, or of the first of several, in quotes. */
    private static String content(HttpResponse<String> response) throws IOException {
        assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
        int start = response.body().indexOf("\"content\":") + "\"content\":".length();
        return response.body().substring(start, response.body().indexOf('"', start + 1) + 1);
    }

    private static String ok(Future<HttpResponse<String>> answer) throws Exception {
        assertThat(answer.get().statusCode()).as(answer.get().body()).isEqualTo(200);
        return answer.get().body();
    }
}
