package dev.paligemma.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paligemma.PaliGemmaPipeline;
import dev.paligemma.tiny.TinyModel;
import dev.paligemma.vision.RgbImage;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Throws requests at a server, by sockets, so that their bytes are ours. {@code -Dfuzz.requests=100000} for a longer round; {@code
 * -Dfuzz.seed} for another one.
 */
class ServerFuzzTest {
    private static final int REQUESTS = Integer.getInteger("fuzz.requests", 1500);
    private static final long SEED = Long.getLong("fuzz.seed", 17);
    private static final int CLIENTS = 4;
    private static final int PATIENCE_MS = 60_000;

    /** What the OpenAPI document has of the server's own faults, without the one that would be a fault of ours. */
    private static final Set<Integer> EXPECTED_FAULTS = Set.of(501, 503, 504);

    /** How often which status came; 0 for a closed connection. */
    private final Map<Integer, LongAdder> statuses = new ConcurrentSkipListMap<>();

    @Test
    @Timeout(value = 4, unit = TimeUnit.HOURS)
    void nothingMakesTheServerFail() throws Exception {
        byte[] picture = smallPicture();
        int threads;
        try (PaliGemmaServer server = PaliGemmaServer.builder()
                .port(0)
                .load(listener -> PaliGemmaPipeline.builder()
                        .checkpoint(TinyModel.folder())
                        .threads(1)
                        .maxWaiting(CLIENTS)
                        .onRequest(listener)
                        .build())
                .start()) {
            server.ready().toCompletableFuture().join();
            String caption = caption(server, picture);
            threads = Thread.activeCount();
            ExecutorService clients = Executors.newFixedThreadPool(CLIENTS);
            try {
                List<Future<?>> all = new ArrayList<>();
                for (int client = 0; client < CLIENTS; client++) {
                    long seed = SEED + client;
                    all.add(clients.submit(() -> {
                        ask(server, new FuzzedRequests(seed, picture), seed);
                        return null;
                    }));
                }
                for (Future<?> each : all) {
                    each.get();
                }
            } finally {
                clients.shutdownNow();
            }
            assertThat(caption(server, picture)).isEqualTo(caption);
            assertThat(ask(server, "GET /metrics", "Content-Length: 0\r\n\r\n"))
                    .contains("paligemma_queue_active 0\n", "paligemma_queue_waiting 0\n");
            assertThat(statuses.keySet()).contains(200, 400, 404, 405, 415);
            assertThat(Thread.activeCount()).isLessThan(threads + 50);
        }
    }

    private void ask(PaliGemmaServer server, FuzzedRequests requests, long seed) throws IOException {
        for (int round = 0; round < REQUESTS / CLIENTS; round++) {
            byte[] request = requests.next();
            String where = "request " + round + " of seed " + seed + ": "
                    + new String(request, StandardCharsets.ISO_8859_1).substring(0, Math.min(request.length, 3000));
            String answer = send(server, request);
            int status = answer.isEmpty() ? 0 : Integer.parseInt(answer.substring(9, 12));
            statuses.computeIfAbsent(status, unused -> new LongAdder()).increment();
            if (status >= 500) {
                assertThat(status).as(where + "\n" + answer).isIn(EXPECTED_FAULTS);
            }
            // What the JDK itself refuses has a page for an answer.
            if (status >= 400 && answer.contains("x-request-id") && !answer.endsWith("\r\n\r\n")) {
                assertThat(answer).as(where).contains("{\"error\":{\"message\":\"");
            }
        }
    }

    /** The whole answer; empty if the server closes the connection instead. */
    private static String send(PaliGemmaServer server, byte[] request) throws IOException {
        try (Socket socket =
                new Socket(InetAddress.getLoopbackAddress(), server.address().getPort())) {
            socket.setSoTimeout(PATIENCE_MS);
            ByteArrayOutputStream answer = new ByteArrayOutputStream();
            try {
                socket.getOutputStream().write(request);
                socket.getOutputStream().flush();
                InputStream in = socket.getInputStream();
                // A request that is shorter than it says ends here, and not when the server loses patience.
                if (!isWhole(request)) {
                    socket.shutdownOutput();
                }
                in.transferTo(answer);
            } catch (SocketException e) {
                // Closed while we still wrote.
                return answer.toString(StandardCharsets.ISO_8859_1);
            }
            return answer.toString(StandardCharsets.ISO_8859_1);
        }
    }

    /** Whether as many bytes follow the head as it says. */
    private static boolean isWhole(byte[] request) {
        String text = new String(request, StandardCharsets.ISO_8859_1);
        int head = text.indexOf("\r\n\r\n");
        int length = text.indexOf("Content-Length: ");
        if (head < 0 || length < 0 || length > head || !text.contains("Connection: close\r\n")) {
            return false;
        }
        String number = text.substring(length + "Content-Length: ".length(), text.indexOf("\r\n", length));
        return number.equals(String.valueOf(text.length() - head - 4));
    }

    /** An answer that is the same for the same state of the server. */
    private static String caption(PaliGemmaServer server, byte[] picture) throws IOException {
        String body = "{\"image\":\"" + Base64.getEncoder().encodeToString(picture) + "\"}";
        String answer = ask(server, "POST /v1/caption", "Content-Length: " + body.length() + "\r\n\r\n" + body);
        assertThat(answer).startsWith("HTTP/1.1 200 ");
        return answer.substring(answer.indexOf("{\"text\"")).replaceAll("\"timings\":\\{[^}]*}", "");
    }

    /** On a connection of its own: one that was open all the time may just be closed. */
    private static String ask(PaliGemmaServer server, String line, String rest) throws IOException {
        String request = line + " HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n" + rest;
        return send(server, request.getBytes(StandardCharsets.US_ASCII));
    }

    private static byte[] smallPicture() throws IOException {
        BufferedImage image = RgbImage.read(TinyModel.picture()).resize(24, 24).toBufferedImage();
        ByteArrayOutputStream png = new ByteArrayOutputStream();
        ImageIO.write(image, "png", png);
        return png.toByteArray();
    }
}
