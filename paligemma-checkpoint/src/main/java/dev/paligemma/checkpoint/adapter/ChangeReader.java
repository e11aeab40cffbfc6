package dev.paligemma.checkpoint.adapter;

import dev.paligemma.checkpoint.Checkpoint;
import dev.paligemma.checkpoint.internal.modules.ModuleKind;
import dev.paligemma.engine.graph.ElementType;
import dev.paligemma.engine.spi.HostTensor;
import dev.paligemma.engine.weights.TensorInfo;
import java.nio.FloatBuffer;
import org.jspecify.annotations.Nullable;

/** Works out the change to each module that fits the base, as tensors for the run time. Thread-safe. */
record ChangeReader(ModuleReader reader, Checkpoint base) {
    /** The change to a module; null if it stays as it is. */
    @Nullable
    ModuleChange read(ModuleTensors module) {
        BaseMatrix weight = reader.matrix(module);
        reader.requireCopy(module, weight);
        if (module.kind().isNorm()) {
            return norm(module);
        }
        if (module.kind() == ModuleKind.POSITION_TABLE) {
            return position(module, weight);
        }
        AdaptedRows.Product product = reader.product(module, weight);
        float[] scale = reader.scale(module, weight, product);
        float[] shift = reader.shift(module);
        Factors factors = product != null ? factors(module, weight, product) : saved(module, weight);
        return ofBaseRows(module, change(factors, scale, shift));
    }

    /** The change of a module with a row for each token, for as many rows as the base has. */
    private static @Nullable ModuleChange ofBaseRows(ModuleTensors module, @Nullable ModuleChange change) {
        if (change == null || !VocabularyRows.concern(module.base())) {
            return change;
        }
        int rows = Math.toIntExact(module.weight().size(0));
        if (module.kind() == ModuleKind.TOKEN_TABLE) {
            return new ModuleChange(ofRows(change.down(), rows, 0), change.up(), change.scale(), change.shift());
        }
        return new ModuleChange(
                change.down(),
                ofRows(change.up(), rows, 0),
                ofRows(change.scale(), rows, 1),
                ofRows(change.shift(), rows, 0));
    }

    /** A tensor with so many rows: less of them, or further ones of a number. */
    private static @Nullable HostTensor ofRows(@Nullable HostTensor tensor, int rows, float filler) {
        if (tensor == null || tensor.shape()[0] == rows) {
            return tensor;
        }
        if (tensor.shape()[0] > rows) {
            return tensor.rows(0, rows);
        }
        long[] shape = tensor.shape();
        shape[0] = rows;
        HostTensor longer = HostTensor.allocate(ElementType.FLOAT32, shape);
        FloatBuffer values = longer.floats().put(tensor.floats());
        while (values.hasRemaining()) {
            values.put(filler);
        }
        return longer;
    }

    /** The rows of a table or head that the base does not have, with all that the adapter does to them. */
    HostTensor moreRows(ModuleTensors module) {
        int baseRows = Math.toIntExact(module.weight().size(0));
        int more = reader.vocabulary().more();
        BaseMatrix weight = reader.matrix(module);
        HostTensor rows = allocate(module, more, weight.columns());
        if (more == 0) {
            return rows;
        }
        if (module.has(Role.UP_BIAS)) {
            throw new AdapterException(module.name() + ": the adapter has " + weight.rows() + " rows, the base "
                    + baseRows + ", and a bias (lora_bias) for them, which is not supported");
        }
        AdaptedRows.Product product = reader.product(module, weight);
        float[] scale = reader.scale(module, weight, product);
        float[] values = new AdaptedRows(weight, product).rows(baseRows, more);
        boolean byColumn = module.kind().isTable();
        for (int i = 0; scale != null && i < values.length; i++) {
            values[i] *= scale[byColumn ? i % weight.columns() : baseRows + i / weight.columns()];
        }
        rows.floats().put(values);
        return rows;
    }

    private record Factors(HostTensor down, HostTensor up) {}

    private static @Nullable ModuleChange change(
            @Nullable Factors factors, float @Nullable [] scale, float @Nullable [] shift) {
        HostTensor scales = scale == null || isAll(FloatBuffer.wrap(scale), 1) ? null : vector(scale);
        HostTensor shifts = shift == null || isAll(FloatBuffer.wrap(shift), 0) ? null : vector(shift);
        if (factors != null) {
            return new ModuleChange(factors.down(), factors.up(), scales, shifts);
        }
        return scales == null && shifts == null ? null : new ModuleChange(null, null, scales, shifts);
    }

    /** A table has its left factor looked up by the token, a linear map has its right one applied first. */
    private static Factors factors(ModuleTensors module, BaseMatrix weight, AdaptedRows.Product product) {
        int rank = product.rank();
        if (module.kind().isTable()) {
            float[] up = ModuleReader.transposed(product.right(), rank);
            return new Factors(
                    matrix(module, product.left(), weight.rows(), rank), matrix(module, up, weight.columns(), rank));
        }
        return new Factors(
                matrix(module, product.right(), rank, weight.columns()),
                matrix(module, product.left(), weight.rows(), rank));
    }

    /** A weight that replaces the base's, as its difference times the identity, the smaller one that does. */
    private @Nullable Factors saved(ModuleTensors module, BaseMatrix weight) {
        if (!module.has(Role.WEIGHT)) {
            return null;
        }
        TensorInfo tensor = module.get(Role.WEIGHT);
        if (reader.isCopy(tensor, weight, false)) {
            return null;
        }
        HostTensor difference = difference(module, tensor, weight);
        boolean moreRows = weight.rows() >= weight.columns();
        HostTensor identity = identity(module, Math.min(weight.rows(), weight.columns()));
        if (module.kind().isTable()) {
            return moreRows ? new Factors(difference, identity) : new Factors(identity, transposed(module, difference));
        }
        return moreRows ? new Factors(identity, difference) : new Factors(difference, identity);
    }

    private HostTensor difference(ModuleTensors module, TensorInfo tensor, BaseMatrix weight) {
        HostTensor difference = allocate(module, weight.rows(), weight.columns());
        FloatBuffer out = difference.floats();
        new AdaptedRows(weight, null).forEachBlock((AdaptedRows.Sink<RuntimeException>) (first, rows, old) -> {
            int count = rows * weight.columns();
            float[] saved = new float[count];
            reader.read(tensor, first * weight.columns(), saved, count);
            for (int i = 0; i < count; i++) {
                saved[i] -= old[i];
            }
            out.put(saved);
        });
        return difference;
    }

    private @Nullable ModuleChange position(ModuleTensors module, BaseMatrix weight) {
        int columns = weight.columns();
        HostTensor shift = allocate(module, weight.rows(), columns);
        FloatBuffer out = shift.floats();
        if (module.has(Role.WEIGHT)) {
            out.put(difference(module, module.get(Role.WEIGHT), weight).floats());
        } else {
            AdaptedRows.Product product = reader.product(module, weight);
            float[] scale = reader.scale(module, weight, product);
            float[] old = weight.readAll();
            new AdaptedRows(weight, product).forEachBlock((AdaptedRows.Sink<RuntimeException>)
                    (first, rows, values) -> {
                        for (int i = 0; i < rows * columns; i++) {
                            float changed = scale == null ? values[i] : scale[i % columns] * values[i];
                            out.put(changed - old[(int) first * columns + i]);
                        }
                    });
        }
        return isAll(shift.floats(), 0) ? null : new ModuleChange(null, null, null, shift);
    }

    private @Nullable ModuleChange norm(ModuleTensors module) {
        float[] old = reader.matrix(module).readAll();
        float[] scale = null;
        if (module.has(Role.WEIGHT)) {
            double offset = module.kind() == ModuleKind.RMS_NORM ? 1 : 0;
            scale = reader.read(module, module.get(Role.WEIGHT));
            for (int i = 0; i < scale.length; i++) {
                scale[i] = ratio(module, i, offset + scale[i], offset + old[i]);
            }
        }
        float[] shift = null;
        if (module.kind() == ModuleKind.LAYER_NORM) {
            float[] oldBias = new BaseMatrix(base, module.bias()).readAll();
            shift = module.has(Role.BIAS) ? reader.read(module, module.get(Role.BIAS)) : oldBias.clone();
            for (int i = 0; i < shift.length; i++) {
                shift[i] -= scale == null ? oldBias[i] : (float) ((double) oldBias[i] * scale[i]);
            }
        }
        return change(null, scale, shift);
    }

    private static float ratio(ModuleTensors module, int index, double wanted, double present) {
        if (wanted == present) {
            return 1;
        }
        float ratio = (float) (wanted / present);
        if (!Float.isFinite(ratio)) {
            throw new AdapterException(module.name() + ": the base multiplies number " + index + " by " + present
                    + ", from which no factor leads to " + wanted + "; merge the adapter instead");
        }
        return ratio;
    }

    private static boolean isAll(FloatBuffer values, float wanted) {
        for (int i = 0; i < values.limit(); i++) {
            if (values.get(i) != wanted) {
                return false;
            }
        }
        return true;
    }

    private static HostTensor vector(float[] values) {
        HostTensor tensor = HostTensor.allocate(ElementType.FLOAT32, values.length);
        tensor.floats().put(values);
        return tensor;
    }

    private static HostTensor matrix(ModuleTensors module, float[] values, long rows, long columns) {
        HostTensor tensor = allocate(module, rows, columns);
        tensor.floats().put(values);
        return tensor;
    }

    private static HostTensor identity(ModuleTensors module, long size) {
        HostTensor tensor = allocate(module, size, size);
        FloatBuffer values = tensor.floats();
        for (int i = 0; i < size; i++) {
            values.put(i * (int) size + i, 1);
        }
        return tensor;
    }

    private static HostTensor transposed(ModuleTensors module, HostTensor matrix) {
        long[] shape = matrix.shape();
        float[] values = new float[Math.toIntExact(shape[0] * shape[1])];
        matrix.floats().get(values);
        return matrix(module, ModuleReader.transposed(values, (int) shape[0]), shape[1], shape[0]);
    }

    private static HostTensor allocate(ModuleTensors module, long rows, long columns) {
        long bytes = Math.multiplyExact(Math.multiplyExact(rows, columns), (long) Float.BYTES);
        if (bytes > Integer.MAX_VALUE) {
            throw new AdapterException(module.name() + ": the change float32[" + rows + ", " + columns + "] takes "
                    + bytes + " bytes, more than a tensor of 2 GiB holds; merge the adapter instead");
        }
        return HostTensor.allocate(ElementType.FLOAT32, rows, columns);
    }
}
