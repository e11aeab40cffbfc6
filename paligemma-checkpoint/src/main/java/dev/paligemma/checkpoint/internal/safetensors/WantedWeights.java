package dev.paligemma.checkpoint.internal.safetensors;

import dev.paligemma.base.internal.Quote;
import dev.paligemma.checkpoint.config.CheckpointException;
import dev.paligemma.checkpoint.config.PaliGemmaConfig;
import dev.paligemma.checkpoint.config.TextConfig.Family;
import dev.paligemma.checkpoint.internal.Limits;
import dev.paligemma.checkpoint.internal.TensorNames;
import dev.paligemma.engine.graph.Graph;
import dev.paligemma.engine.graph.Weight;
import dev.paligemma.engine.weights.TensorInfo;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The weights that the recorded graphs of a network ask for, and the comparison with the tensors that are there. Immutable.
 *
 * @param byName in the order of evaluation
 */
public record WantedWeights(
        Function<PaliGemmaConfig, List<Graph>> network,
        PaliGemmaConfig config,
        List<Graph> graphs,
        Map<String, Weight> byName) {
    /** In a block of the first Gemma, two norms are all. The second form is that of big_vision. */
    private static final Pattern GEMMA2_NORM =
            Pattern.compile("language_model\\.layers\\.\\d+\\.(?:pre|post)_feedforward_layernorm\\.weight.*"
                    + "|llm/layers/post_(?:attention|ffw)_norm/scale");

    public static WantedWeights of(Function<PaliGemmaConfig, List<Graph>> network, PaliGemmaConfig config) {
        List<Graph> graphs = List.copyOf(network.apply(config));
        Map<String, Weight> weights = new LinkedHashMap<>();
        Graph.weights(graphs).forEach(weight -> weights.put(weight.name(), weight));
        return new WantedWeights(network, config, graphs, Collections.unmodifiableMap(weights));
    }

    /** The same for as many rows as a tensor of the token embedding has; a number that no model has changes nothing. */
    public WantedWeights withRowsOf(@Nullable TensorInfo embedding) {
        long rows = embedding == null || embedding.shape().length == 0
                ? 0
                : embedding.shape()[0];
        boolean same = rows < 1
                || rows > Limits.MAX_VOCAB
                || rows == config.text().sizes().vocabSize();
        return same ? this : WantedWeights.of(network, config.withVocabSize((int) rows));
    }

    public static long[] storedShape(Weight weight) {
        return weight.storedShape().stream().mapToLong(Long::longValue).toArray();
    }

    /**
     * Lists every tensor that is missing, misshapen or of a type that cannot be read: one line each, empty if all is
     * well.
     */
    public List<String> problems(Map<String, TensorInfo> tensors) {
        List<String> problems = new ArrayList<>();
        byName.forEach((name, weight) -> {
            TensorInfo tensor = tensors.get(name);
            if (tensor == null) {
                problems.add(name + ": missing, expected " + weight.storedShape() + tying(name, tensors));
            } else if (!tensor.dtype().isFloatWeight()) {
                problems.add(name + ": expected F32, BF16, F16, or codes of bitsandbytes with their scales, got "
                        + tensor.dtype() + Arrays.toString(tensor.shape()));
            } else if (!Arrays.equals(tensor.shape(), storedShape(weight))) {
                problems.add(name + ": expected " + weight.storedShape() + ", got " + Arrays.toString(tensor.shape()));
            }
        });
        return problems;
    }

    /** Where one of two is missing that could be the same. */
    private static String tying(String name, Map<String, TensorInfo> tensors) {
        boolean half = (name.equals(TensorNames.HEAD_WEIGHT) && tensors.containsKey(TensorNames.EMBEDDING))
                || (name.equals(TensorNames.EMBEDDING) && tensors.containsKey(TensorNames.HEAD_WEIGHT));
        return half ? ", for config.json has tie_word_embeddings false" : "";
    }

    /**
     * Refuses the weights of a Gemma 2, whose names are canonical or those of big_vision, under the configuration of a
     * Gemma: all tensors of that are there, but mean something else, and the answers would be nonsense.
     */
    public void refuseNormsOfGemma2(Path folder, Collection<String> names) {
        if (config.text().family() != Family.GEMMA) {
            return;
        }
        List<String> norms = names.stream()
                .filter(name -> GEMMA2_NORM.matcher(name).matches())
                .sorted()
                .toList();
        if (!norms.isEmpty()) {
            throw new CheckpointException(
                    folder + ": text_config.model_type of config.json is \"gemma\" or missing, which"
                            + " means the same, but the weights hold " + norms.size()
                            + " norms that only Gemma 2 has, among them " + Quote.quote(norms.get(0))
                            + "; expected text_config.model_type \"gemma2\"");
        }
    }
}
