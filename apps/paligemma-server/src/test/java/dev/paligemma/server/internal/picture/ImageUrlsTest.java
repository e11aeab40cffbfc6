package dev.paligemma.server.internal.picture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.sun.net.httpserver.HttpServer;
import dev.paligemma.server.internal.http.HttpFailure;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ImageUrlsTest {
    private final CountDownLatch end = new CountDownLatch(1);
    private HttpServer server;
    private ImageUrls urls;

    @BeforeEach
    void start() throws IOException {
        InetAddress loopback = InetAddress.getLoopbackAddress();
        server = HttpServer.create(new InetSocketAddress(loopback, 0), 0);
        server.createContext("/", exchange -> {
            String path = exchange.getRequestURI().getPath();
            byte[] body = ("picture for " + exchange.getRequestHeaders().getFirst("Host"))
                    .getBytes(StandardCharsets.US_ASCII);
            if (path.startsWith("/to/")) {
                exchange.getResponseHeaders()
                        .set("Location", exchange.getRequestURI().getQuery());
                exchange.sendResponseHeaders(302, -1);
            } else if (path.equals("/slow")) {
                await();
            } else if (path.equals("/large")) {
                exchange.sendResponseHeaders(200, 0);
                try (OutputStream out = exchange.getResponseBody()) {
                    out.write(new byte[5000]);
                }
            } else if (path.equals("/chunks")) {
                exchange.sendResponseHeaders(200, 0);
                try (OutputStream out = exchange.getResponseBody()) {
                    out.write(body, 0, 3);
                    out.flush();
                    out.write(body, 3, body.length - 3);
                }
            } else {
                exchange.sendResponseHeaders(path.equals("/none") ? 404 : 200, body.length);
                exchange.getResponseBody().write(body);
            }
            exchange.close();
        });
        server.start();
        urls = new ImageUrls(
                List.of("pictures.example", "*.more.example"),
                1000,
                Duration.ofSeconds(2),
                host -> new InetAddress[] {
                    host.equals("inside.more.example") ? InetAddress.getByName("10.0.0.1") : loopback
                },
                InetAddress::isLoopbackAddress);
    }

    private void await() {
        try {
            end.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @AfterEach
    void stop() {
        end.countDown();
        server.stop(0);
    }

    private String fetch(String address) {
        return new String(
                urls.fetch(
                        "url", address.replace("PORT", "" + server.getAddress().getPort())),
                StandardCharsets.US_ASCII);
    }

    @Test
    void fetchesFromHostsThatAreAllowed() {
        int port = server.getAddress().getPort();
        assertThat(fetch("http://pictures.example:PORT/a.png?b=c")).isEqualTo("picture for pictures.example:" + port);
        assertThat(fetch("HTTP://A.More.Example:PORT/chunks")).isEqualTo("picture for A.More.Example:" + port);
        assertThat(fetch("http://pictures.example:PORT/to/?http://a.more.example:PORT/"))
                .isEqualTo("picture for a.more.example:" + port);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "http://other.example:PORT/",
                "http://more.example:PORT/",
                "http://evilmore.example:PORT/",
                "http://pictures.example@other.example:PORT/",
                "http://user@pictures.example:PORT/",
                "http://127.0.0.1:PORT/",
                "http://inside.more.example:PORT/",
                "http://pictures.example:PORT/to/?http://127.0.0.1:PORT/",
                "http://pictures.example:PORT/to/?http://inside.more.example:PORT/",
                "http://pictures.example:PORT/to/?file:///etc/passwd",
                "http://pictures.example:PORT/to/?/to/",
                "http://pictures.example:PORT/none",
                "http://pictures.example:PORT/large",
                "http://pictures.example:PORT/slow",
                "http://pictures.example:PORT/a b",
                "http://pictures.example:PORT/\r\nX: y",
                "http:///a",
                "https://pictures.example:PORT/",
                "http://pictures.example:1/"
            })
    void refusesAllElse(String address) {
        assertThatExceptionOfType(HttpFailure.class)
                .isThrownBy(() -> fetch(address))
                .withMessageStartingWith("url cannot be fetched: ")
                .satisfies(e -> assertThat(e.param()).isEqualTo("url"))
                .satisfies(e -> assertThat(e.status()).isEqualTo(400));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "0.0.0.0",
                "10.1.2.3",
                "100.64.0.1",
                "127.0.0.1",
                "127.255.0.1",
                "169.254.169.254",
                "172.16.0.1",
                "172.31.255.255",
                "192.0.0.1",
                "192.0.2.1",
                "192.88.99.1",
                "192.168.1.1",
                "198.18.0.1",
                "198.19.255.255",
                "198.51.100.1",
                "203.0.113.1",
                "224.0.0.1",
                "240.0.0.1",
                "255.255.255.255",
                "::",
                "::1",
                "::ffff:10.0.0.1",
                "64:ff9b::a00:1",
                "fe80::1",
                "fc00::1",
                "fd12::1",
                "ff02::1",
                "2001::1",
                "2001:db8::1",
                "2002:a00:1::1",
                "fec0::1",
                "3fff::1",
                "100::1"
            })
    void knowsAddressesThatAreNotOfTheInternet(String address) throws IOException {
        assertThat(PublicAddresses.isPublic(InetAddress.getByName(address))).isFalse();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "1.1.1.1",
                "8.8.8.8",
                "100.63.255.255",
                "100.128.0.1",
                "172.15.0.1",
                "172.32.0.1",
                "192.0.1.1",
                "198.17.0.1",
                "198.20.0.1",
                "223.255.255.255",
                "2001:4860:4860::8888",
                "2606:4700::1111"
            })
    void knowsAddressesOfTheInternet(String address) throws IOException {
        assertThat(PublicAddresses.isPublic(InetAddress.getByName(address))).isTrue();
    }
}
