package dev.paligemma.cli.report;

import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Names of this program for what messages of the library name. Stateless. */
public final class SettingNames {
    private static final Pattern SETTING = Pattern.compile("([\\w.]+)\\(\\.\\.\\.\\)(?: of the builder)?");
    private static final Map<String, String> OPTIONS = Map.of(
            "adapter", "--adapter",
            "cacheDirectory", "--cache-dir",
            "maskWeights", "--mask-weights",
            "precision", "--precision",
            "Recipe.lora", "--lora",
            "output", "--out",
            "TinyModel.folder", "--cache-dir",
            "offline", "--offline");

    private SettingNames() {}

    /** The options behind the settings of the library, named as in {@code cacheDirectory(...) of the builder}. */
    public static String inOptions(String message) {
        return SETTING.matcher(message)
                .replaceAll(
                        setting -> Matcher.quoteReplacement(OPTIONS.getOrDefault(setting.group(1), setting.group())));
    }
}
