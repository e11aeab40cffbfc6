package dev.paligemma.checkpoint.adapter;

import dev.paligemma.checkpoint.Checkpoint;
import dev.paligemma.checkpoint.internal.safetensors.FloatWidening;
import dev.paligemma.engine.weights.DType;
import dev.paligemma.engine.weights.TensorInfo;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Reads what an adapter has for modules that fit the base, as the numbers to compute with. Thread-safe.
 *
 * <p>A module with low-rank factors becomes {@code scale * (W + left right)}, with a scale for each row of a linear map and
 * for each column of a table.
 */
record ModuleReader(AdapterFile file, Checkpoint base, VocabularyRows vocabulary) {
    /** Of the largest number in a row; half a step of 8 bits and the rounding of bfloat16 are each 1 / 256 of it. */
    private static final float QUANTISATION_ERROR = 1f / 64;

    private static final int COMPARED_ELEMENTS = 1 << 20;

    BaseMatrix matrix(ModuleTensors module) {
        return vocabulary.matrix(module.base());
    }

    /** Everything as it is stored. */
    StoredModule stored(ModuleTensors module) {
        Map<StoredModule.Part, float[]> tensors = new EnumMap<>(StoredModule.Part.class);
        int rank = 0;
        for (Map.Entry<Role, TensorInfo> entry : module.tensors().entrySet()) {
            Role role = entry.getKey();
            if (role == Role.BASE_COPY) {
                continue;
            }
            float[] values = read(module, entry.getValue());
            if (role == Role.DOWN || role == Role.TABLE_DOWN) {
                rank = Math.toIntExact(entry.getValue().shape()[0]);
            }
            tensors.put(part(role), role == Role.TABLE_DOWN ? transposed(values, rank) : values);
        }
        return new StoredModule(
                rank, module.scaling(), tensors, Objects.requireNonNullElse(module.tokens(), List.of()));
    }

    private static StoredModule.Part part(Role role) {
        return switch (role) {
            case DOWN, TABLE_DOWN -> StoredModule.Part.DOWN;
            case UP, TABLE_UP -> StoredModule.Part.UP;
            case UP_BIAS -> StoredModule.Part.UP_BIAS;
            case MAGNITUDE -> StoredModule.Part.MAGNITUDE;
            case WEIGHT -> StoredModule.Part.WEIGHT;
            case BIAS -> StoredModule.Part.BIAS;
            case TOKENS -> StoredModule.Part.ROWS;
            case BASE_COPY -> throw new IllegalArgumentException(role.toString());
        };
    }

    /** The two factors of the change to a weight, the scaling multiplied in; null if the weight has no such change. */
    AdaptedRows.@Nullable Product product(ModuleTensors module, BaseMatrix weight) {
        if (module.has(Role.TOKENS)) {
            return tokenRows(module, weight);
        }
        if (module.has(Role.TABLE_DOWN)) {
            // A [R, rows] and B [columns, R]: the table's rows are the columns of their product.
            TensorInfo down = module.get(Role.TABLE_DOWN);
            int rank = Math.toIntExact(down.shape()[0]);
            float[] left = transposed(read(module, down), rank);
            float[] right = transposed(read(module, module.get(Role.TABLE_UP)), weight.columns());
            // Of two factors scale the smaller one: that of the width.
            return new AdaptedRows.Product(left, scaled(module, right), rank);
        }
        if (module.has(Role.DOWN)) {
            TensorInfo down = module.get(Role.DOWN);
            float[] left = scaled(module, read(module, module.get(Role.UP)));
            return new AdaptedRows.Product(left, read(module, down), Math.toIntExact(down.shape()[0]));
        }
        return null;
    }

    /** Replaced rows as a product: the left factor picks them, the right one has the differences. */
    private AdaptedRows.Product tokenRows(ModuleTensors module, BaseMatrix weight) {
        List<Integer> tokens = Objects.requireNonNull(module.tokens());
        int count = tokens.size();
        int columns = weight.columns();
        float[] left = new float[requireArray(module, Math.multiplyExact(weight.rows(), (long) count))];
        float[] right = read(module, module.get(Role.TOKENS));
        float[] row = new float[columns];
        for (int i = 0; i < count; i++) {
            left[tokens.get(i) * count + i] = 1;
            weight.read(tokens.get(i), 1, row);
            for (int j = 0; j < columns; j++) {
                right[i * columns + j] -= row[j];
            }
        }
        return new AdaptedRows.Product(left, right, count);
    }

    /** The factors of DoRA: magnitude by norm, one for each output; null without DoRA. */
    float @Nullable [] scale(ModuleTensors module, BaseMatrix weight, AdaptedRows.@Nullable Product product) {
        if (!module.has(Role.MAGNITUDE)) {
            return null;
        }
        float[] scale = read(module, module.get(Role.MAGNITUDE));
        AdaptedRows rows = new AdaptedRows(weight, product);
        float[] norms = module.kind().isTable() ? rows.columnNorms() : rows.rowNorms();
        for (int i = 0; i < scale.length; i++) {
            scale[i] /= norms[i];
            if (!Float.isFinite(scale[i])) {
                throw new AdapterException(
                        module.name() + ": the magnitude of output " + i + " by the norm of its weights, " + norms[i]
                                + ", is " + scale[i] + ", expected a finite number");
            }
        }
        return scale;
    }

    /** What is added to the output of a linear map: another bias, the bias of B, or both; null if neither is there. */
    float @Nullable [] shift(ModuleTensors module) {
        float[] shift = null;
        if (module.has(Role.BIAS)) {
            shift = read(module, module.get(Role.BIAS));
            float[] old = new BaseMatrix(base, module.bias()).readAll();
            for (int i = 0; i < shift.length; i++) {
                shift[i] -= old[i];
            }
        }
        return withUpBias(module, shift);
    }

    /** The whole bias with all changes; null if there is none. */
    float @Nullable [] bias(ModuleTensors module) {
        float[] bias;
        if (module.has(Role.BIAS)) {
            bias = read(module, module.get(Role.BIAS));
        } else if (module.has(Role.UP_BIAS) && module.base().bias() != null) {
            bias = new BaseMatrix(base, module.bias()).readAll();
        } else {
            return null;
        }
        return withUpBias(module, bias);
    }

    private float @Nullable [] withUpBias(ModuleTensors module, float @Nullable [] bias) {
        if (!module.has(Role.UP_BIAS)) {
            return bias;
        }
        float[] added = scaled(module, read(module, module.get(Role.UP_BIAS)));
        for (int i = 0; bias != null && i < added.length; i++) {
            added[i] += bias[i];
        }
        return added;
    }

    /** All numbers of a tensor of the adapter. */
    float[] read(ModuleTensors module, TensorInfo tensor) {
        requireArray(module, tensor.elementCount());
        return file.read(tensor);
    }

    void read(TensorInfo tensor, long first, float[] values, int count) {
        file.read(tensor, first, values, count);
    }

    private static int requireArray(ModuleTensors module, long elements) {
        if (elements > Integer.MAX_VALUE / Float.BYTES) {
            throw new AdapterException(
                    module.name() + ": " + elements + " numbers are more than a float32 tensor of 2 GiB holds");
        }
        return (int) elements;
    }

    /** Fails if the adapter's copy of a weight differs from the base. */
    void requireCopy(ModuleTensors module, BaseMatrix weight) {
        if (module.has(Role.BASE_COPY)) {
            TensorInfo copy = module.get(Role.BASE_COPY);
            if (!isCopy(copy, weight, weight.isQuantised())) {
                throw new AdapterException(copy.name() + " differs from " + weight.name() + " of " + base.folder()
                        + ": the adapter was trained on another embedding");
            }
        }
    }

    /** Whether a tensor has the numbers of the base, as far as its own type can hold them. */
    boolean isCopy(TensorInfo copy, BaseMatrix weight, boolean tolerant) {
        int columns = weight.columns();
        int most = (int) Math.min(weight.rows(), Math.max(1, COMPARED_ELEMENTS / columns));
        float[] values = new float[Math.multiplyExact(most, columns)];
        float[] copied = new float[values.length];
        for (long first = 0; first < weight.rows(); first += most) {
            int rows = (int) Math.min(most, weight.rows() - first);
            weight.read(first, rows, values);
            read(copy, first * columns, copied, rows * columns);
            for (int row = 0; row < rows; row++) {
                float tolerance = tolerant ? QUANTISATION_ERROR * largest(copied, row * columns, columns) : 0;
                for (int i = row * columns; i < (row + 1) * columns; i++) {
                    boolean same = tolerant
                            ? Math.abs(copied[i] - values[i]) <= tolerance
                            : copied[i] == rounded(values[i], copy.dtype());
                    if (!same) {
                        return false;
                    }
                }
            }
        }
        return true;
    }

    private static float largest(float[] values, int from, int count) {
        float largest = 0;
        for (int i = from; i < from + count; i++) {
            largest = Math.max(largest, Math.abs(values[i]));
        }
        return largest;
    }

    private static float rounded(float value, DType type) {
        return FloatWidening.widen(type, FloatNarrowing.bits(type, value));
    }

    private static float[] scaled(ModuleTensors module, float[] values) {
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (values[i] * module.scaling());
            if (!Float.isFinite(values[i])) {
                throw new AdapterException(
                        module.name() + ": lora_B times the scaling " + module.scaling() + " exceeds float32");
            }
        }
        return values;
    }

    /** A matrix of so many rows the other way round. */
    static float[] transposed(float[] matrix, int rows) {
        int columns = rows == 0 ? 0 : matrix.length / rows;
        float[] result = new float[matrix.length];
        for (int row = 0; row < rows; row++) {
            for (int column = 0; column < columns; column++) {
                result[column * rows + row] = matrix[row * columns + column];
            }
        }
        return result;
    }
}
