package dev.paligemma.checkpoint.adapter;

import dev.paligemma.checkpoint.internal.modules.BaseModule;
import dev.paligemma.engine.weights.TensorInfo;
import java.util.EnumMap;
import java.util.Map;

/** The change of the token embedding as one of the output head, for a model in which the two are one tensor. */
final class TiedHead {
    private TiedHead() {}

    /**
     * The same change for the head. The two factors of a table are stored the other way round: its A is
     * {@code [R, V]} and its B {@code [D, R]}, for the head A would be the transposed B and B the transposed A.
     */
    static ModuleTensors of(ModuleTensors table, BaseModule head) {
        if (table.has(Role.MAGNITUDE)) {
            throw new AdapterException("the adapter uses DoRA on the token embedding and ties the output head to it"
                    + " (ensure_weight_tying), which is not supported");
        }
        Map<Role, TensorInfo> tensors = new EnumMap<>(table.tensors());
        tensors.remove(Role.BASE_COPY);
        return new ModuleTensors(head, tensors, table.scaling(), table.tokens());
    }
}
