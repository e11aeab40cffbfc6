package dev.paligemma.server.internal.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paligemma.server.internal.http.Router.Access;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class FrontTest {
    private static final Limits LIMITS = new Limits(
            1000,
            1,
            Duration.ofSeconds(10),
            Duration.ofMillis(300),
            Duration.ofMillis(100),
            Duration.ofMinutes(1),
            Duration.ZERO);

    private static Front start(Handler handler) throws IOException {
        return start(handler, new Places(), LIMITS);
    }

    private static Front start(Handler handler, Places places, Limits limits) throws IOException {
        Router router = new Router()
                .add(Access.OPEN, "GET", "/it", handler)
                .add(Access.OPEN, "POST", "/it", handler)
                .add(Access.OPEN, "GET", "/ok", exchange -> exchange.json(200, "{}"));
        Front front = new Front(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                router,
                new ApiKeys(List.of()),
                new Origins(List.of(), List.of(), true),
                new Admission(places, 1 << 20),
                limits);
        front.start();
        return front;
    }

    private static Socket get(Front front, String path) throws IOException {
        Socket socket = new Socket();
        socket.setReceiveBufferSize(1024);
        socket.connect(front.address());
        socket.setSoTimeout(20_000);
        socket.getOutputStream()
                .write(("GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                        .getBytes(StandardCharsets.US_ASCII));
        return socket;
    }

    private static String answer(Socket socket) throws IOException {
        return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }

    /** The only thread is free again as soon as the answer has waited for too long. */
    @Test
    void aClientThatNeverReadsHoldsNoThread() throws IOException {
        String text = "\"" + "x".repeat(1 << 20) + "\"";
        try (Front front = start(exchange -> exchange.stream(null, (events, ticket) -> {
                    for (int i = 0; i < 30; i++) {
                        events.data(text);
                    }
                }));
                Socket deaf = get(front, "/it");
                Socket other = get(front, "/ok")) {
            assertThat(answer(other)).startsWith("HTTP/1.1 200");
            assertThat(deaf.isConnected()).isTrue();
        }
    }

    @Test
    void pingsWhileNothingIsThereToSay() throws IOException {
        CountDownLatch pinged = new CountDownLatch(1);
        try (Front front = start(exchange -> exchange.stream("error", (events, ticket) -> {
                    assertThat(pinged.await(20, TimeUnit.SECONDS)).isTrue();
                    events.event("done", "{}");
                    throw new IllegalArgumentException("too late");
                }));
                Socket socket = get(front, "/it")) {
            StringBuilder read = new StringBuilder();
            while (read.indexOf(": ping\n\n") < 0) {
                read.append((char) socket.getInputStream().read());
            }
            pinged.countDown();
            assertThat(answer(socket))
                    .contains("event: done\ndata: {}\n\n")
                    .contains("event: error\ndata: {\"error\":{\"message\":\"too late\"");
        }
    }

    @Test
    void whatFailsBeforeTheFirstEventIsAnAnswer() throws IOException {
        try (Front front = start(exchange -> exchange.stream(null, (events, ticket) -> {
                    throw HttpFailure.badRequest("it", "no");
                }));
                Socket socket = get(front, "/it")) {
            assertThat(answer(socket)).startsWith("HTTP/1.1 400").contains("\"param\":\"it\"");
        }
    }

    /** A bug does not tell the client what is inside. */
    @Test
    void anUnexpectedFailureIsLoggedAndNotShown() throws IOException {
        try (Front front = start(exchange -> {
                    throw new IllegalStateException("secret");
                });
                Socket socket = get(front, "/it")) {
            assertThat(answer(socket))
                    .startsWith("HTTP/1.1 500")
                    .contains("internal_error")
                    .doesNotContain("secret");
        }
    }

    @Test
    void workOfAClientThatHasGoneIsInterrupted() throws Exception {
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch interrupted = new CountDownLatch(1);
        try (Front front = start(exchange -> exchange.await(ticket -> {
            begun.countDown();
            try {
                new CountDownLatch(1).await();
            } catch (InterruptedException e) {
                interrupted.countDown();
            }
            return "";
        }))) {
            try (Socket socket = get(front, "/it")) {
                assertThat(begun.await(20, TimeUnit.SECONDS)).isTrue();
                assertThat(socket.isConnected()).isTrue();
            }
            assertThat(interrupted.await(20, TimeUnit.SECONDS)).isTrue();
        }
    }

    @Test
    void answersToHead() throws IOException {
        try (Front front = start(exchange -> exchange.json(200, "{\"a\":1}"));
                Socket socket = new Socket()) {
            socket.connect(front.address());
            socket.getOutputStream()
                    .write("HEAD /it HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
                            .getBytes(StandardCharsets.US_ASCII));
            assertThat(answer(socket)).startsWith("HTTP/1.1 200").endsWith("\r\n\r\n");
        }
    }

    /** Of two requests that both want the only place, the second one is told to come again, and its body is not kept. */
    @Test
    void aPlaceIsTakenBeforeTheBodyIsLookedAt() throws Exception {
        Places places = new Places();
        places.limit(1);
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch end = new CountDownLatch(1);
        AtomicInteger bodies = new AtomicInteger();
        try (Front front = start(
                exchange -> {
                    bodies.addAndGet(exchange.body().length);
                    exchange.json(200, exchange.await(ticket -> {
                        begun.countDown();
                        end.await();
                        return "{}";
                    }));
                },
                places,
                Limits.DEFAULTS)) {
            try (Socket first = post(front, "one")) {
                begun.await();
                try (Socket second = post(front, "second")) {
                    assertThat(answer(second)).startsWith("HTTP/1.1 429").containsIgnoringCase("Retry-After: ");
                }
                assertThat(bodies).hasValue(3);
                end.countDown();
                assertThat(answer(first)).startsWith("HTTP/1.1 200");
            }
            try (Socket third = post(front, "third")) {
                assertThat(answer(third)).startsWith("HTTP/1.1 200");
            }
            assertThat(places.areTaken()).isFalse();
        }
    }

    private static Socket post(Front front, String body) throws IOException {
        Socket socket = new Socket(front.address().getAddress(), front.address().getPort());
        socket.setSoTimeout(20_000);
        socket.getOutputStream()
                .write(("POST /it HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: " + body.length()
                                + "\r\n\r\n" + body)
                        .getBytes(StandardCharsets.US_ASCII));
        return socket;
    }
}
