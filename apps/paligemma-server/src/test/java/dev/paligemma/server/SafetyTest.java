package dev.paligemma.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paligemma.PaliGemmaPipeline;
import dev.paligemma.server.internal.http.Limits;
import dev.paligemma.tiny.TinyModel;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.zip.CRC32;
import java.util.zip.Deflater;
import org.junit.jupiter.api.Test;

/** What strangers may try, what browsers may be made to send, and more requests than there is room for. */
class SafetyTest {
    @Test
    void keysAreAskedForExceptForHealth() throws IOException {
        try (PaliGemmaServer server = Servers.tiny().apiKey("one").apiKey("two").start()) {
            HttpResponse<String> without = Servers.get(server, "/v1/models");
            assertThat(without.statusCode()).isEqualTo(401);
            assertThat(without.headers().firstValue("WWW-Authenticate")).hasValue("Bearer");
            assertThat(without.body()).contains("invalid_api_key");
            assertThat(withHeader(server, "Authorization", "Bearer three").statusCode())
                    .isEqualTo(401);
            assertThat(withHeader(server, "Authorization", "Basic two").statusCode())
                    .isEqualTo(401);
            assertThat(withHeader(server, "Authorization", "Bearer two").statusCode())
                    .isEqualTo(200);
            assertThat(withHeader(server, "Authorization", "bearer one").statusCode())
                    .isEqualTo(200);
            for (String open : List.of("/healthz", "/livez", "/readyz", "/health")) {
                assertThat(Servers.get(server, open).statusCode()).as(open).isEqualTo(200);
            }
        }
    }

    @Test
    void foreignPagesAndNamesAreRefused() throws IOException {
        try (PaliGemmaServer server = Servers.tiny()
                .allowedHost("models.example")
                .corsOrigin("https://ui.example")
                .start()) {
            assertThat(withHeader(server, "Origin", "https://evil.example").statusCode())
                    .isEqualTo(403);
            assertThat(withHeader(server, "Origin", "null").statusCode()).isEqualTo(403);
            assertThat(withHeader(server, "Origin", server.address().toString()).statusCode())
                    .isEqualTo(200);
            HttpResponse<String> allowed = withHeader(server, "Origin", "https://ui.example");
            assertThat(allowed.statusCode()).isEqualTo(200);
            assertThat(allowed.headers().firstValue("Access-Control-Allow-Origin"))
                    .hasValue("https://ui.example");

            assertThat(raw(server, "GET /v1/models HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n"))
                    .startsWith("HTTP/1.1 403");
            assertThat(raw(server, "GET /v1/models HTTP/1.1\r\nHost: models.example:80\r\nConnection: close\r\n\r\n"))
                    .startsWith("HTTP/1.1 200");
            List<String> preflight = List.of(
                    "OPTIONS /v1/models HTTP/1.1",
                    "Host: localhost",
                    "Origin: https://ui.example",
                    "Access-Control-Request-Headers: authorization, x-stainless-os",
                    "Connection: close",
                    "",
                    "");
            assertThat(raw(server, String.join("\r\n", preflight)))
                    .startsWith("HTTP/1.1 204")
                    .containsIgnoringCase("Access-Control-Allow-Headers: authorization, x-stainless-os");
        }
    }

    @Test
    void aLargeBodyIsRefusedAndTheReasonArrives() throws IOException {
        try (PaliGemmaServer server = Servers.tiny().maxBodyBytes(1_000_000).start()) {
            HttpResponse<String> response = Servers.chat(server, "x".repeat(3_000_000), "");
            assertThat(response.statusCode()).isEqualTo(413);
            assertThat(response.body()).contains("request_too_large");
        }
    }

    @Test
    void aPictureOfSeveralMegabytesIsRead() throws IOException {
        try (PaliGemmaServer server = Servers.tiny().start()) {
            byte[] picture = png(1300, 1300, false);
            assertThat(picture.length).isGreaterThan(5_000_000);
            assertThat(withPicture(server, picture).statusCode()).isEqualTo(200);
        }
    }

    /** A few hundred bytes that say they are a picture of 90,000 by 90,000 pixels, and one that is too large by a little. */
    @Test
    void picturesThatBurstAreRefused() throws IOException {
        try (PaliGemmaServer server = Servers.tiny().start()) {
            for (int side : new int[] {6400, 90_000}) {
                HttpResponse<String> response = withPicture(server, png(side, side, true));
                assertThat(response.statusCode()).isEqualTo(400);
                assertThat(response.body()).contains("invalid_image");
            }
            assertThat(Servers.chat(server, "caption en", "").statusCode()).isEqualTo(200);
        }
    }

    @Test
    void brokenBodiesAreRefused() throws IOException {
        try (PaliGemmaServer server = Servers.tiny().start()) {
            for (String body : List.of(
                    "",
                    "{",
                    "{\"messages\":",
                    "nul",
                    "[".repeat(10_000),
                    "{\"a\":1,\"a\":2}",
                    "\u0000",
                    "{}{}",
                    "{\"n\":1e999}")) {
                HttpResponse<String> response = Servers.post(server, "/v1/chat/completions", body);
                assertThat(response.statusCode()).as(body).isEqualTo(400);
                assertThat(response.body()).contains("invalid_request_error");
            }
        }
    }

    @Test
    void tenThousandHeadersEndTheConnectionAndNothingElse() throws IOException {
        try (PaliGemmaServer server = Servers.tiny().start()) {
            String answer = raw(
                    server,
                    "GET /healthz HTTP/1.1\r\nHost: localhost\r\n" + "X-Header: value\r\n".repeat(10_000) + "\r\n");
            assertThat(answer).doesNotStartWith("HTTP/1.1 200");
            assertThat(Servers.get(server, "/healthz").statusCode()).isEqualTo(200);
        }
    }

    /** One that sends nothing more, in the middle of a header and of a body. */
    @Test
    void slowClientsAreCutOff() throws Exception {
        Limits usual = Limits.DEFAULTS;
        Limits limits = new Limits(
                usual.bodyBytes(),
                8,
                Duration.ofMillis(500),
                Duration.ofMillis(500),
                usual.ping(),
                usual.work(),
                usual.stop());
        try (PaliGemmaServer server = Servers.tiny().limits(limits).start()) {
            List<Socket> open = new ArrayList<>();
            for (String begun : List.of(
                    "POST /v1/chat/comp",
                    "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nX-A",
                    "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n{")) {
                for (int i = 0; i < 8; i++) {
                    open.add(socket(server, begun));
                }
            }
            // Longer than those with all eight threads have.
            assertThat(Servers.get(server, "/healthz").statusCode()).isEqualTo(200);
            for (Socket socket : open) {
                socket.setSoTimeout(20_000);
                assertThat(ended(socket)).isTrue();
                socket.close();
            }
        }
    }

    @Test
    void ofTwoHundredRequestsEachIsAnsweredOrToldToComeAgain() throws Exception {
        ExecutorService clients = Executors.newFixedThreadPool(200);
        try (PaliGemmaPipeline pipeline = PaliGemmaPipeline.builder()
                        .checkpoint(TinyModel.folder())
                        .maxConcurrentRequests(2)
                        .maxWaiting(8)
                        .build();
                PaliGemmaServer server =
                        PaliGemmaServer.builder().port(0).pipeline(pipeline).start()) {
            List<Callable<HttpResponse<String>>> calls = new ArrayList<>();
            for (int i = 0; i < 200; i++) {
                String stream = i % 2 == 0 ? "" : "\"stream\":true";
                calls.add(() -> Servers.chat(server, "ocr", stream));
            }
            int answered = 0;
            for (Future<HttpResponse<String>> call : clients.invokeAll(calls)) {
                HttpResponse<String> response = call.get();
                if (response.statusCode() == 200) {
                    answered++;
                    assertThat(response.body())
                            .contains("\"" + TinyModel.WORD + "\"")
                            .doesNotContain("error");
                } else {
                    assertThat(response.statusCode()).as(response.body()).isEqualTo(429);
                    assertThat(response.headers().firstValue("Retry-After")).isPresent();
                    assertThat(response.body()).contains("rate_limit_error").contains("queue_full");
                }
            }
            assertThat(answered).isBetween(10, 200);
        } finally {
            clients.shutdownNow();
        }
    }

    private static HttpResponse<String> withHeader(PaliGemmaServer server, String name, String value)
            throws IOException {
        return Servers.send(
                HttpRequest.newBuilder(server.address().resolve("/v1/models")).header(name, value));
    }

    private static HttpResponse<String> withPicture(PaliGemmaServer server, byte[] picture) throws IOException {
        String url = "data:image/png;base64," + Base64.getEncoder().encodeToString(picture);
        return Servers.post(
                server,
                "/v1/chat/completions",
                "{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"caption en\"},{\"type\":\"image_url\","
                        + "\"image_url\":{\"url\":\"" + url + "\"}}]}]}");
    }

    static String request(String json) {
        return "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: "
                + json.length() + "\r\n\r\n" + json;
    }

    static Socket socket(PaliGemmaServer server, String text) throws IOException {
        Socket socket =
                new Socket(InetAddress.getLoopbackAddress(), server.address().getPort());
        socket.getOutputStream().write(text.getBytes(StandardCharsets.US_ASCII));
        return socket;
    }

    private static String raw(PaliGemmaServer server, String request) throws IOException {
        try (Socket socket = socket(server, request)) {
            socket.setSoTimeout(20_000);
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
        } catch (SocketException e) {
            return ""; // closed while it was sent
        }
    }

    /** Whether the server has ended the connection: by an answer or without one. */
    private static boolean ended(Socket socket) throws IOException {
        try {
            socket.getInputStream().readAllBytes();
            return true;
        } catch (SocketException e) {
            return true;
        } catch (SocketTimeoutException e) {
            return false;
        }
    }

    /** A grey picture; of noise, or said to be there and not. */
    private static byte[] png(int width, int height, boolean empty) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(bytes);
        out.writeLong(0x89504e470d0a1a0aL);
        ByteArrayOutputStream header = new ByteArrayOutputStream();
        DataOutputStream fields = new DataOutputStream(header);
        fields.writeInt(width);
        fields.writeInt(height);
        fields.write(new byte[] {8, (byte) (empty ? 0 : 2), 0, 0, 0});
        chunk(out, "IHDR", header.toByteArray());
        byte[] rows = new byte[empty ? 1 << 20 : height * (1 + 3 * width)];
        if (!empty) {
            new Random(1).nextBytes(rows);
            for (int y = 0; y < height; y++) {
                rows[y * (1 + 3 * width)] = 0;
            }
        }
        Deflater deflater = new Deflater();
        deflater.setInput(rows);
        deflater.finish();
        byte[] packed = new byte[rows.length + 100_000];
        int length = deflater.deflate(packed);
        deflater.end();
        chunk(out, "IDAT", Arrays.copyOf(packed, length));
        chunk(out, "IEND", new byte[0]);
        return bytes.toByteArray();
    }

    private static void chunk(DataOutputStream out, String name, byte[] content) throws IOException {
        out.writeInt(content.length);
        byte[] type = name.getBytes(StandardCharsets.US_ASCII);
        out.write(type);
        out.write(content);
        CRC32 sum = new CRC32();
        sum.update(type);
        sum.update(content);
        out.writeInt((int) sum.getValue());
    }
}
