package dev.paligemma.server.internal.http;

import dev.paligemma.base.internal.Quote;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Finds the handler of a request by its path and method. Filled before the server starts, then only read. */
public final class Router {
    /** Who may ask. */
    public enum Access {
        /** Everybody: health, metrics, static pages. */
        OPEN,
        /** Those with a key, if the server has keys. */
        KEY
    }

    /** A handler and who may ask it. */
    record Route(Access access, Handler handler) {}

    /** Handlers by path, then by method; a path with a slash at its end stands for all below it. */
    private final Map<String, Map<String, Route>> routes = new LinkedHashMap<>();

    /** Adds a handler for a path; one with a slash at its end, other than {@code /} itself, stands for all below it. */
    public Router add(Access access, String method, String path, Handler handler) {
        Route other = routes.computeIfAbsent(path, name -> new LinkedHashMap<>())
                .putIfAbsent(method, new Route(access, handler));
        if (other != null) {
            throw new IllegalArgumentException("there is a handler already for " + method + " " + path);
        }
        return this;
    }

    /** All paths with their methods. */
    public Map<String, Set<String>> paths() {
        Map<String, Set<String>> paths = new TreeMap<>();
        routes.forEach((path, methods) -> paths.put(path, Set.copyOf(methods.keySet())));
        return paths;
    }

    /** The route of a request; an {@link HttpFailure} if there is none. */
    Route find(String method, String path) {
        Map<String, Route> methods = routes.get(path);
        if (methods == null) {
            methods = above(path);
        }
        if (methods == null) {
            throw HttpFailure.invalid(404, null, "unknown_url", "Invalid URL (" + method + " " + shown(path) + ")");
        }
        Route route = methods.get(method);
        if (route == null) {
            String allowed = String.join(", ", new TreeSet<>(methods.keySet()));
            throw HttpFailure.invalid(
                            405,
                            null,
                            "method_not_allowed",
                            method + " is not allowed on " + shown(path) + ", which takes " + allowed + ".")
                    .with("Allow", allowed);
        }
        return route;
    }

    private @Nullable Map<String, Route> above(String path) {
        int slash = path.lastIndexOf('/');
        while (slash > 0) {
            Map<String, Route> methods = routes.get(path.substring(0, slash + 1));
            if (methods != null && path.length() > slash + 1) {
                return methods;
            }
            slash = path.lastIndexOf('/', slash - 1);
        }
        return null;
    }

    private static String shown(String path) {
        return Quote.shown(path, 200);
    }
}
