package dev.paligemma.cli;

import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The options of the command line behind the settings of the library, whose messages name them as in
 * {@code cacheDirectory(...) of the builder}. Stateless.
 */
final class Flags {
    private static final Pattern SETTING = Pattern.compile("([\\w.]+)\\(\\.\\.\\.\\)(?: of the builder)?");

    private static final Map<String, String> OF_SETTINGS = Map.of(
            "adapter", "--adapter",
            "cacheDirectory", "--cache-dir",
            "TinyModel.folder", "--cache-dir",
            "offline", "--offline");

    private Flags() {}

    /** A message of the library with options in the place of settings. */
    static String nameIn(String message) {
        return SETTING.matcher(message)
                .replaceAll(setting ->
                        Matcher.quoteReplacement(OF_SETTINGS.getOrDefault(setting.group(1), setting.group())));
    }
}
