package dev.paligemma.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/** What requests may take before the model has time for them. */
class AdmissionTest {
    @Test
    void bodiesOfAllTogetherAreBounded() throws IOException {
        // A body of this size alone is taken, and beside another one refused.
        try (PaliGemmaServer server = Servers.tiny().requestMemory(200_000).start()) {
            String begun = "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n"
                    + " ".repeat(25_000);
            try (Socket slow = SafetyTest.socket(server, begun)) {
                assertThat(slow.isConnected()).isTrue();
                HttpResponse<String> refused = Servers.chat(server, "ocr", "");
                for (int i = 0; i < 500 && refused.statusCode() == 200; i++) {
                    refused = Servers.chat(server, "ocr", ""); // until the first one has arrived
                }
                assertBusy(refused);
            }
            HttpResponse<String> answered = Servers.chat(server, "ocr", "");
            for (int i = 0; i < 500 && answered.statusCode() == 429; i++) {
                answered = Servers.chat(server, "ocr", "");
            }
            assertThat(answered.statusCode()).as(answered.body()).isEqualTo(200);
        }
    }

    /** Less memory than one picture takes: they are decoded one after the other, and each is answered. */
    @Test
    void picturesWaitForMemory() throws Exception {
        ExecutorService clients = Executors.newFixedThreadPool(8);
        try (PaliGemmaServer server = Servers.tiny().requestMemory(400_000).start()) {
            List<Callable<HttpResponse<String>>> calls = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                calls.add(() -> Servers.chat(server, "ocr", ""));
            }
            for (Future<HttpResponse<String>> call : clients.invokeAll(calls)) {
                assertThat(call.get().statusCode()).as(call.get().body()).isEqualTo(200);
            }
        } finally {
            clients.shutdownNow();
        }
    }

    private static void assertBusy(HttpResponse<String> response) {
        assertThat(response.statusCode()).as(response.body()).isEqualTo(429);
        assertThat(response.headers().firstValue("Retry-After")).isPresent();
        assertThat(response.body()).contains("queue_full");
    }
}
