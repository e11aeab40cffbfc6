package dev.paligemma.checkpoint.adapter;

import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * What an adapter stores for one module, as it was trained: nothing is multiplied into anything else. The arrays must not be
 * changed.
 *
 * @param rank the rank of the two slim matrices, 0 if there are none
 * @param scaling what multiplies their product
 * @param tensors the stored numbers by what they are, row-major
 * @param tokens the ids of the rows of {@link Part#ROWS}, in their order
 */
public record StoredModule(int rank, double scaling, Map<Part, float[]> tensors, List<Integer> tokens) {
    /** What a stored tensor is for its module; R is the rank. */
    public enum Part {
        /** {@code lora_A}: {@code [R, in]}; of a table {@code [rows, R]}, unlike the file, which has it transposed. */
        DOWN,
        /** {@code lora_B}: {@code [out, R]}; of a table {@code [width, R]}. */
        UP,
        /** {@code lora_magnitude_vector} of DoRA. */
        MAGNITUDE,
        /** A weight in the place of the base's. */
        WEIGHT,
        /** A bias in the place of the base's. */
        BIAS,
        /** The bias of {@code lora_B}. */
        UP_BIAS,
        /** Rows in the place of some rows of a table, {@code [tokens, width]}. */
        ROWS
    }

    /** Copies the collections. */
    public StoredModule {
        Objects.requireNonNull(tensors, "tensors");
        tensors = Map.copyOf(tensors);
        tokens = List.copyOf(tokens);
    }
}
