package dev.paligemma.training.internal.network;

import dev.paligemma.checkpoint.adapter.LoraAdapter;
import dev.paligemma.checkpoint.adapter.StoredModule;
import dev.paligemma.checkpoint.internal.modules.BaseModule;
import dev.paligemma.engine.graph.Graph;
import dev.paligemma.engine.graph.Weight;
import dev.paligemma.training.recipe.Tower;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What a recipe trains of a network. Immutable.
 *
 * @param lowRank modules that get a product of two slim matrices; null for none
 * @param weights weights that are trained as a whole, by their canonical names
 * @param tokens the ids of tokens whose rows of the token embedding are trained; where the output head is the embedding,
 *     its rows are the same numbers
 */
public record Trained(@Nullable LowRank lowRank, Set<String> weights, List<Integer> tokens) {
    private static final Pattern ATTENTION =
            Pattern.compile("language_model\\.layers\\.\\d+\\.self_attn\\.[qkvo]_proj\\.weight");

    /** Copies the collections; an {@link IllegalArgumentException} if nothing is trained, or a token is named twice. */
    public Trained {
        weights = Collections.unmodifiableSet(new LinkedHashSet<>(weights));
        tokens = List.copyOf(tokens);
        if (Set.copyOf(tokens).size() < tokens.size()) {
            throw new IllegalArgumentException("a token is named twice among " + tokens);
        }
        if (lowRank == null && weights.isEmpty() && tokens.isEmpty()) {
            throw new IllegalArgumentException("nothing is trained");
        }
        Objects.requireNonNull(weights, "weights");
    }

    /** The weights of some towers. */
    public static Set<String> weightsOf(List<Graph> graphs, Set<Tower> towers) {
        return weights(graphs, name -> towers.contains(Tower.of(name)));
    }

    /** The four projections of the decoder's attention, which the notebook of big_vision trains. */
    public static Set<String> attentionOfDecoder(List<Graph> graphs) {
        return weights(graphs, name -> ATTENTION.matcher(name).matches());
    }

    /**
     * What an adapter changes, so that training can go on with it.
     *
     * @param dropout of its low-rank changes
     */
    public static Trained of(LoraAdapter adapter, List<Graph> graphs, float dropout) {
        Map<String, LowRank.Size> sizes = new LinkedHashMap<>();
        Set<String> whole = new LinkedHashSet<>();
        List<Integer> tokens = new ArrayList<>();
        boolean dora = false;
        Map<String, BaseModule> modules = BaseModule.of(graphs);
        for (Map.Entry<String, StoredModule> entry : adapter.stored().entrySet()) {
            StoredModule stored = entry.getValue();
            BaseModule module = Objects.requireNonNull(modules.get(entry.getKey()), entry.getKey());
            if (stored.rank() > 0) {
                double root = adapter.rankStabilised() ? Math.sqrt(stored.rank()) : stored.rank();
                sizes.put(module.name(), new LowRank.Size(stored.rank(), stored.scaling() * root));
            }
            dora |= stored.tensors().containsKey(StoredModule.Part.MAGNITUDE);
            tokens.addAll(stored.tokens());
            if (stored.tensors().containsKey(StoredModule.Part.WEIGHT)) {
                whole.add(module.weight().name());
            }
            if (stored.tensors().containsKey(StoredModule.Part.BIAS)) {
                whole.add(Objects.requireNonNull(module.bias()).name());
            }
        }
        LowRank lowRank = sizes.isEmpty() ? null : new LowRank(sizes, adapter.rankStabilised(), dora, dropout);
        return new Trained(lowRank, whole, tokens);
    }

    private static Set<String> weights(List<Graph> graphs, Predicate<String> wanted) {
        Set<String> names = new LinkedHashSet<>();
        Graph.weights(graphs).stream().map(Weight::name).filter(wanted).forEach(names::add);
        return names;
    }
}
