package dev.paligemma.cli.report;

import static java.util.Map.entry;

import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Names of this program for what messages of the library name. Stateless. */
public final class SettingNames {
    private static final Pattern SETTING = Pattern.compile("([\\w.]+)\\(\\.\\.\\.\\)(?: of the builder)?");
    private static final Map<String, String> OPTIONS = Map.ofEntries(
            entry("adapter", "--adapter"),
            entry("cacheDirectory", "--cache-dir"),
            entry("layout", "--layout"),
            entry("model", "--model"),
            entry("checkpoint", "--model"),
            entry("maskWeights", "--mask-weights"),
            entry("precision", "--precision"),
            entry("Recipe.lora", "--lora"),
            entry("output", "--out"),
            entry("resume", "--resume"),
            entry("annotations", "--annotations"),
            entry("split", "--split"),
            entry("TinyModel.folder", "--cache-dir"),
            entry("offline", "--offline"),
            entry("maxWaiting", "--max-waiting"),
            entry("maxConcurrentRequests", "--max-concurrent"),
            entry("requestMemory", "--request-memory"),
            entry("host", "--host"),
            entry("port", "--port"),
            entry("apiKey", "--api-key"),
            entry("allowedHost", "--allowed-host"),
            entry("corsOrigin", "--cors-origin"),
            entry("imageHost", "--allow-image-urls"));

    private SettingNames() {}

    /** The options behind the settings of the library, named as in {@code cacheDirectory(...) of the builder}. */
    public static String inOptions(String message) {
        return SETTING.matcher(message)
                .replaceAll(
                        setting -> Matcher.quoteReplacement(OPTIONS.getOrDefault(setting.group(1), setting.group())));
    }
}
