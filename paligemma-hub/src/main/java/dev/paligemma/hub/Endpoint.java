package dev.paligemma.hub;

import java.net.InetAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLEncoder;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/**
 * Where the hub is. Immutable.
 *
 * @param base the address without a slash at its end
 */
record Endpoint(String base) {
    private static final int HTTP_PORT = 80;
    private static final int HTTPS_PORT = 443;
    private static final int MAX_PORT = 65_535;

    Endpoint {
        while (base.endsWith("/")) {
            base = base.substring(0, base.length() - 1);
        }
        // The text is not repeated: people put passwords into addresses.
        URI uri;
        try {
            uri = new URI(base);
        } catch (URISyntaxException e) {
            throw new IllegalArgumentException("the hub's endpoint is not an address such as https://huggingface.co");
        }
        boolean web = "https".equalsIgnoreCase(uri.getScheme()) || "http".equalsIgnoreCase(uri.getScheme());
        if (web && uri.getHost() == null) {
            throw new IllegalArgumentException("the hub's endpoint has no name of a host, or one that cannot be");
        }
        if (!web || uri.getRawQuery() != null || uri.getRawFragment() != null) {
            throw new IllegalArgumentException(
                    "the hub's endpoint must be an http or https address such as https://huggingface.co, without query");
        }
        if (uri.getPort() > MAX_PORT) {
            throw new IllegalArgumentException(
                    "the hub's endpoint must have a port of at most " + MAX_PORT + ", got " + uri.getPort());
        }
        if (uri.getRawUserInfo() != null) {
            throw new IllegalArgumentException("the hub's endpoint must not hold a user or password; give a token");
        }
    }

    private URI uri() {
        return URI.create(base);
    }

    /** The page for people. */
    String page(HubModel model) {
        return base + "/" + model.id();
    }

    /** What the hub knows of a revision: its commit and files. */
    URI listing(HubModel model) {
        return URI.create(base + "/api/models/" + model.id() + "/revision/" + encoded(model.revision()));
    }

    /** A file of a commit. */
    URI file(HubModel model, String commit, String file) {
        return URI.create(base + "/" + model.id() + "/resolve/" + commit + "/"
                + encoded(file).replace("%2F", "/"));
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
    }

    /** Whether an address is on the hub itself, and so may see the token. */
    boolean isOrigin(URI other) {
        URI own = uri();
        return own.getScheme().equalsIgnoreCase(other.getScheme())
                && own.getHost().equalsIgnoreCase(other.getHost())
                && port(own) == port(other);
    }

    /** Whether the address is spoken to in clear text over a network. */
    boolean isExposed() {
        return !isEncrypted() && !isLoopback(uri().getHost());
    }

    boolean isEncrypted() {
        return "https".equalsIgnoreCase(uri().getScheme());
    }

    private static int port(URI uri) {
        if (uri.getPort() >= 0) {
            return uri.getPort();
        }
        return "https".equalsIgnoreCase(uri.getScheme()) ? HTTPS_PORT : HTTP_PORT;
    }

    /** Names are not looked up: whoever answers for a name decides what it is. */
    private static boolean isLoopback(String host) {
        String name = host.toLowerCase(Locale.ROOT);
        boolean literal = name.startsWith("[") || name.matches("[0-9.]+");
        try {
            return name.equals("localhost")
                    || (literal && InetAddress.getByName(name).isLoopbackAddress());
        } catch (UnknownHostException e) {
            return false;
        }
    }

    @Override
    public String toString() {
        return base;
    }
}
