package dev.paligemma;

import dev.paligemma.engine.spi.HostTensor;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What the networks of a model take so that an adapter is in effect, or none. Immutable; compared by identity.
 *
 * @param name the adapter's name; null for the model as it is
 * @param vision further inputs of the vision network; the same map as that of the model as it is, where nothing changes
 * @param decoder further inputs of the decoder
 */
record ActiveAdapter(@Nullable String name, Map<String, HostTensor> vision, Map<String, HostTensor> decoder) {

    /** Whether images are encoded the same with another adapter. */
    @SuppressWarnings("ReferenceEquality")
    boolean seesLike(ActiveAdapter other) {
        return vision == other.vision;
    }
}
