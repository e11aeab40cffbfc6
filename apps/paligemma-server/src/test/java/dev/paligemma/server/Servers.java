package dev.paligemma.server;

import dev.paligemma.PaliGemmaPipeline;
import dev.paligemma.tiny.TinyModel;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;

/** Servers of the bundled model, on ports that are free, and requests to them. */
final class Servers {
    private static final PaliGemmaPipeline PIPELINE = PaliGemmaPipeline.load(TinyModel.folder());
    private static final HttpClient CLIENT = HttpClient.newHttpClient();

    private Servers() {}

    /** The bundled model, which all tests share. */
    static PaliGemmaPipeline pipeline() {
        return PIPELINE;
    }

    /** Begins a server of it. */
    static ServerBuilder tiny() {
        return PaliGemmaServer.builder().port(0).pipeline(PIPELINE).modelName("paligemma-tiny");
    }

    static HttpResponse<String> get(PaliGemmaServer server, String path) throws IOException {
        return send(HttpRequest.newBuilder(server.address().resolve(path)));
    }

    static HttpResponse<String> post(PaliGemmaServer server, String path, String json) throws IOException {
        return send(HttpRequest.newBuilder(server.address().resolve(path))
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofString(json)));
    }

    static HttpResponse<String> send(HttpRequest.Builder request) throws IOException {
        try {
            return CLIENT.send(request.build(), BodyHandlers.ofString());
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
