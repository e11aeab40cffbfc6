package dev.paligemma.examples;

import dev.paligemma.PaliGemmaPipeline;
import dev.paligemma.server.PaliGemmaServer;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;

/** A server inside an application. */
public final class ServerExample {
    private ServerExample() {}

    // region server-embedded
    static String serve(Path checkpoint) throws IOException, InterruptedException {
        try (PaliGemmaServer server = PaliGemmaServer.builder()
                .load(listener -> PaliGemmaPipeline.builder()
                        .checkpoint(checkpoint)
                        .maxWaiting(16)
                        .onRequest(listener)
                        .build())
                .port(0) // one that is free
                .apiKey("secret")
                .start()) {
            server.ready().toCompletableFuture().join();
            URI models = server.address().resolve("/v1/models");
            HttpRequest request = HttpRequest.newBuilder(models)
                    .header("Authorization", "Bearer secret")
                    .build();
            return HttpClient.newHttpClient()
                    .send(request, BodyHandlers.ofString())
                    .body();
        }
    }
    // endregion

    /** Starts a server, asks it what it has, and stops it. */
    public static void main(String[] args) throws IOException, InterruptedException {
        System.out.println(serve(Path.of(args[0])));
    }
}
