package dev.paligemma.network.internal;

import dev.paligemma.checkpoint.adapter.ResizedVocabulary;
import dev.paligemma.engine.spi.HostTensor;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What the networks of a model take so that an adapter is in effect, or none. Immutable; equal only to itself. */
public final class ActiveAdapter {
    private final @Nullable String name;
    private final Map<String, HostTensor> vision;
    private final Map<String, HostTensor> decoder;
    private final @Nullable ResizedVocabulary vocabulary;

    /**
     * An adapter of a model, or the model as it is if the name is null, by further inputs of both networks. Those of
     * the vision network are the same map as of the model as it is, where nothing changes. The vocabulary is null if it has as
     * many tokens as the model.
     */
    ActiveAdapter(
            @Nullable String name,
            Map<String, HostTensor> vision,
            Map<String, HostTensor> decoder,
            @Nullable ResizedVocabulary vocabulary) {
        this.name = name;
        this.vision = vision;
        this.decoder = decoder;
        this.vocabulary = vocabulary;
    }

    public @Nullable String name() {
        return name;
    }

    Map<String, HostTensor> vision() {
        return vision;
    }

    Map<String, HostTensor> decoder() {
        return decoder;
    }

    @Nullable
    ResizedVocabulary vocabulary() {
        return vocabulary;
    }

    /** How many tokens there are with the adapter, for a model of so many. */
    public int tokens(int ofModel) {
        return vocabulary == null ? ofModel : vocabulary.rows();
    }

    /** Whether images are encoded the same with another adapter. */
    @SuppressWarnings("ReferenceEquality")
    public boolean seesLike(ActiveAdapter other) {
        return vision == other.vision;
    }
}
