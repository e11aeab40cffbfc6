package dev.paligemma.base.internal;

import java.nio.file.Path;
import java.util.Map;
import java.util.Properties;
import org.jspecify.annotations.Nullable;

/**
 * Where files are kept that can be made again. Stateless.
 *
 * <p>The first of these that is set: the system property {@code paligemma.cache}; the environment variable
 * {@code PALIGEMMA_CACHE}; {@code paligemma} in the user's cache folder, which is {@code XDG_CACHE_HOME} or
 * {@code ~/.cache} on Linux, {@code ~/Library/Caches} on macOS and {@code LOCALAPPDATA} on Windows; and for users
 * without a home {@code paligemma-<user>} in {@code java.io.tmpdir}.
 */
public final class CacheFolder {
    private CacheFolder() {}

    /** The folder for this process; it need not exist. */
    public static Path ofThisProcess() {
        return resolve(System.getProperties(), System.getenv());
    }

    /** The folder, an absolute path, for given system properties and environment variables. */
    static Path resolve(Properties properties, Map<String, String> environment) {
        String chosen = firstSet(properties.getProperty("paligemma.cache"), environment.get("PALIGEMMA_CACHE"));
        Path folder = chosen != null ? Path.of(chosen) : userCache(properties, environment);
        return folder.toAbsolutePath().normalize();
    }

    private static Path userCache(Properties properties, Map<String, String> environment) {
        String system = properties.getProperty("os.name", "");
        String known = properties.getProperty("user.home", "");
        // In a container the user may have no other home.
        String home = system.startsWith("Windows") ? known : environment.getOrDefault("HOME", known);
        boolean homeless = home.isBlank() || home.equals("?") || home.equals("/") || home.equals("/nonexistent");
        String given =
                firstSet(environment.get(system.startsWith("Windows") ? "LOCALAPPDATA" : "XDG_CACHE_HOME"), null);
        if (given != null && Path.of(given).isAbsolute()) {
            return Path.of(given, "paligemma");
        }
        if (homeless) {
            String user = properties.getProperty("user.name", "user").replaceAll("[^A-Za-z0-9._-]", "_");
            return Path.of(properties.getProperty("java.io.tmpdir", "."), "paligemma-" + user);
        }
        if (system.startsWith("Mac")) {
            return Path.of(home, "Library", "Caches", "paligemma");
        }
        if (system.startsWith("Windows")) {
            return Path.of(home, "AppData", "Local", "paligemma");
        }
        return Path.of(home, ".cache", "paligemma");
    }

    private static @Nullable String firstSet(@Nullable String first, @Nullable String second) {
        if (first != null && !first.isBlank()) {
            return first;
        }
        return second != null && !second.isBlank() ? second : null;
    }
}
