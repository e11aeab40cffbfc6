package dev.paligemma.network.internal;

import dev.paligemma.engine.spi.HostTensor;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What the networks of a model take so that an adapter is in effect, or none. Immutable; equal only to itself. */
public final class ActiveAdapter {
    private final @Nullable String name;
    private final Map<String, HostTensor> vision;
    private final Map<String, HostTensor> decoder;

    /**
     * An adapter of a model, or the model as it is if the name is null, by further inputs of both networks. Those of
     * the vision network are the same map as of the model as it is, where nothing changes.
     */
    ActiveAdapter(@Nullable String name, Map<String, HostTensor> vision, Map<String, HostTensor> decoder) {
        this.name = name;
        this.vision = vision;
        this.decoder = decoder;
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

    /** Whether images are encoded the same with another adapter. */
    @SuppressWarnings("ReferenceEquality")
    public boolean seesLike(ActiveAdapter other) {
        return vision == other.vision;
    }
}
