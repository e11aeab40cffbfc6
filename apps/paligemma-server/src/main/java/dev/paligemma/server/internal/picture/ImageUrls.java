package dev.paligemma.server.internal.picture;

import dev.paligemma.server.internal.http.HttpFailure;
import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Fetches pictures from hosts that are allowed, and from no other, within limits of size and time. The address of a host is looked up
 * once, must be one of the internet, and is the one that is asked; each redirection is checked like the first address. Thread-safe.
 */
public final class ImageUrls {
    private static final int MAX_REDIRECTIONS = 3;
    private static final int MAX_LENGTH = 4096;

    private final List<String> hosts;
    private final int maxBytes;
    private final Duration time;
    private final Resolver resolver;
    private final Predicate<InetAddress> allowed;

    /** Finds the addresses of a host. */
    @FunctionalInterface
    interface Resolver {
        InetAddress[] resolve(String host) throws IOException;
    }

    /**
     * Fetches from some hosts.
     *
     * @param hosts names; one that begins with {@code *.} stands for all below it, {@code *} for every host
     * @param maxBytes the largest picture
     * @param time the longest time for one
     */
    public ImageUrls(List<String> hosts, int maxBytes, Duration time) {
        this(hosts, maxBytes, time, InetAddress::getAllByName, PublicAddresses::isPublic);
    }

    ImageUrls(List<String> hosts, int maxBytes, Duration time, Resolver resolver, Predicate<InetAddress> allowed) {
        this.hosts = hosts.stream().map(host -> host.toLowerCase(Locale.ROOT)).toList();
        this.maxBytes = maxBytes;
        this.time = time;
        this.resolver = resolver;
        this.allowed = allowed;
    }

    /** Whether a text is an address of the web. */
    static boolean isMeant(String text) {
        return text.regionMatches(true, 0, "http:", 0, 5) || text.regionMatches(true, 0, "https:", 0, 6);
    }

    /** The bytes behind an address; an {@link HttpFailure} about {@code param} if they cannot be had. */
    byte[] fetch(String param, String address) {
        long end = System.nanoTime() + time.toNanos();
        try {
            URI uri = checked(param, address);
            for (int i = 0; i <= MAX_REDIRECTIONS; i++) {
                HttpFetch.Answer answer = HttpFetch.get(uri, resolve(param, uri.getHost()), maxBytes, end);
                String location = answer.location();
                if (location == null) {
                    return answer.body();
                }
                uri = checked(param, uri.resolve(location).toString());
            }
            throw refused(param, "it leads from one address to the next, more than " + MAX_REDIRECTIONS + " times");
        } catch (IOException | IllegalArgumentException e) {
            // Not the reason in full: it would tell what answers behind the server.
            throw refused(
                    param,
                    e instanceof FetchException
                            ? String.valueOf(e.getMessage())
                            : "its host does not answer as expected");
        }
    }

    private URI checked(String param, String address) {
        URI uri = parsed(address);
        if (uri == null || uri.getHost() == null || uri.getRawUserInfo() != null || !isMeant(address)) {
            throw refused(param, "it is not a plain address such as https://example.com/cat.jpg");
        }
        String host = uri.getHost().toLowerCase(Locale.ROOT);
        if (hosts.stream().noneMatch(pattern -> matches(pattern, host))) {
            throw refused(param, "its host is none of those that are allowed");
        }
        return uri;
    }

    private static @Nullable URI parsed(String address) {
        try {
            return address.length() > MAX_LENGTH ? null : new URI(new URI(address).toASCIIString());
        } catch (URISyntaxException e) {
            return null;
        }
    }

    private static boolean matches(String pattern, String host) {
        return pattern.equals("*")
                || pattern.equals(host)
                || (pattern.startsWith("*.") && host.endsWith(pattern.substring(1)));
    }

    private InetAddress resolve(String param, String host) throws IOException {
        String name = host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
        InetAddress[] addresses = resolver.resolve(name);
        // One that is not public among others is what an attack looks like.
        if (addresses.length == 0 || !Arrays.stream(addresses).allMatch(allowed)) {
            throw refused(param, "its host is not on the internet");
        }
        return InetAddress.getByAddress(name, addresses[0].getAddress());
    }

    private static HttpFailure refused(String param, String reason) {
        return HttpFailure.invalid(400, param, "invalid_image_url", param + " cannot be fetched: " + reason + ".");
    }
}
