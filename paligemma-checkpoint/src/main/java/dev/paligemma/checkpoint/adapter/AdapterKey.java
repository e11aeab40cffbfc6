package dev.paligemma.checkpoint.adapter;

import dev.paligemma.checkpoint.internal.TensorNames;
import dev.paligemma.checkpoint.internal.modules.BaseModule;
import dev.paligemma.checkpoint.internal.modules.ModuleKind;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The name of a tensor in an adapter's file, taken apart.
 *
 * <p>Names start with {@code base_model.model.}, go on with the path of the module as the version of transformers in use had
 * it, and end with what PEFT puts there, with or without the adapter's own name: {@code .lora_A.weight},
 * {@code .lora_A.default.weight}, {@code .lora_embedding_A}, {@code .modules_to_save.default.weight} or nothing but
 * {@code .weight}. Wrappers of compilers and of sharded training leave segments of their own, which are dropped.
 *
 * @param module the canonical name of the module
 * @param path the path of the module as written, which the patterns of {@code adapter_config.json} are for
 */
record AdapterKey(String module, String path, Role role) {
    private static final String PREFIX = "base_model.model.";
    private static final String WEIGHT = "weight";
    private static final String BIAS = "bias";
    private static final Set<String> WRAPPERS =
            Set.of("_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module");
    private static final Set<String> MARKS = Set.of(
            "lora_A",
            "lora_B",
            "lora_embedding_A",
            "lora_embedding_B",
            "lora_magnitude_vector",
            "base_layer",
            "modules_to_save",
            "token_adapter");

    /** Whether it is a buffer of the base model that changes nothing. */
    static boolean isIgnored(String name) {
        return TensorNames.isIgnored(TensorNames.canonical(String.join(".", segments(name))));
    }

    /**
     * Takes a name apart; null if it is not understood, or the base has no modules like it ({@code kinds} by {@link
     * BaseModule#form}), or they no place for such a tensor.
     */
    static @Nullable AdapterKey parse(String name, Map<String, ModuleKind> kinds) {
        List<String> segments = segments(name);
        int mark = 0;
        while (mark < segments.size() && !MARKS.contains(segments.get(mark))) {
            mark++;
        }
        if (mark == segments.size()) {
            return replacement(segments, kinds);
        }
        List<String> path = segments.subList(0, mark);
        List<String> end = segments.subList(mark + 1, segments.size());
        if (segments.get(mark).equals("modules_to_save")) {
            return savedModule(path, end, kinds);
        }
        Role role = role(segments.get(mark), end);
        return role == null ? null : key(path, role, kinds);
    }

    private static List<String> segments(String name) {
        String rest = name.startsWith(PREFIX) ? name.substring(PREFIX.length()) : name;
        List<String> segments = new ArrayList<>(List.of(rest.split("\\.", -1)));
        segments.removeIf(WRAPPERS::contains);
        return segments;
    }

    /** What a mark of PEFT and the segments behind it say, null if nothing. The adapter's name may be among them. */
    private static @Nullable Role role(String mark, List<String> end) {
        String last = end.isEmpty() ? "" : end.get(end.size() - 1);
        boolean named = end.size() == 1 || end.size() == 2;
        return switch (mark) {
            case "lora_A" -> named && last.equals(WEIGHT) ? Role.DOWN : null;
            case "lora_B" -> !named ? null : last.equals(WEIGHT) ? Role.UP : last.equals(BIAS) ? Role.UP_BIAS : null;
            case "lora_embedding_A" -> end.size() < 2 ? Role.TABLE_DOWN : null;
            case "lora_embedding_B" -> end.size() < 2 ? Role.TABLE_UP : null;
            case "lora_magnitude_vector" ->
                end.size() < 2 || (end.size() == 2 && last.equals(WEIGHT)) ? Role.MAGNITUDE : null;
            case "base_layer" ->
                end.size() != 1 ? null : last.equals(WEIGHT) ? Role.BASE_COPY : last.equals(BIAS) ? Role.BIAS : null;
            case "token_adapter" ->
                end.equals(List.of("base_layer", WEIGHT))
                        ? Role.BASE_COPY
                        : named && end.get(0).equals("trainable_tokens_delta") ? Role.TOKENS : null;
            default -> throw new IllegalStateException(mark);
        };
    }

    /** A saved module may be a part of the network with modules in it, so the path goes on behind the mark. */
    private static @Nullable AdapterKey savedModule(
            List<String> path, List<String> end, Map<String, ModuleKind> kinds) {
        AdapterKey without = replacement(joined(path, end), kinds);
        return without != null || end.isEmpty()
                ? without
                : replacement(joined(path, end.subList(1, end.size())), kinds);
    }

    private static List<String> joined(List<String> path, List<String> end) {
        List<String> all = new ArrayList<>(path);
        all.addAll(end);
        return all;
    }

    private static @Nullable AdapterKey replacement(List<String> segments, Map<String, ModuleKind> kinds) {
        int last = segments.size() - 1;
        Role role = switch (segments.get(last)) {
            case WEIGHT -> Role.WEIGHT;
            case BIAS -> Role.BIAS;
            default -> null;
        };
        return role == null ? null : key(segments.subList(0, last), role, kinds);
    }

    private static @Nullable AdapterKey key(List<String> segments, Role role, Map<String, ModuleKind> kinds) {
        String path = String.join(".", segments);
        String canonical = TensorNames.canonical(path + "." + WEIGHT);
        String module = canonical.substring(0, Math.max(0, canonical.length() - WEIGHT.length() - 1));
        ModuleKind kind = kinds.get(BaseModule.form(module));
        return kind == null || !role.fits(kind) ? null : new AdapterKey(module, path, role);
    }
}
