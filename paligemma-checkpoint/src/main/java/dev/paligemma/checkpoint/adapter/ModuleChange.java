package dev.paligemma.checkpoint.adapter;

import dev.paligemma.engine.graph.ElementType;
import dev.paligemma.engine.spi.HostTensor;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * What an adapter does to one module. The tensors are float32 and must not be changed; then this is immutable and
 * thread-safe. R is the rank.
 *
 * <p>What a module computes from its input {@code x}:
 *
 * <ul>
 *   <li>a linear map {@code W[out, in]}, the patch convolution {@code W[out, 3 * patch * patch]} and the output head among
 *       them: {@code y = scale * (x W^T + (x down^T) up^T) + b + shift}
 *   <li>the token embedding {@code E[V, D]}: {@code y = scale * (E[id] + down[id] up^T)}, before the scaling of embeddings
 *   <li>a norm with the output {@code n}: {@code y = scale * n + shift}
 *   <li>the position embedding {@code P[N, D]}: {@code P + shift}
 * </ul>
 *
 * @param down {@code float32[R, in]}, for the token embedding {@code float32[V, R]}; null if there is no product
 * @param up {@code float32[out, R]}, for the token embedding {@code float32[D, R]}, with the scaling of the adapter
 *     multiplied in; null just when {@code down} is
 * @param scale {@code float32[out]}, or null for all ones
 * @param shift {@code float32[out]}, for the position embedding {@code float32[N, D]}; or null for all zeros
 */
public record ModuleChange(
        @Nullable HostTensor down,
        @Nullable HostTensor up,
        @Nullable HostTensor scale,
        @Nullable HostTensor shift) {
    /** Checks that the parts fit: types, numbers of dimensions, both factors or none, and any change at all. */
    public ModuleChange {
        if ((down == null) != (up == null)) {
            throw new IllegalArgumentException("down and up go together, got " + down + " and " + up);
        }
        if (down == null && scale == null && shift == null) {
            throw new IllegalArgumentException("a change must change something");
        }
        check("down", down, 2, 2);
        check("up", up, 2, 2);
        check("scale", scale, 1, 1);
        check("shift", shift, 1, 2);
    }

    private static void check(String name, @Nullable HostTensor tensor, int fewest, int most) {
        if (tensor == null) {
            return;
        }
        int dimensions = tensor.shape().length;
        if (tensor.type() != ElementType.FLOAT32 || dimensions < fewest || dimensions > most) {
            throw new IllegalArgumentException(name + " must be float32 with " + fewest + " to " + most
                    + " dimensions, got " + tensor.type() + Arrays.toString(tensor.shape()));
        }
    }
}
