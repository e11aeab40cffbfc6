package dev.paligemma.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paligemma.tiny.TinyModel;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class StopTest {
    @Test
    void anAnswerThatHasBegunIsFinished() throws Exception {
        PaliGemmaServer server = Servers.tiny().start();
        try (Socket socket =
                SafetyTest.socket(server, SafetyTest.request(Servers.question("caption en", "\"stream\":true")))) {
            StringBuilder answer = new StringBuilder();
            answer.append((char) socket.getInputStream().read());
            server.close();
            answer.append(new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII));

            assertThat(answer.toString())
                    .startsWith("HTTP/1.1 200")
                    .contains("cafe")
                    .contains("[DONE]");
        }
        server.close();
    }

    @Test
    void oneThatTakesTooLongIsCutOff() throws Exception {
        PaliGemmaServer server = Servers.tiny().stopTimeout(Duration.ZERO).start();
        String endless = "\"stream\":true,\"max_tokens\":5000,\"structured_outputs\":{\"regex\":\"[0-9]{1000}\"}";
        try (Socket socket = SafetyTest.socket(server, SafetyTest.request(Servers.question("ocr", endless)))) {
            assertThat(socket.getInputStream().read()).isEqualTo('H');
            server.close();
            assertThat(new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII))
                    .contains("server_stopping");
        }
        // The pipeline is the caller's and goes on.
        assertThat(Servers.pipeline().caption(TinyModel.picture())).isEqualTo(TinyModel.CAPTION);
    }

    @Test
    void oneThatTakesLongerThanItMayIsGivenUp() throws Exception {
        String endless = "\"max_tokens\":5000,\"structured_outputs\":{\"regex\":\"[0-9]{1000}\"}";
        try (PaliGemmaServer server =
                Servers.tiny().requestTimeout(Duration.ofMillis(200)).start()) {
            assertThat(Servers.chat(server, "ocr", endless).statusCode()).isEqualTo(504);
            assertThat(Servers.chat(server, "ocr", endless + ",\"stream\":true").body())
                    .contains("\"code\":\"timeout\"");
        }
        try (PaliGemmaServer server = Servers.tiny().start()) {
            assertThat(Servers.chat(server, "ocr", endless + ",\"timeout_ms\":100")
                            .statusCode())
                    .isEqualTo(504);
        }
    }
}
