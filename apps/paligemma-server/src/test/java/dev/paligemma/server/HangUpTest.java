package dev.paligemma.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paligemma.PaliGemmaPipeline;
import dev.paligemma.generation.RequestCancelledException;
import dev.paligemma.generation.RequestInfo;
import dev.paligemma.generation.RequestListener;
import dev.paligemma.generation.RequestOutcome;
import dev.paligemma.tiny.TinyModel;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Clients that go while they are answered; how often, {@code -Dhang.ups=N} says. */
class HangUpTest {
    private static final int ROUNDS = Integer.getInteger("hang.ups", 50);

    /** Two thousand characters one by one, which nobody waits for. */
    private static final String ENDLESS =
            "\"max_tokens\":5000,\"structured_outputs\":{\"regex\":\"[0-9]{990}[0-9]{990}\"}";

    @Test
    void givesTheirPlacesToOthers() throws Exception {
        Watcher watcher = new Watcher();
        try (PaliGemmaPipeline pipeline = PaliGemmaPipeline.builder()
                        .checkpoint(TinyModel.folder())
                        .maxConcurrentRequests(1)
                        .maxWaiting(1)
                        .onRequest(watcher)
                        .build();
                PaliGemmaServer server =
                        PaliGemmaServer.builder().port(0).pipeline(pipeline).start()) {
            hangUp(server, watcher, true);
            int threads = Thread.activeCount();
            long before = used();
            for (int i = 0; i < ROUNDS; i++) {
                hangUp(server, watcher, i % 2 == 0);
            }
            // The only place is free again.
            assertThat(Servers.chat(server, "ocr", "").body()).contains(TinyModel.WORD);
            assertThat(Thread.activeCount()).isLessThan(threads + 8);
            assertThat(used() - before).isLessThan(20L << 20);
        }
    }

    private static void hangUp(PaliGemmaServer server, Watcher watcher, boolean stream) throws Exception {
        String question = Servers.question("ocr", ENDLESS + (stream ? ",\"stream\":true" : ""));
        try (Socket socket = SafetyTest.socket(server, SafetyTest.request(question))) {
            assertThat(watcher.begun.poll(30, TimeUnit.SECONDS)).isNotNull();
            if (stream) {
                readUntil(socket, "content");
            }
        }
        RequestOutcome outcome = watcher.ended.poll(30, TimeUnit.SECONDS);
        assertThat(outcome).isNotNull();
        assertThat(outcome.failure()).containsInstanceOf(RequestCancelledException.class);
    }

    private static void readUntil(Socket socket, String text) throws IOException {
        StringBuilder read = new StringBuilder();
        byte[] piece = new byte[1024];
        while (read.indexOf(text) < 0) {
            int count = socket.getInputStream().read(piece);
            assertThat(count).isPositive();
            read.append(new String(piece, 0, count, StandardCharsets.US_ASCII));
        }
    }

    private static long used() {
        System.gc();
        Runtime runtime = Runtime.getRuntime();
        return runtime.totalMemory() - runtime.freeMemory();
    }

    private static final class Watcher implements RequestListener {
        private final BlockingQueue<RequestInfo> begun = new LinkedBlockingQueue<>();
        private final BlockingQueue<RequestOutcome> ended = new LinkedBlockingQueue<>();

        @Override
        public void firstToken(RequestInfo request) {
            begun.add(request);
        }

        @Override
        public void finished(RequestInfo request, RequestOutcome outcome) {
            ended.add(outcome);
        }
    }
}
