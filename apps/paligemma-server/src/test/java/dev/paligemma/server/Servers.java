package dev.paligemma.server;

import dev.paligemma.PaliGemmaPipeline;
import dev.paligemma.tiny.TinyModel;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.util.Base64;

/** Servers of the bundled model, on ports that are free, and requests to them. */
final class Servers {
    private static final PaliGemmaPipeline PIPELINE = PaliGemmaPipeline.load(TinyModel.folder());
    private static final HttpClient CLIENT = HttpClient.newHttpClient();

    /** Read once: the bundled files are checked, and so read whole, whenever somebody asks where they are. */
    private static final String PICTURE = dataUri();

    static {
        // As the command line does; the server of the JDK reads it once.
        System.setProperty("sun.net.httpserver.nodelay", "true");
    }

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

    /** Asks about the bundled picture; further members of the body as they stand there. */
    static HttpResponse<String> chat(PaliGemmaServer server, String prompt, String members) throws IOException {
        return post(server, "/v1/chat/completions", question(prompt, members));
    }

    static String question(String prompt, String members) {
        return "{" + (members.isEmpty() || members.contains("\"messages\"") ? "" : members + ",")
                + "\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"" + prompt
                + "\"},{\"type\":\"image_url\",\"image_url\":{\"url\":\"" + picture() + "\"}}]}]"
                + (members.contains("\"messages\"") ? "," + members : "") + "}";
    }

    /** The bundled picture as a data URI. */
    static String picture() {
        return PICTURE;
    }

    private static String dataUri() {
        try {
            return "data:image/png;base64,"
                    + Base64.getEncoder().encodeToString(Files.readAllBytes(TinyModel.picture()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
