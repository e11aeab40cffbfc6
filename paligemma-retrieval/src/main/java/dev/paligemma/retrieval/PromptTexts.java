package dev.paligemma.retrieval;

import dev.paligemma.base.internal.Json;
import dev.paligemma.base.internal.JsonObject;
import dev.paligemma.checkpoint.config.CheckpointException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The texts around a page and a query, as a checkpoint's settings and a layout have them. Immutable.
 *
 * @param page what follows the image
 * @param before what comes before the text of a query
 * @param after what follows it
 */
record PromptTexts(String page, String before, String after) {
    private static final String SETTINGS = "processor_config.json";
    private static final byte[] NO_SETTINGS = "{}".getBytes(StandardCharsets.US_ASCII);
    private static final int MAX_BYTES = 1 << 20;
    private static final int MAX_PREFIX = 4_096;
    private static final String BOS = "<bos>";
    private static final String AUGMENTATION = "<pad>".repeat(10);
    private static final String DESCRIBE = "Describe the image.";

    static PromptTexts of(PromptLayout layout, Path folder) {
        return switch (layout) {
            case COLPALI_ENGINE -> new PromptTexts(BOS + BOS + DESCRIBE + "\n", BOS, AUGMENTATION);
            case TRANSFORMERS -> {
                Path file = folder.resolve(SETTINGS);
                JsonObject settings = Files.exists(file)
                        ? Json.readObject(file, MAX_BYTES, CheckpointException::new)
                        : Json.readObject(SETTINGS, NO_SETTINGS, CheckpointException::new);
                String describe = prefix(settings, "visual_prompt_prefix", DESCRIBE);
                String question = prefix(settings, "query_prefix", "Question: ");
                yield new PromptTexts(BOS + describe + "\n", BOS + question, AUGMENTATION + "\n");
            }
        };
    }

    private static String prefix(JsonObject settings, String name, String usual) {
        String text = settings.stringOrNull(name);
        if (text == null) {
            return usual;
        }
        if (text.length() > MAX_PREFIX || text.contains("<image>")) {
            throw settings.wrong(name, "a text of at most " + MAX_PREFIX + " characters without <image>");
        }
        return text;
    }

    /** The whole text of a query. */
    String query(String text) {
        return before + text + after;
    }
}
