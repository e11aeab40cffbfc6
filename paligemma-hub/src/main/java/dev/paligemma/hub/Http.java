package dev.paligemma.hub;

import dev.paligemma.base.internal.Quote;
import dev.paligemma.hub.HubException.Kind;
import dev.paligemma.hub.Timing.Patience;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Sends requests and follows redirects by hand. Thread-safe.
 *
 * <p>By hand, because the client of Java 17 shows the token to whomever it is redirected to. The time for an answer is
 * counted here too: some releases of Java count until its head has come and others until its end.
 */
final class Http {
    private static final int MAX_REDIRECTS = 8;
    private static final int MAX_LOCATION_CHARS = 20_000;
    private static final int MAX_QUOTED = 300;

    private final Endpoint endpoint;
    private final @Nullable AccessToken token;
    private final Timing timing;
    private final HttpClient client;

    /** @param threads what the client's own work runs on; must stay alive as long as this is used */
    Http(Endpoint endpoint, @Nullable AccessToken token, Timing timing, Executor threads) {
        this.endpoint = endpoint;
        this.token = token;
        this.timing = timing;
        // Not HTTP/2: it would send all files through one connection, and one stall or loss would stop them all.
        this.client = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .followRedirects(HttpClient.Redirect.NEVER)
                .connectTimeout(timing.connect())
                .executor(threads)
                .build();
    }

    Endpoint endpoint() {
        return endpoint;
    }

    @Nullable
    AccessToken token() {
        return token;
    }

    /** Asks for content, wherever the hub says it is. */
    Reply get(URI uri, Map<String, String> headers) throws IOException, InterruptedException {
        return send("GET", uri, headers, timing.forContent(), reply -> false);
    }

    /** Asks what the hub says of a model. */
    Reply ask(URI uri, boolean isPatient) throws IOException, InterruptedException {
        return send("GET", uri, Map.of(), timing.forAnswer(isPatient), reply -> false);
    }

    /** Asks what a file is; the hub says that in the answer that redirects to another host. */
    Reply head(URI uri, boolean isPatient) throws IOException, InterruptedException {
        return send(
                "HEAD",
                uri,
                Map.of(),
                timing.forAnswer(isPatient),
                reply -> isAbsolute(reply.header("Location")) && reply.header("X-Repo-Commit") != null);
    }

    private static boolean isAbsolute(@Nullable String location) {
        return location != null && location.matches("(?i)([a-z][a-z0-9+.-]*:)?//.*");
    }

    private Reply send(
            String method, URI start, Map<String, String> headers, Patience patience, Predicate<Reply> isEnough)
            throws IOException, InterruptedException {
        URI uri = start;
        String linkedEtag = null;
        boolean trusted = true;
        for (int hop = 0; hop <= MAX_REDIRECTS; hop++) {
            HttpResponse<Flow.Publisher<List<ByteBuffer>>> response =
                    exchange(request(method, uri, headers, trusted), patience.head());
            PolledBody body = new PolledBody(patience.stall());
            response.body().subscribe(body);
            if (linkedEtag == null && endpoint.isOrigin(uri)) {
                linkedEtag = Reply.normalized(
                        response.headers().firstValue("X-Linked-Etag").orElse(null));
            }
            Reply reply = new Reply(uri, response.statusCode(), response.headers(), body, linkedEtag, token);
            if (!reply.isRedirect() || isEnough.test(reply)) {
                return reply;
            }
            reply.close();
            // A host that the hub sends us to may send us back, but not with the token to an address of its choice.
            trusted &= endpoint.isOrigin(uri);
            uri = target(endpoint, reply.uri(), reply.status(), reply.header("Location"));
        }
        throw bad(place(start) + " redirects more than " + MAX_REDIRECTS + " times; check HF_ENDPOINT");
    }

    private static HubException bad(String message) {
        return new HubException(Kind.BAD_ANSWER, message);
    }

    /** Where a redirect leads, if it may be followed. */
    static URI target(Endpoint endpoint, URI asked, int status, @Nullable String location) {
        String from = place(asked);
        if (location == null || location.isEmpty() || location.length() > MAX_LOCATION_CHARS) {
            throw bad(from + " redirects (HTTP " + status + ") without saying where to");
        }
        URI target;
        try {
            target = asked.resolve(location);
        } catch (IllegalArgumentException e) {
            throw bad(from + " redirects to something that is no address");
        }
        boolean http = "http".equalsIgnoreCase(target.getScheme());
        boolean https = "https".equalsIgnoreCase(target.getScheme());
        if (target.getHost() == null || !(http || https) || target.getRawUserInfo() != null) {
            throw bad(from + " redirects to something that is no web address ("
                    + Quote.shown(String.valueOf(target.getScheme()), 20) + ")");
        }
        if (http && (endpoint.isEncrypted() || "https".equalsIgnoreCase(asked.getScheme()))) {
            throw bad(from + " redirects to " + place(target) + ", which is not encrypted; expected https");
        }
        return target;
    }

    private HttpRequest request(String method, URI uri, Map<String, String> headers, boolean trusted) {
        HttpRequest.Builder builder = HttpRequest.newBuilder(uri)
                .method(method, HttpRequest.BodyPublishers.noBody())
                .header(
                        "User-Agent",
                        "paligemma-java; java/" + Runtime.version().feature())
                .header("Accept-Encoding", "identity");
        headers.forEach(builder::header);
        if (token != null && trusted && endpoint.isOrigin(uri)) {
            builder.header("Authorization", token.header());
        }
        return builder.build();
    }

    private HttpResponse<Flow.Publisher<List<ByteBuffer>>> exchange(HttpRequest request, Duration patience)
            throws IOException, InterruptedException {
        CompletableFuture<HttpResponse<Flow.Publisher<List<ByteBuffer>>>> answer =
                client.sendAsync(request, BodyHandlers.ofPublisher());
        boolean arrived = false;
        try {
            HttpResponse<Flow.Publisher<List<ByteBuffer>>> response =
                    answer.get(patience.toNanos(), TimeUnit.NANOSECONDS);
            arrived = true;
            return response;
        } catch (TimeoutException e) {
            throw new TransientFailure(
                    Kind.UNREACHABLE,
                    place(request.uri()) + " gave no answer within " + patience.toMillis() / 1000.0 + " s",
                    null);
        } catch (ExecutionException e) {
            // The cause carries a stack trace of the client's thread only, and this thread's is of more use.
            Throwable cause = e.getCause();
            if (cause instanceof IOException io) {
                throw withoutToken(io);
            }
            throw new IOException("the request to " + place(request.uri()) + " failed: " + cause, e);
        } finally {
            if (!arrived) {
                answer.cancel(true);
            }
        }
    }

    /** The client quotes headers that it cannot read, and whoever sent them may have echoed what it was sent. */
    private IOException withoutToken(IOException failure) {
        String text = failure.toString();
        if (token == null || token.removeFrom(text).equals(text)) {
            return failure;
        }
        return new IOException(Quote.shown(token.removeFrom(text), MAX_QUOTED));
    }

    /** An address for messages, without a query: it may hold a signature that lets everybody in. */
    static String place(URI uri) {
        String port = uri.getPort() < 0 ? "" : ":" + uri.getPort();
        return Quote.shown(uri.getScheme() + "://" + uri.getHost() + port + uri.getRawPath(), 300);
    }
}
