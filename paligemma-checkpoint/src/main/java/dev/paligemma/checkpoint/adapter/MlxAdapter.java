package dev.paligemma.checkpoint.adapter;

import dev.paligemma.base.internal.JsonObject;
import dev.paligemma.base.internal.Quote;
import dev.paligemma.checkpoint.internal.modules.BaseModule;
import dev.paligemma.checkpoint.internal.safetensors.SafeTensorsFile;
import dev.paligemma.engine.weights.TensorInfo;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The adapters of mlx-vlm, read as those of PEFT are.
 *
 * <p>Its layers compute {@code y = x W^T + scale (x A) B} with {@code A[in, R]} and {@code B[R, out]}, the transposed
 * matrices of PEFT. Today's versions call them {@code lora_a} and {@code lora_b}, a magnitude of DoRA {@code m}, and write
 * the scale itself under {@code lora_parameters}. Older ones call them {@code A} and {@code B}, and multiply by
 * {@code alpha} as it is. An adapted token embedding is the output head too.
 *
 * <p>Sources: {@code trainer/peft/lora_layers.py}, {@code dora_layers.py} and {@code utils.py} of mlx-vlm; {@code
 * trainer/lora.py} and {@code trainer/utils.py} before them.
 */
final class MlxAdapter {
    /** The file of weights; the last one is what a trainer of today may write. */
    static final List<String> WEIGHTS = List.of("adapters.safetensors", "weights.safetensors");

    private static final double MAX_SCALE = 1e6;
    private static final double OLD_ALPHA = 0.1;
    private static final Pattern MATRIX = Pattern.compile("(.+)\\.(?:(lora_[abAB])(?:\\.[^.]+\\.weight)?|([AB]))");
    private static final Pattern MAGNITUDE = Pattern.compile("(.+)\\.m");

    private MlxAdapter() {}

    /** Whether an {@code adapter_config.json} is of this kind. */
    static boolean is(JsonObject config) {
        return !config.has("peft_type")
                && (config.has("lora_parameters") || config.has("fine_tune_type") || config.has("rank"));
    }

    /** What the file says, as PEFT would. */
    static AdapterConfig config(JsonObject config) {
        String kind = config.stringOrNull("fine_tune_type");
        if (kind != null && !kind.equals("lora") && !kind.equals("dora")) {
            throw new AdapterException(config.where() + ": fine_tune_type " + Quote.quote(kind)
                    + " of MLX is not an adapter; \"lora\" and \"dora\" are read. Fuse it with the base model instead");
        }
        JsonObject parameters = config.objectOrNull("lora_parameters");
        JsonObject named = parameters == null ? config : parameters;
        int rank = named.integer("rank", parameters == null ? 10 : 8, 1, AdapterConfig.MAX_RANK);
        double scale =
                parameters == null ? config.number("alpha", OLD_ALPHA, -MAX_SCALE, MAX_SCALE) : scale(parameters, rank);
        return new AdapterConfig(
                rank,
                scale * rank,
                false,
                "dora".equals(kind),
                true,
                new ModulePatterns(config.where(), Map.of()),
                new ModulePatterns(config.where(), Map.of()),
                Map.of(),
                Set.of(),
                Set.of(),
                null,
                true);
    }

    private static double scale(JsonObject parameters, int rank) {
        if (parameters.has("scale")) {
            return parameters.number("scale", 0, -MAX_SCALE, MAX_SCALE);
        }
        if (parameters.has("alpha")) {
            return parameters.number("alpha", 0, -MAX_SCALE, MAX_SCALE) / rank;
        }
        throw new AdapterException(
                parameters.where() + " has neither scale nor alpha, so the strength of the adapter is not" + " known");
    }

    /** The tensors under the names of PEFT, which has the matrices the other way round. */
    static AdapterFile file(SafeTensorsFile file) {
        Map<String, TensorInfo> tensors = new LinkedHashMap<>();
        Map<String, TensorInfo> originals = new LinkedHashMap<>();
        Set<String> transposed = new HashSet<>();
        for (TensorInfo stored : file.tensors().values()) {
            String name = peftName(stored.name());
            boolean turned = name.contains(".lora_") && stored.shape().length == 2;
            TensorInfo tensor = named(stored, name, turned);
            TensorInfo other = tensors.put(name, tensor);
            if (other != null) {
                throw new AdapterException(file.path() + ": " + Quote.quote(stored.name()) + " stands there twice, as "
                        + Quote.quote(name));
            }
            originals.put(name, stored);
            if (turned) {
                transposed.add(name);
            }
        }
        return new AdapterFile(file, tensors, originals, transposed);
    }

    private static TensorInfo named(TensorInfo stored, String name, boolean turned) {
        long[] shape = stored.shape();
        if (turned) {
            shape = new long[] {shape[1], shape[0]};
        }
        return new TensorInfo(name, stored.dtype(), shape, stored.file(), stored.offset(), stored.byteLength());
    }

    private static String peftName(String name) {
        Matcher matrix = MATRIX.matcher(name);
        if (matrix.matches()) {
            String module = matrix.group(1);
            String mark = matrix.group(2) == null ? matrix.group(3) : matrix.group(2);
            boolean first = mark.endsWith("a") || mark.endsWith("A");
            boolean table = ("." + module).endsWith(BaseModule.TABLE.substring(BaseModule.TABLE.lastIndexOf('.')));
            String kind = table ? ".lora_embedding_" : ".lora_";
            return module + kind + (first ? "A" : "B") + (table ? "" : ".weight");
        }
        Matcher magnitude = MAGNITUDE.matcher(name);
        return magnitude.matches() ? magnitude.group(1) + ".lora_magnitude_vector" : name;
    }
}
