package dev.paligemma.checkpoint.adapter;

import dev.paligemma.checkpoint.Checkpoint;
import dev.paligemma.checkpoint.internal.modules.BaseModule;
import dev.paligemma.checkpoint.internal.modules.ModuleKind;
import dev.paligemma.engine.weights.TensorInfo;
import java.util.Collections;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How many rows token embedding and output head have with an adapter, and where those beyond the base's come from. Immutable
 * and thread-safe but for what is read.
 *
 * <p>PEFT saves such rows as the whole table, or trains single ones. A row that is stored nowhere is the mean of the base's
 * rows, which is what {@code resize_token_embeddings} of transformers fills in, but for a noise of 1e-4 of their spread.
 */
record VocabularyRows(AdapterFile file, Checkpoint base, Map<String, ModuleTensors> modules, long rows) {
    /** Four times Gemma's. */
    static final int MAX_ROWS = 1 << 20;

    /** The rows that the tensors of an adapter have; those of the base if none says anything else. */
    static long of(Map<String, ModuleTensors> modules, long baseRows) {
        long stored = -1;
        long trained = 0;
        for (String name : new String[] {BaseModule.TABLE, BaseModule.HEAD}) {
            ModuleTensors module = modules.get(name);
            if (module == null) {
                continue;
            }
            for (Map.Entry<Role, TensorInfo> tensor : module.tensors().entrySet()) {
                stored = Math.max(stored, rows(module.kind(), tensor.getKey(), tensor.getValue()));
            }
            if (module.tokens() != null && !module.tokens().isEmpty()) {
                trained = Math.max(trained, Collections.max(module.tokens()) + 1L);
            }
        }
        return stored >= 0 ? stored : Math.max(baseRows, trained);
    }

    /** The rows of the whole table that a tensor speaks of; -1 if it does not say. */
    private static long rows(ModuleKind kind, Role role, TensorInfo tensor) {
        long[] shape = tensor.shape();
        return switch (role) {
            case WEIGHT, BASE_COPY -> shape.length == 2 ? shape[0] : -1;
            case TABLE_DOWN -> shape.length == 2 ? shape[1] : -1;
            case UP -> kind == ModuleKind.HEAD && shape.length == 2 ? shape[0] : -1;
            default -> -1;
        };
    }

    static boolean concern(BaseModule module) {
        return module.kind() == ModuleKind.TOKEN_TABLE || module.kind() == ModuleKind.HEAD;
    }

    /** How many rows there are beyond the base's; 0 if there are fewer. */
    int more() {
        return (int) Math.max(0, rows - baseRows());
    }

    long baseRows() {
        return base.config().text().sizes().vocabSize();
    }

    /** The weight of a module as in a base that was resized like that of the adapter. */
    BaseMatrix matrix(BaseModule module) {
        BaseMatrix plain = new BaseMatrix(base, module.weight());
        if (!concern(module) || rows == plain.rows()) {
            return plain;
        }
        return plain.resized(rows, rows > plain.rows() ? tail(module, plain) : new float[0]);
    }

    private float[] tail(BaseModule module, BaseMatrix plain) {
        int columns = plain.columns();
        int more = Math.toIntExact(rows - plain.rows());
        long numbers = (long) more * columns;
        if (numbers > Integer.MAX_VALUE / Float.BYTES) {
            throw new AdapterException(module.name() + ": " + more
                    + " rows beyond those of the base are more than a float32 tensor of 2 GiB holds");
        }
        float[] tail = new float[(int) numbers];
        TensorInfo stored = stored(module);
        if (stored != null) {
            file.read(stored, plain.rows() * columns, tail, tail.length);
            return tail;
        }
        float[] mean = plain.mean();
        for (int row = 0; row < more; row++) {
            System.arraycopy(mean, 0, tail, row * columns, columns);
        }
        return tail;
    }

    /** The tensor that has the rows of a module; the copy of a table is one of the head that is tied to it, too. */
    private @Nullable TensorInfo stored(BaseModule module) {
        ModuleTensors own = modules.get(module.name());
        if (own != null) {
            for (Role role : new Role[] {Role.WEIGHT, Role.BASE_COPY}) {
                if (own.has(role)) {
                    return own.get(role);
                }
            }
        }
        ModuleTensors other = modules.get(module.kind() == ModuleKind.HEAD ? BaseModule.TABLE : BaseModule.HEAD);
        if (other == null || !other.weight().equals(module.weight()) || !other.has(Role.BASE_COPY)) {
            return null;
        }
        return other.get(Role.BASE_COPY);
    }
}
