package dev.paligemma.checkpoint.adapter;

import dev.paligemma.checkpoint.Checkpoint;
import dev.paligemma.checkpoint.internal.modules.BaseModule;
import dev.paligemma.engine.weights.TensorInfo;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;

/**
 * The weights that differ from the base after a merge, by canonical name, each worked out when it is asked for. Immutable
 * and thread-safe.
 */
final class MergedWeights {
    /** Takes numbers in order. */
    interface Sink {
        void accept(float[] values, int count) throws IOException;
    }

    /** Gives the numbers of one tensor, row-major. */
    interface Source {
        void writeTo(Sink sink) throws IOException;
    }

    private static final int BLOCK_ELEMENTS = 1 << 20;

    private final Checkpoint base;
    private final ModuleReader reader;
    private final Map<String, Source> sources = new LinkedHashMap<>();
    private final VocabularyRows vocabulary;
    private final Map<String, BaseModule> baseModules;
    private final boolean untied;

    MergedWeights(LoraAdapter adapter) {
        this.base = adapter.base();
        this.vocabulary = adapter.vocabularyRows();
        this.reader = new ModuleReader(adapter.file(), base, vocabulary);
        this.baseModules = BaseModule.of(base.graphs());
        vocabulary.modules().values().forEach(this::add);
        String head = BaseModule.HEAD + ".weight";
        String table = BaseModule.TABLE + ".weight";
        // A head that changes just as the embedding does stays tied to it.
        boolean together = sources.containsKey(head) && !adapter.modules().contains(BaseModule.HEAD);
        untied = base.config().text().tieWordEmbeddings()
                && !together
                && (sources.containsKey(head) || sources.containsKey(table));
        boolean ownHead = untied || !base.config().text().tieWordEmbeddings();
        if (isResized()) {
            sources.putIfAbsent(table, sink -> copyRows(BaseModule.TABLE, sink));
        }
        if (untied || (isResized() && ownHead)) {
            sources.putIfAbsent(head, sink -> copyRows(BaseModule.HEAD, sink));
        }
    }

    /** Whether the merged vocabulary has another number of rows than the base's. */
    boolean isResized() {
        return vocabulary.rows() != vocabulary.baseRows();
    }

    /** The rows of the merged vocabulary. */
    long rows() {
        return vocabulary.rows();
    }

    private void add(ModuleTensors module) {
        BaseMatrix weight = reader.matrix(module);
        reader.requireCopy(module, weight);
        if (module.has(Role.UP_BIAS) && module.base().bias() == null) {
            throw new AdapterException(module.name()
                    + ": the adapter adds a bias, for which the checkpoint has no place;" + " it cannot be merged");
        }
        if (module.has(Role.BIAS) || module.has(Role.UP_BIAS)) {
            sources.put(module.bias().name(), sink -> {
                float[] bias = Objects.requireNonNull(reader.bias(module));
                sink.accept(bias, bias.length);
            });
        }
        String name = module.name() + ".weight";
        if (module.has(Role.WEIGHT)) {
            sources.put(name, sink -> copy(module.get(Role.WEIGHT), sink));
        } else if (module.has(Role.DOWN) || module.has(Role.TABLE_DOWN) || module.has(Role.TOKENS)) {
            sources.put(name, sink -> sum(module, sink));
        }
    }

    /** Of the table or the head, with as many rows as the other. */
    private void copyRows(String module, Sink sink) throws IOException {
        BaseMatrix table = vocabulary.matrix(Objects.requireNonNull(baseModules.get(module), module));
        new AdaptedRows(table, null).forEachBlock((AdaptedRows.Sink<IOException>)
                (first, rows, values) -> sink.accept(values, rows * table.columns()));
    }

    /** Gives the numbers of a tensor of a checkpoint. */
    static void copy(Checkpoint checkpoint, TensorInfo tensor, Sink sink) throws IOException {
        float[] values = new float[(int) Math.min(BLOCK_ELEMENTS, tensor.elementCount())];
        for (long first = 0; first < tensor.elementCount(); first += values.length) {
            int count = (int) Math.min(values.length, tensor.elementCount() - first);
            checkpoint.readFloats(tensor, first, FloatBuffer.wrap(values, 0, count));
            sink.accept(values, count);
        }
    }

    private void copy(TensorInfo tensor, Sink sink) throws IOException {
        float[] values = new float[(int) Math.min(BLOCK_ELEMENTS, tensor.elementCount())];
        for (long first = 0; first < tensor.elementCount(); first += values.length) {
            int count = (int) Math.min(values.length, tensor.elementCount() - first);
            reader.read(tensor, first, values, count);
            sink.accept(values, count);
        }
    }

    private void sum(ModuleTensors module, Sink sink) throws IOException {
        BaseMatrix weight = reader.matrix(module);
        int columns = weight.columns();
        AdaptedRows.Product product = reader.product(module, weight);
        float[] scale = reader.scale(module, weight, product);
        boolean byColumn = module.kind().isTable();
        new AdaptedRows(weight, product).forEachBlock((AdaptedRows.Sink<IOException>) (first, rows, values) -> {
            for (int i = 0; scale != null && i < rows * columns; i++) {
                values[i] *= byColumn ? scale[i % columns] : scale[(int) first + i / columns];
            }
            sink.accept(values, rows * columns);
        });
    }

    /** What differs from the base, or is not in it: an output head of its own. */
    Map<String, Source> sources() {
        return Collections.unmodifiableMap(sources);
    }

    /** Whether token embedding and output head are one tensor in the base and two after the merge. */
    boolean untied() {
        return untied;
    }
}
