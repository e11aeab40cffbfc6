package dev.paligemma.server.internal.http;

import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Which pages of a browser may ask. A page of another origin may not, unless it is allowed; and on the loopback address the server
 * answers to its own names only, so that no foreign name can be made to lead to it. Immutable.
 */
public final class Origins {
    /** Stands for any origin. */
    public static final String ANY = "*";

    private static final Set<String> LOOPBACK = Set.of("localhost", "127.0.0.1", "[::1]");
    private static final Pattern PORT = Pattern.compile(":\\d{1,5}$");
    private static final Pattern HEADERS = Pattern.compile("[A-Za-z0-9_, -]{1,2000}");

    private final List<String> origins;
    private final List<String> hosts;
    private final boolean checksHosts;

    /**
     * Origins and host names that are allowed.
     *
     * @param origins such as {@code https://example.com}, or {@link #ANY}
     * @param hosts names besides those of the loopback address
     * @param loopback whether the server listens on the loopback address
     */
    public Origins(List<String> origins, List<String> hosts, boolean loopback) {
        this.origins = origins.stream().map(Origins::lower).toList();
        this.hosts = hosts.stream().map(Origins::lower).toList();
        this.checksHosts = loopback || !hosts.isEmpty();
    }

    /** Refuses a request that a foreign page has sent, and answers in the name of allowed ones. */
    void check(Exchange exchange) {
        String host = lower(exchange.header("Host").orElse(""));
        // Only programs leave it out; every browser sends it.
        if (checksHosts && !host.isEmpty() && !isOwn(PORT.matcher(host).replaceFirst(""))) {
            throw HttpFailure.invalid(
                    403,
                    null,
                    "host_not_allowed",
                    "This server does not answer to the name in the header Host; allow it with allowedHost(...).");
        }
        String origin = lower(exchange.header("Origin").orElse(""));
        if (origin.isEmpty() || origin.endsWith("://" + host)) {
            return;
        }
        if (!origins.contains(ANY) && !origins.contains(origin)) {
            throw HttpFailure.invalid(
                    403,
                    null,
                    "origin_not_allowed",
                    "Pages of this origin may not ask this server; allow it with corsOrigin(...).");
        }
        exchange.answerHeader(
                "Access-Control-Allow-Origin", exchange.header("Origin").orElse(ANY));
        exchange.answerHeader("Access-Control-Expose-Headers", "x-request-id, retry-after");
        exchange.answerHeader("Vary", "Origin");
    }

    /** The headers of the answer to a browser that asks before it sends a request. */
    static void answerPreflight(Exchange exchange) {
        exchange.answerHeader("Access-Control-Allow-Methods", "GET, POST");
        exchange.header("Access-Control-Request-Headers")
                .filter(names -> HEADERS.matcher(names).matches())
                .ifPresent(names -> exchange.answerHeader("Access-Control-Allow-Headers", names));
        exchange.answerHeader("Access-Control-Max-Age", "600");
    }

    private boolean isOwn(String name) {
        return LOOPBACK.contains(name) || name.endsWith(".localhost") || hosts.contains(name);
    }

    private static String lower(String text) {
        return text.strip().toLowerCase(Locale.ROOT);
    }
}
