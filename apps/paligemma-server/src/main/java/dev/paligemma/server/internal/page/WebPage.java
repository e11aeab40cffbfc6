package dev.paligemma.server.internal.page;

import dev.paligemma.server.internal.http.Exchange;
import dev.paligemma.server.internal.http.Handler;
import dev.paligemma.server.internal.http.Router;
import dev.paligemma.server.internal.http.Router.Access;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;

/** The page at {@code /} and the files that it is made of. They are read once; a request names none but those listed here. */
public final class WebPage {
    private static final String PAGE = "index.html";

    private static final List<String> FILES = List.of(
            "page.css",
            "main.js",
            "answer.js",
            "api.js",
            "code.js",
            "overlay.js",
            "pictures.js",
            "rle.js",
            "tasks.js",
            "icon.svg",
            "scene.png",
            "shapes.png",
            "evening.png",
            "rain.png");

    private static final Map<String, String> MEDIA_TYPES = Map.of(
            "html", "text/html; charset=utf-8",
            "css", "text/css; charset=utf-8",
            "js", "text/javascript; charset=utf-8",
            "svg", "image/svg+xml",
            "png", "image/png");

    /** Nothing from other origins, nothing written into the page, and nobody's frame around it. */
    private static final String POLICY =
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
                    + "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    /** Adds the paths, which need no key: the page asks for one. */
    public void addTo(Router router) {
        router.add(Access.OPEN, "GET", "/", file(PAGE));
        FILES.forEach(name -> router.add(Access.OPEN, "GET", "/page/" + name, file(name)));
    }

    private static Handler file(String name) {
        byte[] content = read(name);
        String mediaType = MEDIA_TYPES.getOrDefault(name.substring(name.lastIndexOf('.') + 1), "");
        return exchange -> send(exchange, mediaType, content);
    }

    private static void send(Exchange exchange, String mediaType, byte[] content) throws IOException {
        exchange.answerHeader("Content-Security-Policy", POLICY);
        exchange.answerHeader("Referrer-Policy", "no-referrer");
        exchange.answerHeader("Cross-Origin-Opener-Policy", "same-origin");
        exchange.answerHeader("Cross-Origin-Resource-Policy", "same-origin");
        // The files of a newer server must not meet the page of an older one.
        exchange.answerHeader("Cache-Control", "no-cache");
        exchange.bytes(200, mediaType, content);
    }

    private static byte[] read(String name) {
        try (InputStream in = WebPage.class.getResourceAsStream(name)) {
            if (in == null) {
                throw new IllegalStateException("this build has no web page: resource " + WebPage.class.getPackageName()
                        + "/" + name + " is missing");
            }
            return in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read the resource " + name, e);
        }
    }
}
