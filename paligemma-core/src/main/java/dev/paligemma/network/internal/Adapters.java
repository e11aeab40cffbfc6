package dev.paligemma.network.internal;

import dev.paligemma.checkpoint.Checkpoint;
import dev.paligemma.checkpoint.adapter.AdapterException;
import dev.paligemma.checkpoint.adapter.LoraAdapter;
import dev.paligemma.checkpoint.adapter.ModuleChange;
import dev.paligemma.checkpoint.adapter.ResizedVocabulary;
import dev.paligemma.checkpoint.internal.adapter.AdaptableGraph;
import dev.paligemma.checkpoint.internal.adapter.AdapterSites;
import dev.paligemma.engine.spi.HostTensor;
import dev.paligemma.network.Networks;
import java.nio.file.Path;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The adapters that were loaded with a model, and its networks with inputs for them. Immutable and thread-safe.
 *
 * <p>Only modules that some adapter changes have such inputs: without adapters, the networks are those of the definition.
 */
public final class Adapters {
    private final Networks networks;
    private final ActiveAdapter none;
    private final Map<String, ActiveAdapter> byName;

    private Adapters(Networks networks, ActiveAdapter none, Map<String, ActiveAdapter> byName) {
        this.networks = networks;
        this.none = none;
        this.byName = Collections.unmodifiableMap(byName);
    }

    /**
     * Reads the adapters of some folders by their names, for the networks as defined and the weights that they will run
     * with.
     *
     * @throws AdapterException if a folder is damaged, or an adapter does not fit the model
     */
    public static Adapters load(Networks plain, Map<String, Path> folders, Checkpoint weights) {
        Map<String, Map<String, ModuleChange>> changes = new LinkedHashMap<>();
        Map<String, ResizedVocabulary> vocabularies = new HashMap<>();
        folders.forEach((name, folder) -> {
            LoraAdapter adapter = LoraAdapter.open(folder, weights);
            changes.put(name, adapter.changes());
            adapter.vocabulary().ifPresent(vocabulary -> vocabularies.put(name, vocabulary));
        });
        boolean moreTokens = vocabularies.values().stream().anyMatch(vocabulary -> vocabulary.more() > 0);
        AdapterSites sites = AdapterSites.of(changes.values(), moreTokens);
        AdaptableGraph vision = AdaptableGraph.of(plain.vision(), sites);
        AdaptableGraph decoder = AdaptableGraph.of(plain.decoder(), sites);
        Set<String> unknown = new TreeSet<>(sites.modules());
        unknown.removeAll(vision.modules());
        unknown.removeAll(decoder.modules());
        if (!unknown.isEmpty()) {
            throw new AdapterException(
                    "the adapters " + folders + " change modules that the model does not use: " + unknown);
        }
        ActiveAdapter none = new ActiveAdapter(null, vision.neutralInputs(), decoder.neutralInputs(), null);
        Map<String, ActiveAdapter> byName = new LinkedHashMap<>();
        changes.forEach((name, changed) -> {
            boolean seesAlike = Collections.disjoint(changed.keySet(), vision.modules());
            Map<String, HostTensor> visionInputs = seesAlike ? none.vision() : vision.inputs(changed);
            Map<String, HostTensor> decoderInputs = new LinkedHashMap<>(decoder.inputs(changed));
            ResizedVocabulary vocabulary = vocabularies.get(name);
            if (vocabulary != null && vocabulary.more() > 0) {
                decoderInputs.put(AdaptableGraph.MORE_ROWS, vocabulary.head());
            }
            byName.put(name, new ActiveAdapter(name, visionInputs, decoderInputs, vocabulary));
        });
        return new Adapters(new Networks(vision.graph(), decoder.graph()), none, byName);
    }

    /** The networks to be compiled. */
    Networks networks() {
        return networks;
    }

    /** The names that can be asked for, in the order in which they were given. */
    public Set<String> names() {
        return byName.keySet();
    }

    /**
     * Finds an adapter by its name, null for the model as it is; an {@link IllegalArgumentException} if there is none.
     */
    public ActiveAdapter get(@Nullable String name) {
        if (name == null) {
            return none;
        }
        ActiveAdapter adapter = byName.get(name);
        if (adapter == null) {
            throw new IllegalArgumentException("no adapter '" + name + "' was loaded with the model; there are "
                    + byName.keySet() + ". Name it with PaliGemmaPipeline.builder().adapter(name, folder)");
        }
        return adapter;
    }
}
