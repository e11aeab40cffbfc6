package dev.paligemma.checkpoint.internal.adapter;

import dev.paligemma.checkpoint.adapter.ModuleChange;
import java.util.Collection;
import java.util.Collections;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * Which modules of a network adapters change, and in which ways. Immutable and thread-safe.
 *
 * @param parts the ways by module
 * @param moreTokens whether the output head has rows beyond those of its weight with some adapter
 * @param factors what multiplies the product of the two slim matrices of a module, where it is not a part of one of them
 * @param normed the modules whose output an input of its own multiplies before {@link Part#SCALE} does: in the training of
 *     DoRA 1 by the norm of each row of weights, which is not trained, and then the magnitude, which is
 */
public record AdapterSites(
        Map<String, Set<Part>> parts, boolean moreTokens, Map<String, Float> factors, Set<String> normed) {
    /** Where nothing changes. */
    public static final AdapterSites NONE = new AdapterSites(Map.of(), false);

    /** Copies the collections. */
    public AdapterSites {
        parts = Collections.unmodifiableMap(new LinkedHashMap<>(parts));
        factors = Map.copyOf(factors);
        normed = Set.copyOf(normed);
    }

    /** Sites whose slim matrices have all factors in them. */
    public AdapterSites(Map<String, Set<Part>> parts, boolean moreTokens) {
        this(parts, moreTokens, Map.of(), Set.of());
    }

    /** A way in which a module may be changed. */
    public enum Part {
        /** A product of two slim matrices is added. */
        LOW_RANK,
        /** Every column is multiplied by a factor. */
        SCALE,
        /** A vector, or for a table a table, is added. */
        SHIFT
    }

    /** The modules that any of several adapters changes. */
    public static AdapterSites of(Collection<Map<String, ModuleChange>> adapters) {
        return of(adapters, false);
    }

    /** As {@link #of(Collection)}, with adapters that may have more tokens than the base. */
    public static AdapterSites of(Collection<Map<String, ModuleChange>> adapters, boolean moreTokens) {
        Map<String, Set<Part>> parts = new LinkedHashMap<>();
        for (Map<String, ModuleChange> adapter : adapters) {
            adapter.forEach((module, change) -> parts.computeIfAbsent(module, key -> EnumSet.noneOf(Part.class))
                    .addAll(partsOf(change)));
        }
        return new AdapterSites(parts, moreTokens);
    }

    private static Set<Part> partsOf(ModuleChange change) {
        Set<Part> parts = EnumSet.noneOf(Part.class);
        if (change.down() != null) {
            parts.add(Part.LOW_RANK);
        }
        if (change.scale() != null) {
            parts.add(Part.SCALE);
        }
        if (change.shift() != null) {
            parts.add(Part.SHIFT);
        }
        return parts;
    }

    /** The modules that may change: their canonical names, unmodifiable. */
    public Set<String> modules() {
        return parts.keySet();
    }

    /** In which ways a module may change; empty for one that may not. */
    public Set<Part> of(String module) {
        return parts.getOrDefault(module, Set.of());
    }
}
