package dev.paligemma.server.internal.http;

import com.sun.net.httpserver.HttpExchange;
import dev.paligemma.generation.RequestCancelledException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** An exchange of the server of the JDK. */
final class JdkExchange implements Exchange {
    /** How often is looked whether the client is still there. */
    static final long LOOK_MS = 25;

    private static final int PIECE = 1 << 14;
    /** So much later comes the first one, with which the answer begins: a refusal after it has no status of its own. */
    private static final int FIRST_PING = 5;

    /** A client that is cut off while it sends does not read why; so much more than allowed is read and thrown away. */
    private static final int DISCARDED = 8;

    private final HttpExchange exchange;
    private final HandlerThreads threads;
    private final Connections.Client client;
    private final Admission.Ticket ticket;
    private final Limits limits;
    private final String id;
    private int status;

    JdkExchange(
            HttpExchange exchange,
            HandlerThreads threads,
            Connections connections,
            Admission.Ticket ticket,
            Limits limits,
            String id) {
        this.exchange = exchange;
        this.threads = threads;
        this.client = connections.client(exchange.getRemoteAddress());
        this.ticket = ticket;
        this.limits = limits;
        this.id = id;
    }

    @Override
    public String method() {
        String method = exchange.getRequestMethod();
        return method.equals("HEAD") ? "GET" : method;
    }

    @Override
    public String path() {
        String path = exchange.getRequestURI().getPath();
        return path == null ? "" : path;
    }

    @Override
    public Optional<String> header(String name) {
        return Optional.ofNullable(exchange.getRequestHeaders().getFirst(name));
    }

    @Override
    public Optional<String> query(String name) {
        String query = exchange.getRequestURI().getRawQuery();
        if (query == null) {
            return Optional.empty();
        }
        for (String pair : query.split("&", -1)) {
            int equals = pair.indexOf('=');
            String key = equals < 0 ? pair : pair.substring(0, equals);
            if (decoded(key).equals(name)) {
                return Optional.of(equals < 0 ? "" : decoded(pair.substring(equals + 1)));
            }
        }
        return Optional.empty();
    }

    private static String decoded(String text) {
        try {
            return URLDecoder.decode(text, StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            throw HttpFailure.badRequest(null, "The query of the address is not well-formed: " + e.getMessage());
        }
    }

    @Override
    public String id() {
        return id;
    }

    @Override
    public byte[] body() throws IOException {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        InputStream in = exchange.getRequestBody();
        byte[] piece = new byte[PIECE];
        long total = 0;
        // Who is refused while it sends does not read why, so the rest is read and thrown away.
        boolean refused = ticket.isHopeless();
        for (int count = in.read(piece); count >= 0; count = in.read(piece)) {
            total += count;
            if (!refused && total <= limits.bodyBytes() && ticket.holdBody(total)) {
                body.write(piece, 0, count);
                continue;
            }
            refused = true;
            body = new ByteArrayOutputStream();
            ticket.dropBody();
            if (total > (long) DISCARDED * limits.bodyBytes()) {
                break;
            }
        }
        threads.deadline().none();
        if (total > limits.bodyBytes()) {
            throw HttpFailure.invalid(
                    413,
                    null,
                    "request_too_large",
                    "The body of the request is larger than " + limits.bodyBytes() + " bytes.");
        }
        if (refused || !ticket.takePlace()) {
            throw Admission.full();
        }
        return body.toByteArray();
    }

    @Override
    public void answerHeader(String name, String value) {
        exchange.getResponseHeaders().set(name, value);
    }

    @Override
    public void json(int newStatus, String json) throws IOException {
        bytes(newStatus, "application/json", json.getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public void bytes(int newStatus, String mediaType, byte[] body) throws IOException {
        answerHeader("Content-Type", mediaType);
        status = newStatus;
        boolean empty = exchange.getRequestMethod().equals("HEAD") || body.length == 0;
        threads.deadline().in(limits.send());
        exchange.sendResponseHeaders(newStatus, empty ? -1 : body.length);
        if (!empty) {
            exchange.getResponseBody().write(body);
        }
        exchange.close();
        threads.deadline().none();
    }

    @Override
    public <T> T await(Work<T> work) throws IOException {
        Future<T> result = submit(() -> {
            try {
                return work.run(ticket);
            } finally {
                ticket.workEnded();
            }
        });
        long start = System.nanoTime();
        try {
            while (true) {
                try {
                    return result.get(LOOK_MS, TimeUnit.MILLISECONDS);
                } catch (TimeoutException e) {
                    requireClient();
                    requireTime(start);
                }
            }
        } catch (ExecutionException e) {
            throw unchecked(reason(e.getCause()));
        } catch (CancellationException e) {
            throw stopping();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw stopping();
        } finally {
            result.cancel(true);
        }
    }

    private void requireClient() throws IOException {
        if (clientGone()) {
            throw new ClientGoneException("the client closed the connection");
        }
    }

    private void requireTime(long start) {
        if (System.nanoTime() - start > limits.work().toNanos()) {
            throw HttpFailure.server(
                    504,
                    "timeout",
                    "The request took longer than the " + limits.work().toSeconds() + " s it may take.");
        }
    }

    private <T> Future<T> submit(Callable<T> work) {
        threads.deadline().none();
        try {
            return threads.workers().submit(work);
        } catch (RejectedExecutionException e) {
            throw stopping();
        }
    }

    /** What was given up while the server stops, was so for that reason. */
    private @Nullable Throwable reason(@Nullable Throwable failure) {
        return failure instanceof RequestCancelledException && threads.workers().isShutdown() ? stopping() : failure;
    }

    static HttpFailure stopping() {
        return HttpFailure.server(503, "server_stopping", "The server stops; ask another one.")
                .retryAfter(1)
                .with("Connection", "close");
    }

    private static RuntimeException unchecked(@Nullable Throwable cause) throws IOException {
        if (cause instanceof Error error) {
            throw error;
        } else if (cause instanceof IOException failed) {
            throw failed;
        }
        return cause instanceof RuntimeException known
                ? known
                : new IllegalStateException(String.valueOf(cause), cause);
    }

    @Override
    public void stream(@Nullable String errorEvent, EventWork work) throws IOException {
        QueuedEvents events = new QueuedEvents();
        Future<@Nullable Void> result = submit(() -> {
            try {
                work.run(events, ticket);
            } finally {
                ticket.workEnded();
                events.end();
            }
            return null;
        });
        try {
            long start = System.nanoTime();
            long silentSince = start;
            while (true) {
                String next = events.poll(LOOK_MS);
                requireTime(start);
                if (next == null) {
                    requireClient();
                    if (System.nanoTime() - silentSince > limits.ping().toNanos() * (status == 0 ? FIRST_PING : 1)) {
                        send(": ping\n\n");
                        silentSince = System.nanoTime();
                    }
                } else if (QueuedEvents.isEnd(next)) {
                    break;
                } else {
                    send(next);
                    silentSince = System.nanoTime();
                }
            }
            result.get();
        } catch (ExecutionException e) {
            fail(errorEvent, reason(e.getCause()));
        } catch (HttpFailure e) {
            fail(errorEvent, e);
        } catch (CancellationException e) {
            fail(errorEvent, stopping());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ClientGoneException("the client took too long to read");
        } finally {
            result.cancel(true);
        }
        exchange.close();
    }

    private void fail(@Nullable String errorEvent, @Nullable Throwable cause) throws IOException {
        if (status == 0) {
            throw unchecked(cause);
        }
        send(QueuedEvents.text(
                errorEvent,
                Failures.of(cause == null ? new IllegalStateException() : cause, id)
                        .json()));
    }

    private void send(String text) throws IOException {
        threads.deadline().in(limits.send());
        if (status == 0) {
            status = 200;
            answerHeader("Content-Type", "text/event-stream; charset=utf-8");
            answerHeader("Cache-Control", "no-cache");
            // Or nginx keeps them until there are enough.
            answerHeader("X-Accel-Buffering", "no");
            exchange.sendResponseHeaders(status, 0);
        }
        OutputStream out = exchange.getResponseBody();
        out.write(text.getBytes(StandardCharsets.UTF_8));
        out.flush();
        threads.deadline().none();
    }

    @Override
    public boolean clientGone() {
        return client.isGone();
    }

    /** The status of the answer; 0 if nothing was sent. */
    int status() {
        return status;
    }
}
