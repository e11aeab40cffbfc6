package dev.paligemma.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.paligemma.PaliGemmaPipeline;
import dev.paligemma.tiny.TinyModel;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

class PaliGemmaServerTest {
    @Test
    void isAliveBeforeTheModelIsLoadedAndReadyAfterwards() throws Exception {
        CountDownLatch wanted = new CountDownLatch(1);
        try (PaliGemmaServer server = PaliGemmaServer.builder()
                .port(0)
                .load(listener -> {
                    await(wanted);
                    return PaliGemmaPipeline.load(TinyModel.folder());
                })
                .start()) {
            assertThat(get(server, "/healthz").statusCode()).isEqualTo(200);
            HttpResponse<String> loading = get(server, "/readyz");
            assertThat(loading.statusCode()).isEqualTo(503);
            assertThat(loading.body()).isEqualTo("{\"status\":\"loading\"}");
            assertThat(get(server, "/health").body()).contains("model_loading");

            wanted.countDown();
            server.ready().toCompletableFuture().join();

            assertThat(get(server, "/readyz").statusCode()).isEqualTo(200);
            assertThat(get(server, "/health").body()).isEqualTo("{\"status\":\"ok\"}");
        }
    }

    @Test
    void tellsThatAModelCannotBeLoaded() throws Exception {
        try (PaliGemmaServer server = PaliGemmaServer.builder()
                .port(0)
                .load(listener -> {
                    throw new IllegalArgumentException("no such model");
                })
                .start()) {
            assertThatThrownBy(() -> server.ready().toCompletableFuture().join())
                    .isInstanceOf(CompletionException.class)
                    .hasRootCauseMessage("no such model");
            assertThat(get(server, "/readyz").body()).isEqualTo("{\"status\":\"failed\"}");
        }
    }

    @Test
    void aTakenPortIsAnErrorThatSaysSo() {
        try (PaliGemmaServer server = Servers.tiny().start()) {
            int port = server.address().getPort();
            assertThatThrownBy(() -> Servers.tiny().port(port).start())
                    .isInstanceOf(ServerException.class)
                    .hasMessageContaining("port " + port)
                    .hasMessageContaining("port(...)");
        }
    }

    private static HttpResponse<String> get(PaliGemmaServer server, String path) throws IOException {
        return Servers.get(server, path);
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
