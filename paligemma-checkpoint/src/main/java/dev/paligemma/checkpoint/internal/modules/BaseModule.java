package dev.paligemma.checkpoint.internal.modules;

import dev.paligemma.engine.graph.Graph;
import dev.paligemma.engine.graph.Operation;
import dev.paligemma.engine.graph.Weight;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A module of a network that an adapter may change: an operation with its weights. Immutable.
 *
 * @param name its canonical name: that of the weight without its last part, or {@link #HEAD}
 * @param weight its matrix, table or factors
 * @param bias what it adds, or null
 */
public record BaseModule(
        String name,
        ModuleKind kind,
        Weight weight,
        @Nullable Weight bias) {
    /** What the output head is called, also where its matrix is the table of the token embedding. */
    public static final String HEAD = "lm_head";

    /** The token embedding. */
    public static final String TABLE = "language_model.embed_tokens";

    private static final Pattern NUMBER = Pattern.compile("(?<=\\.)\\d+(?=\\.)");

    /** The modules of all graphs of a network by name, in the order of evaluation. */
    public static Map<String, BaseModule> of(List<Graph> graphs) {
        Finder finder = new Finder(tables(graphs));
        graphs.forEach(graph -> graph.nodes().forEach(node -> node.operation().accept(finder)));
        return Collections.unmodifiableMap(finder.modules);
    }

    /** The name of a module with N in the place of each number, which is common to the modules of all layers. */
    public static String form(String module) {
        return NUMBER.matcher(module).replaceAll("N");
    }

    /** The tables whose rows are looked up. */
    public static Set<Weight> tables(List<Graph> graphs) {
        Set<Weight> tables = new HashSet<>();
        graphs.forEach(graph -> graph.nodes().forEach(node -> {
            Weight table = node.operation().table();
            if (table != null) {
                tables.add(table);
            }
        }));
        return tables;
    }

    /** The module of a linear map; the one that multiplies by a table of embeddings is the output head. */
    public static String nameOf(Operation.Linear linear, Set<Weight> tables) {
        Weight matrix = linear.matrix();
        return tables.contains(matrix) ? HEAD : nameOf(matrix);
    }

    /** The module of any other weight. */
    public static String nameOf(Weight weight) {
        return weight.name().substring(0, Math.max(0, weight.name().lastIndexOf('.')));
    }

    /** Collects modules. Confined to one thread. */
    private static final class Finder implements Operation.WeightVisitor<Boolean> {
        private final Set<Weight> tables;
        private final Map<String, BaseModule> modules = new LinkedHashMap<>();

        Finder(Set<Weight> tables) {
            this.tables = tables;
        }

        private boolean add(String name, ModuleKind kind, Weight weight, @Nullable Weight bias) {
            modules.put(name, new BaseModule(name, kind, weight, bias));
            return true;
        }

        @Override
        public Boolean embedding(Operation.Embedding operation) {
            return add(nameOf(operation.table()), ModuleKind.TOKEN_TABLE, operation.table(), null);
        }

        @Override
        public Boolean parameter(Operation.Parameter operation) {
            return add(nameOf(operation.weight()), ModuleKind.POSITION_TABLE, operation.weight(), null);
        }

        @Override
        public Boolean linear(Operation.Linear operation) {
            String name = nameOf(operation, tables);
            boolean convolution = operation.matrix().storedShape().size() > 2;
            ModuleKind kind =
                    name.equals(HEAD) ? ModuleKind.HEAD : convolution ? ModuleKind.CONVOLUTION : ModuleKind.LINEAR;
            return add(name, kind, operation.matrix(), operation.parameters().bias());
        }

        @Override
        public Boolean layerNorm(Operation.LayerNorm operation) {
            return add(nameOf(operation.gamma()), ModuleKind.LAYER_NORM, operation.gamma(), operation.beta());
        }

        @Override
        public Boolean rmsNorm(Operation.RmsNorm operation) {
            return add(nameOf(operation.weight()), ModuleKind.RMS_NORM, operation.weight(), null);
        }

        @Override
        public Boolean weightless(Operation.Weightless operation) {
            return false;
        }
    }
}
