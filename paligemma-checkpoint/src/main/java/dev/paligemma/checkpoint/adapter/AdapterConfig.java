package dev.paligemma.checkpoint.adapter;

import dev.paligemma.base.internal.Json;
import dev.paligemma.base.internal.JsonObject;
import dev.paligemma.base.internal.Quote;
import dev.paligemma.checkpoint.config.CheckpointException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What {@code adapter_config.json} says that matters for running the adapter. Immutable.
 *
 * <p>Which modules are adapted the tensors tell; what is said of that here only serves to notice that some are gone. Options that change what an adapter computes and are not
 * supported are refused by name, and so are unknown ones that are switched on.
 *
 * @param saved the names of modules that are trained whole, beside those of the base
 * @param baseName what the base was called where the adapter was trained, null if the file does not say
 * @param mlx whether the adapter is of mlx-vlm
 * @param tied whether a change of the token embedding is one of the output head too
 */
record AdapterConfig(
        int rank,
        double alpha,
        boolean rankStabilised,
        boolean dora,
        boolean tied,
        ModulePatterns ranks,
        ModulePatterns alphas,
        Map<String, List<Integer>> tokens,
        Set<String> targets,
        Set<String> saved,
        @Nullable String baseName,
        boolean mlx) {
    static final int MAX_RANK = 1 << 14;

    private static final long MAX_BYTES = 8 << 20;
    private static final double MAX_ALPHA = 1e9;
    private static final int MAX_TOKENS = 1 << 20;

    /** What training or other programs need, or what is read below. */
    private static final Set<String> HARMLESS = Set.of(
            "alpha_pattern",
            "auto_mapping",
            "base_model_name_or_path",
            "bias",
            "corda_config",
            "ensure_weight_tying",
            "eva_config",
            "exclude_modules",
            "fan_in_fan_out",
            "inference_mode",
            "init_lora_weights",
            "layers_pattern",
            "layers_to_transform",
            "loftq_config",
            "lora_alpha",
            "lora_bias",
            "lora_dropout",
            "lora_ga_config",
            "megatron_config",
            "megatron_core",
            "merge_weights",
            "modules_to_save",
            "peft_type",
            "peft_version",
            "qalora_group_size",
            "r",
            "rank_pattern",
            "revision",
            "runtime_config",
            "target_modules",
            "task_type",
            "trainable_token_indices",
            "unsloth_fixed",
            "unsloth_version",
            "use_dora",
            "use_rslora",
            "velora_config");

    /** Ways to start training that leave the base model as it is. */
    private static final Set<String> HARMLESS_STARTS = Set.of("gaussian", "eva", "orthogonal", "mica");

    /** Options after which not all modules of a name are adapted. */
    private static final List<String> LIMITS = List.of("exclude_modules", "layers_to_transform", "layers_pattern");

    /** The names in {@code target_modules}; none if other options leave out some of the modules that have them. */
    private static Set<String> targets(JsonObject json) {
        boolean limited = LIMITS.stream().map(json.members()::get).anyMatch(AdapterConfig::isGiven);
        if (limited || !(json.members().get("target_modules") instanceof List<?> names)) {
            return Set.of();
        }
        return texts(names);
    }

    private static Set<String> texts(List<?> names) {
        return names.stream()
                .filter(String.class::isInstance)
                .map(String.class::cast)
                .collect(Collectors.toSet());
    }

    private static boolean isGiven(@Nullable Object value) {
        return value != null && !(value instanceof List<?> list && list.isEmpty());
    }

    /** @throws AdapterException if the adapter is of another kind, or does what is not supported */
    static AdapterConfig read(Path file) {
        JsonObject json = Json.readObject(file, MAX_BYTES, CheckpointException::new);
        if (MlxAdapter.is(json)) {
            return MlxAdapter.config(json);
        }
        String type = json.stringOrNull("peft_type");
        if (!"LORA".equals(type)) {
            throw new AdapterException(json.where() + ": peft_type must be \"LORA\", got " + JsonObject.describe(type)
                    + "; other kinds of adapters are not supported");
        }
        requireSupported(json);
        return new AdapterConfig(
                json.integer("r", 8, 1, MAX_RANK),
                json.number("lora_alpha", 8, -MAX_ALPHA, MAX_ALPHA),
                json.bool("use_rslora", false),
                json.bool("use_dora", false),
                json.bool("ensure_weight_tying", false),
                ModulePatterns.read(json, "rank_pattern", 1, MAX_RANK),
                ModulePatterns.read(json, "alpha_pattern", -MAX_ALPHA, MAX_ALPHA),
                tokens(json),
                targets(json),
                json.members().get("modules_to_save") instanceof List<?> names ? texts(names) : Set.of(),
                json.stringOrNull("base_model_name_or_path"),
                false);
    }

    private static void requireSupported(JsonObject json) {
        List<String> refused = new ArrayList<>();
        json.members().forEach((name, value) -> {
            if (!HARMLESS.contains(name) && isSwitchedOn(value)) {
                refused.add(Quote.quote(name));
            }
        });
        if (!refused.isEmpty()) {
            throw new AdapterException(json.where() + " uses options that are not supported: "
                    + String.join(", ", refused.subList(0, Math.min(refused.size(), LoraAdapter.MAX_LISTED))));
        }
        Object start = json.members().get("init_lora_weights");
        if (start instanceof String name && !HARMLESS_STARTS.contains(name.toLowerCase(Locale.ROOT))) {
            throw new AdapterException(json.where() + ": init_lora_weights " + Quote.quote(name)
                    + " changes the base model before training, so the adapter does not fit the original one; save it"
                    + " with path_initial_model_for_weight_conversion to get an adapter that does");
        }
        String bias = json.stringOrNull("bias");
        if (bias != null && !Set.of("none", "all", "lora_only").contains(bias)) {
            throw json.wrong("bias", "\"none\", \"all\" or \"lora_only\"");
        }
    }

    /** Whether an unknown option is set; numbers belong to some other option that switches them on. */
    private static boolean isSwitchedOn(@Nullable Object value) {
        return (value instanceof Boolean flag && flag)
                || (value instanceof String text && !text.isEmpty())
                || (value instanceof List<?> list && !list.isEmpty())
                || (value instanceof Map<?, ?> map && !map.isEmpty());
    }

    /** Token ids by the name of the table, a list without a name being for the token embedding. */
    private static Map<String, List<Integer>> tokens(JsonObject json) {
        String name = "trainable_token_indices";
        Map<String, List<Integer>> tokens = new LinkedHashMap<>();
        if (!json.has(name)) {
            return tokens;
        }
        if (json.members().get(name) instanceof List) {
            tokens.put("embed_tokens", ids(json, name));
            return tokens;
        }
        JsonObject byTable = json.objectOrNull(name);
        if (byTable != null) {
            byTable.members().keySet().forEach(table -> tokens.put(table, ids(byTable, table)));
        }
        return tokens;
    }

    private static List<Integer> ids(JsonObject json, String name) {
        List<@Nullable Object> values = json.listOrNull(name);
        if (values == null || values.size() > MAX_TOKENS) {
            throw json.wrong(name, "a list of at most " + MAX_TOKENS + " token ids");
        }
        List<Integer> ids = values.stream()
                .map(value -> json.asInteger(name, value, 0, Integer.MAX_VALUE))
                .toList();
        if (new HashSet<>(ids).size() < ids.size()) {
            throw new AdapterException(json.where() + ": " + name + " names a token twice");
        }
        return ids;
    }

    /** The rank that a module should have. */
    int rank(String path) {
        return (int) ranks.of(path, rank);
    }

    /** The factor on the product of the two matrices of a module. */
    double scaling(String path, int actualRank) {
        double moduleAlpha = alphas.of(path, alpha);
        return moduleAlpha / (rankStabilised ? Math.sqrt(actualRank) : actualRank);
    }

    /** Whether a module should have tensors, as far as its name tells. */
    boolean isTarget(String module) {
        return targets.stream().anyMatch(target -> module.equals(target) || module.endsWith("." + target));
    }

    /** Whether a module is trained whole beside that of the base, which stays as it is. */
    boolean isSaved(String module) {
        return saved.stream().anyMatch(name -> ("." + module + ".").contains("." + name + "."));
    }

    /** The token ids whose rows are replaced in a table, null if the file does not say. */
    @Nullable
    List<Integer> tokens(String path) {
        for (Map.Entry<String, List<Integer>> entry : tokens.entrySet()) {
            if (path.equals(entry.getKey()) || path.endsWith("." + entry.getKey())) {
                return entry.getValue();
            }
        }
        return null;
    }
}
