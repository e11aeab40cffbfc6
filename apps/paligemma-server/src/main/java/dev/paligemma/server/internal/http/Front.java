package dev.paligemma.server.internal.http;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.paligemma.base.internal.Quote;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.HexFormat;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Accepts connections, checks who asks, finds the handler, and tells of failures. Thread-safe. */
public final class Front implements AutoCloseable {
    private static final Logger ACCESS = LoggerFactory.getLogger("dev.paligemma.server.access");

    /** As many connections as there may be in the queue of the kernel. */
    private static final int BACKLOG = 512;

    private static final Duration PATIENCE = Duration.ofSeconds(5);
    private static final long LOOK_MS = 10;
    private static final int SHOWN_PATH = 200;

    private final HttpServer server;
    private final InetSocketAddress bound;
    private final HandlerThreads threads;
    private final Connections connections;
    private final Router router;
    private final ApiKeys keys;
    private final Origins origins;
    private final Admission admission;
    private final Limits limits;
    private final AtomicInteger running = new AtomicInteger();
    private final AtomicBoolean stopping = new AtomicBoolean();

    /** Binds an address, without answering yet. */
    public Front(
            InetSocketAddress address, Router router, ApiKeys keys, Origins origins, Admission admission, Limits limits)
            throws IOException {
        this.server = HttpServer.create(address, BACKLOG);
        this.threads = new HandlerThreads(limits.exchanges(), limits.receive());
        this.bound = server.getAddress();
        this.connections = new Connections(bound.getPort());
        this.router = router;
        this.keys = keys;
        this.origins = origins;
        this.admission = admission;
        this.limits = limits;
        server.setExecutor(threads);
        server.createContext("/", this::answer);
    }

    /** Begins to answer. */
    public void start() {
        server.start();
    }

    /** The address with the port that was chosen. */
    public InetSocketAddress address() {
        return bound;
    }

    private void answer(HttpExchange exchange) {
        long start = System.nanoTime();
        String id =
                "req_" + HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextLong());
        Admission.Ticket ticket = admission.ticket();
        JdkExchange request = new JdkExchange(exchange, threads, connections, ticket, limits, id);
        running.incrementAndGet();
        String end = "";
        try (ticket;
                exchange) {
            try {
                request.answerHeader("x-request-id", id);
                request.answerHeader("X-Content-Type-Options", "nosniff");
                handle(request);
            } catch (RuntimeException | Error e) {
                fail(request, Failures.of(e, id));
            }
        } catch (IOException e) {
            end = " client gone";
        } finally {
            running.decrementAndGet();
            // The path without the query, and nothing of the body.
            ACCESS.info(
                    "{} {} {} {} {}{} {} ms",
                    id,
                    exchange.getRemoteAddress().getAddress().getHostAddress(),
                    Quote.shown(exchange.getRequestMethod(), SHOWN_PATH),
                    Quote.shown(request.path(), SHOWN_PATH),
                    request.status(),
                    end,
                    TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start));
        }
    }

    private void handle(JdkExchange request) throws IOException {
        if (stopping.get()) {
            throw JdkExchange.stopping();
        }
        origins.check(request);
        if (request.method().equals("OPTIONS")) {
            Origins.answerPreflight(request);
            request.bytes(204, "text/plain", new byte[0]);
            return;
        }
        Router.Route route = router.find(request.method(), request.path());
        if (route.access() == Router.Access.KEY) {
            keys.check(request);
        }
        route.handler().handle(request);
    }

    private static void fail(JdkExchange request, HttpFailure failure) throws IOException {
        if (request.status() == 0) {
            failure.headers().forEach(request::answerHeader);
            request.json(failure.status(), failure.json());
        }
    }

    /**
     * Lets running requests end, but no longer than the limit, while new ones are refused; then interrupts what runs, and waits a
     * moment for that.
     */
    @Override
    public void close() {
        if (stopping.getAndSet(true)) {
            return;
        }
        waitForRequests(limits.stop());
        threads.interruptWork(PATIENCE);
        waitForRequests(PATIENCE);
        server.stop(0);
        threads.close();
    }

    private void waitForRequests(Duration patience) {
        long end = System.nanoTime() + patience.toNanos();
        try {
            while (running.get() > 0 && System.nanoTime() - end < 0) {
                Thread.sleep(LOOK_MS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
