package dev.paligemma.checkpoint.adapter;

import dev.paligemma.checkpoint.internal.modules.BaseModule;
import dev.paligemma.checkpoint.internal.modules.ModuleKind;
import dev.paligemma.engine.graph.Weight;
import dev.paligemma.engine.weights.TensorInfo;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The tensors that an adapter has for one module, and what its configuration says about it. Immutable.
 *
 * @param tensors by role; none of a module that stays as it is
 * @param scaling the factor on the product of the two matrices; 1 without them
 * @param tokens the ids of replaced rows, null if there are none
 */
record ModuleTensors(
        BaseModule base,
        Map<Role, TensorInfo> tensors,
        double scaling,
        @Nullable List<Integer> tokens) {

    ModuleTensors {
        tensors = Collections.unmodifiableMap(tensors.isEmpty() ? new EnumMap<>(Role.class) : new EnumMap<>(tensors));
    }

    /** The canonical name of the module. */
    String name() {
        return base.name();
    }

    ModuleKind kind() {
        return base.kind();
    }

    Weight weight() {
        return base.weight();
    }

    /** The bias of a module that has one. */
    Weight bias() {
        return Objects.requireNonNull(base.bias(), base.name());
    }

    boolean has(Role role) {
        return tensors.containsKey(role);
    }

    TensorInfo get(Role role) {
        return Objects.requireNonNull(tensors.get(role), () -> name() + " has no " + role);
    }

    /**
     * The same change for an output head that is one tensor with this table, or the other way round if it is replaced as a
     * whole. The two factors of a table are stored the
     * other way round: its A is {@code [R, V]} and its B {@code [D, R]}, for the head A would be the transposed B and B
     * the transposed A.
     */
    ModuleTensors forOther(BaseModule head) {
        if (has(Role.MAGNITUDE)) {
            throw new AdapterException("the adapter uses DoRA on the token embedding and ties the output head to it"
                    + " (ensure_weight_tying), which is not supported");
        }
        Map<Role, TensorInfo> others = new EnumMap<>(tensors);
        others.remove(Role.BASE_COPY);
        return new ModuleTensors(head, others, scaling, tokens);
    }

    /** The tensors of one module while they are collected. */
    static final class Builder {
        private final BaseModule base;
        private final Map<Role, TensorInfo> tensors = new EnumMap<>(Role.class);
        private String path;

        Builder(BaseModule base, String path) {
            this.base = base;
            this.path = path;
        }

        /** Returns the tensor that is in this role already, or null. */
        @Nullable
        TensorInfo add(AdapterKey key, TensorInfo tensor) {
            if (key.role() == Role.DOWN || key.role() == Role.TABLE_DOWN || key.role() == Role.TOKENS) {
                path = key.path();
            }
            return tensors.putIfAbsent(key.role(), tensor);
        }

        /** Compares the tensors with each other and with the configuration, with one line for each problem. */
        ModuleTensors build(AdapterConfig config, List<String> problems) {
            List<String> found = new ArrayList<>();
            boolean table = base.kind().isTable();
            TensorInfo down = tensors.get(table ? Role.TABLE_DOWN : Role.DOWN);
            TensorInfo up = tensors.get(table ? Role.TABLE_UP : Role.UP);
            checkPartners(config, down, up, found);
            double scaling = 1;
            if (found.isEmpty() && down != null && up != null) {
                checkRank(config, down, up, found);
                scaling = found.isEmpty() ? config.scaling(path, Math.toIntExact(down.shape()[0])) : 1;
            }
            List<Integer> tokens = tensors.containsKey(Role.TOKENS) ? config.tokens(path) : null;
            if (tensors.containsKey(Role.TOKENS) && tokens == null) {
                found.add("trainable_token_indices of adapter_config.json does not say which tokens are trained");
            }
            found.forEach(problem -> problems.add(base.name() + ": " + problem));
            return new ModuleTensors(base, tensors, scaling, tokens);
        }

        private void checkPartners(
                AdapterConfig config, @Nullable TensorInfo down, @Nullable TensorInfo up, List<String> found) {
            boolean product = down != null || up != null;
            if ((down == null) != (up == null)) {
                found.add("has " + (down == null ? "lora_B without lora_A" : "lora_A without lora_B"));
            }
            boolean magnitude = tensors.containsKey(Role.MAGNITUDE);
            if (magnitude && !product) {
                found.add("has lora_magnitude_vector without lora_A and lora_B");
            }
            if (product && magnitude != config.dora()) {
                found.add(
                        magnitude
                                ? "has lora_magnitude_vector, but use_dora is false"
                                : "has no lora_magnitude_vector, but use_dora is true");
            }
            if (tensors.containsKey(Role.UP_BIAS) && !product) {
                found.add("has a bias of lora_B without lora_A and lora_B");
            }
            int ways = (product ? 1 : 0)
                    + (tensors.containsKey(Role.WEIGHT) ? 1 : 0)
                    + (tensors.containsKey(Role.TOKENS) ? 1 : 0);
            if (ways > 1) {
                found.add("is changed in more than one way, by " + tensors.keySet());
            }
        }

        private void checkRank(AdapterConfig config, TensorInfo down, TensorInfo up, List<String> found) {
            long[] downShape = down.shape();
            long[] upShape = up.shape();
            if (downShape.length < 2 || upShape.length < 2 || downShape[0] != upShape[1]) {
                found.add("lora_A " + Arrays.toString(downShape) + " and lora_B " + Arrays.toString(upShape)
                        + " do not have a rank in common");
                return;
            }
            long rank = downShape[0];
            int expected = config.rank(path);
            if (rank != expected) {
                found.add("lora_A has rank " + rank + ", but adapter_config.json says " + expected);
            }
        }
    }
}
