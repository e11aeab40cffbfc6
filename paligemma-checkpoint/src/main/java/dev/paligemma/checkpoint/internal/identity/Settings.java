package dev.paligemma.checkpoint.internal.identity;

import dev.paligemma.base.internal.Json;
import dev.paligemma.base.internal.Quote;
import dev.paligemma.checkpoint.config.CheckpointException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A JSON file of a stranger, asked without conditions: what is missing or of another type is null. */
record Settings(Map<String, @Nullable Object> members) {
    private static final long MAX_BYTES = 8 << 20;
    private static final int LONGEST = 80;
    private static final Map<Integer, String> SIZES = Map.of(2304, "3b", 3584, "10b", 4608, "28b");
    private static final Settings NONE = new Settings(Map.of());

    /** The settings in a file; null if it is missing, or no JSON object. */
    static @Nullable Settings read(Path file) {
        if (!Files.isRegularFile(file)) {
            return null;
        }
        try {
            return new Settings(
                    Json.readObject(file, MAX_BYTES, CheckpointException::new).members());
        } catch (CheckpointException e) {
            return null;
        }
    }

    /** The settings in a file; none if there are none. */
    static Settings of(Path file) {
        Settings read = read(file);
        return read == null ? NONE : read;
    }

    boolean has(String name) {
        return members.get(name) != null;
    }

    /** A text, fit to be shown. */
    @Nullable
    String text(String name) {
        return members.get(name) instanceof String text && !text.isBlank() ? Quote.shown(text, LONGEST) : null;
    }

    @Nullable
    Long integer(String name) {
        return members.get(name) instanceof Long number ? number : null;
    }

    boolean flag(String name) {
        return Boolean.TRUE.equals(members.get(name));
    }

    /** An object; an empty one if there is none. */
    Settings object(String name) {
        if (!(members.get(name) instanceof Map<?, ?> map)) {
            return NONE;
        }
        // Json puts only string keys into maps.
        @SuppressWarnings("unchecked")
        Map<String, @Nullable Object> inner = (Map<String, @Nullable Object>) map;
        return new Settings(inner);
    }

    @Nullable
    String architecture() {
        return members.get("architectures") instanceof List<?> list
                        && !list.isEmpty()
                        && list.get(0) instanceof String text
                ? Quote.shown(text, LONGEST)
                : null;
    }

    /** Whether transformers would make a PaliGemma of it. */
    boolean isPaliGemma() {
        String architecture = architecture();
        boolean known = architecture == null || architecture.equals("PaliGemmaForConditionalGeneration");
        return known && ("paligemma".equals(text("model_type")) || (architecture != null && !has("model_type")));
    }

    /** Whether it is ColPali, as transformers or as colpali_engine saves it. */
    boolean isPageEncoder() {
        return "colpali".equals(text("model_type"))
                || ("ColPali".equals(architecture()) && (!has("model_type") || "paligemma".equals(text("model_type"))));
    }

    /** PaliGemma or PaliGemma 2. */
    String generation() {
        if (has("vlm_config")) {
            return object("vlm_config").generation();
        }
        return "gemma2".equals(object("text_config").text("model_type")) ? "PaliGemma 2" : "PaliGemma";
    }

    /** What other model it is, for people; null if it does not say. */
    @Nullable
    String otherModel() {
        String type = text("model_type");
        String architecture = architecture();
        String name = type != null ? type : text("type");
        if (name == null) {
            name = architecture;
        }
        if (name == null) {
            return null;
        }
        String common = pagesOfOthers(name, architecture) ? "a page encoder" : family(name);
        String said = type == null && architecture == null ? "type " + Quote.quote(name) : said(type, architecture);
        return common + " (" + said + ")";
    }

    /** What a model type is better known as. */
    private static String family(String name) {
        return switch (name) {
            case "gemma3", "gemma3_text" -> "Gemma 3 (or MedGemma, which is one)";
            case "shieldgemma2" -> "ShieldGemma 2";
            case "gemma", "gemma2" -> "the text-only " + (name.equals("gemma") ? "Gemma" : "Gemma 2");
            case "t5gemma", "t5gemma2" -> "T5Gemma";
            case "gemma3n", "gemma3n_text" -> "Gemma 3n";
            case "llava", "llava_next", "llava_onevision" -> "LLaVA";
            case "pi0", "pi05", "pi0_fast", "pi0fast" -> "the robot policy " + name;
            case "siglip", "siglip_vision_model", "siglip2" -> "SigLIP, an image encoder";
            default -> "another model";
        };
    }

    /** ColQwen2, ColSmol and others, and BiPali, whose pages have one row each. */
    private static boolean pagesOfOthers(String name, @Nullable String architecture) {
        return name.matches("(col|bi)(pali|qwen|smol|idefics|flor|gemma|intern|modern).*")
                || (architecture != null && architecture.matches("(Col|Bi)[A-Z].*"));
    }

    private static String said(@Nullable String type, @Nullable String architecture) {
        if (type == null) {
            return "architecture " + Quote.quote(String.valueOf(architecture));
        }
        return "model_type " + Quote.quote(type)
                + (architecture == null ? "" : ", architecture " + Quote.quote(architecture));
    }

    /** The data type of the weights as the file says it; null if it does not. */
    @Nullable
    String dtype() {
        for (String name : List.of("dtype", "torch_dtype")) {
            String top = text(name);
            String type = top == null ? object("text_config").text(name) : top;
            if (type != null) {
                return type;
            }
        }
        return null;
    }

    /** The model on the hub with the same tokenizer and processor settings; null if the sizes are of none of them. */
    @Nullable
    String base() {
        String named = text("_name_or_path");
        // The published files of PaliGemma 1 name a folder of those who converted them.
        if (named != null && named.matches("[\\w.-]+/[\\w.-]+") && !named.startsWith("final-hf/")) {
            return named;
        }
        Settings text = object("text_config");
        Long width = text.integer("hidden_size");
        Long side = object("vision_config").integer("image_size");
        long pixels = side == null ? 224 : side;
        if (pixels != 224 && pixels != 448 && pixels != 896) {
            return null;
        }
        if (generation().equals("PaliGemma 2")) {
            String size = SIZES.get(width == null ? 2304 : (int) Math.min(width, Integer.MAX_VALUE));
            return size == null ? null : "google/paligemma2-" + size + "-pt-" + pixels;
        }
        return width != null && width == 2048 ? "google/paligemma-3b-pt-" + pixels : null;
    }
}
