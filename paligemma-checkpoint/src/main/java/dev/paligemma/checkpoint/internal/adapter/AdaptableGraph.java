package dev.paligemma.checkpoint.internal.adapter;

import dev.paligemma.checkpoint.adapter.AdapterException;
import dev.paligemma.checkpoint.adapter.ModuleChange;
import dev.paligemma.checkpoint.internal.adapter.AdapterSites.Part;
import dev.paligemma.checkpoint.internal.modules.BaseModule;
import dev.paligemma.engine.graph.Dim;
import dev.paligemma.engine.graph.ElementType;
import dev.paligemma.engine.graph.Graph;
import dev.paligemma.engine.graph.LinearWeights;
import dev.paligemma.engine.graph.Node;
import dev.paligemma.engine.graph.Operation;
import dev.paligemma.engine.graph.Shape;
import dev.paligemma.engine.graph.Tensor;
import dev.paligemma.engine.graph.Weight;
import dev.paligemma.engine.spi.HostTensor;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A graph whose modules adapters can change from run to run, through inputs of their own, while its weights stay as they
 * are. Immutable and thread-safe.
 *
 * <p>A module {@code y = f(x)} becomes {@code y = scale * (f(x) - b + (x down^T) up^T) + b + shift}, with b the bias of
 * f; see {@link ModuleChange}. A run without an adapter gives zeros for what is added and ones for the factors.
 *
 * <p>Where an adapter has more tokens than the table of the output head, the head multiplies by {@link #MORE_ROWS} too, and
 * {@link #MORE_LOGITS} is what it says about these tokens.
 *
 * @param graph the graph with the further inputs
 * @param modules the modules of this graph that may change: their canonical names, unmodifiable
 * @param slots what each further input takes, by name
 * @param neutralInputs what the further inputs take so that nothing changes, by name; not to be written
 */
public record AdaptableGraph(
        Graph graph, Set<String> modules, Map<String, Slot> slots, Map<String, HostTensor> neutralInputs) {
    /** The input with the further rows of the output head, {@code float32[N, D]}. */
    public static final String MORE_ROWS = "adapter." + BaseModule.HEAD + ".rows";

    /** The output with the logits of the further rows, {@code float32[B, N]}. */
    public static final String MORE_LOGITS = "adapter." + BaseModule.HEAD + ".logits";

    /**
     * An input that takes a part of a change of a module; {@code down} tells the two factors of a low-rank part apart.
     */
    record Slot(String module, Part part, boolean down) {
        String input() {
            String kind = switch (part) {
                case LOW_RANK -> down ? "down" : "up";
                case SCALE -> "scale";
                case SHIFT -> "shift";
            };
            return "adapter." + module + "." + kind;
        }

        @Nullable
        HostTensor of(ModuleChange change) {
            return switch (part) {
                case LOW_RANK -> down ? change.down() : change.up();
                case SCALE -> change.scale();
                case SHIFT -> change.shift();
            };
        }
    }

    /**
     * Adds inputs for the changes of those modules that are in the graph; fails if one cannot change in a way that is
     * asked for.
     */
    public static AdaptableGraph of(Graph plain, AdapterSites sites) {
        Rewriting made = new Rewriting(plain, sites);
        return new AdaptableGraph(
                made.rewrite(plain),
                Collections.unmodifiableSet(made.modules),
                Collections.unmodifiableMap(made.slots),
                Collections.unmodifiableMap(made.neutral));
    }

    /**
     * What the further inputs take for the changes of an adapter, not to be written; fails if there is no input for a
     * change of a module of this graph.
     */
    public Map<String, HostTensor> inputs(Map<String, ModuleChange> changes) {
        Map<String, HostTensor> inputs = new LinkedHashMap<>(neutralInputs);
        slots.forEach((name, slot) -> {
            ModuleChange change = changes.get(slot.module());
            HostTensor tensor = change == null ? null : slot.of(change);
            if (tensor != null) {
                inputs.put(name, tensor);
            }
        });
        return Collections.unmodifiableMap(inputs);
    }

    /** The input by which the output of a normed module is multiplied first, {@code float32[out]}. */
    public static String inverseNormOf(String module) {
        return "adapter." + module + ".inverse_norm";
    }

    /** The input that takes a part of a change of a module; {@code down} tells the two slim matrices apart. */
    public static String inputOf(String module, Part part, boolean down) {
        return new Slot(module, part, down).input();
    }

    /** Makes the nodes of the new graph. Confined to one thread; used once. */
    private static final class Rewriting {
        private final AdapterSites sites;
        private final Set<Weight> tables;
        private final Set<String> modules = new LinkedHashSet<>();
        private final Map<String, Slot> slots = new LinkedHashMap<>();
        private final Map<String, HostTensor> neutral = new LinkedHashMap<>();
        private final Map<String, Tensor> inputs;
        private final List<Node> nodes = new ArrayList<>();
        private int nextId;
        /** What the output head makes, and what it makes with further rows. */
        private @Nullable Tensor logits;

        private @Nullable Tensor moreLogits;

        Rewriting(Graph plain, AdapterSites sites) {
            this.sites = sites;
            this.inputs = new LinkedHashMap<>(plain.inputs());
            this.nextId = plain.inputs().size() + plain.nodes().size();
            this.tables = BaseModule.tables(List.of(plain));
        }

        Graph rewrite(Graph plain) {
            plain.nodes().forEach(node -> nodes.addAll(node.operation().accept(new Place(node))));
            Map<String, Tensor> outputs = new LinkedHashMap<>(plain.outputs());
            if (moreLogits != null) {
                outputs.put(MORE_LOGITS, moreLogits);
            }
            return new Graph(plain.name(), inputs, nodes, outputs, plain.marks());
        }

        /** What takes the place of one operation. */
        private final class Place implements Operation.WeightVisitor<List<Node>> {
            private final Node node;

            Place(Node node) {
                this.node = node;
            }

            @Override
            public List<Node> linear(Operation.Linear operation) {
                LinearWeights weights = operation.parameters();
                String module = BaseModule.nameOf(operation, tables);
                Set<Part> parts = partsOf(module, node, Set.of(Part.values()));
                Chain chain = new Chain(module, node.output());
                // A factor applies to the product alone, so that the bias comes after it.
                Weight bias = parts.contains(Part.SCALE) ? weights.bias() : null;
                LinearWeights kept = bias == null ? weights : new LinearWeights(weights.weight(), null);
                chain.then(new Operation.Linear(kept), node.inputs());
                if (parts.contains(Part.LOW_RANK)) {
                    Dim rank = chain.rank();
                    Tensor down = chain.matrix(true, rank, Dim.of(weights.in()), 1, weights.in());
                    chain.addProduct(chain.product(node.input(0), down), rank, weights.out());
                }
                chain.scaleAndShift(parts, List.of(weights.out()));
                if (bias != null) {
                    chain.add(chain.side(new Operation.Parameter(bias), Shape.of(weights.out()), List.of()));
                }
                List<Node> made = chain.end();
                if (sites.moreTokens() && module.equals(BaseModule.HEAD)) {
                    made.add(moreRows(weights.in()));
                }
                return made;
            }

            /** The product with further rows of the head. */
            private Node moreRows(long width) {
                Dim count = Dim.symbol("more tokens");
                Tensor rows = new Tensor(nextId++, MORE_ROWS, ElementType.FLOAT32, Shape.of(count, Dim.of(width)));
                inputs.put(MORE_ROWS, rows);
                neutral.put(MORE_ROWS, HostTensor.allocate(ElementType.FLOAT32, 1, width));
                logits = node.output();
                return more(new Operation.Product(), List.of(node.input(0), rows), count);
            }

            private Node more(Operation operation, List<Tensor> read, Dim count) {
                int id = nextId++;
                Shape shape = node.output().shape().with(-1, count);
                moreLogits = new Tensor(id, node.output().name() + ".more" + id, ElementType.FLOAT32, shape);
                return new Node(operation, read, moreLogits);
            }

            @Override
            public List<Node> embedding(Operation.Embedding operation) {
                Weight table = operation.table();
                String module = BaseModule.nameOf(table);
                Set<Part> parts = partsOf(module, node, Set.of(Part.values()));
                Chain chain = new Chain(module, node.output());
                chain.then(operation, node.inputs());
                if (parts.contains(Part.LOW_RANK)) {
                    Dim rank = chain.rank();
                    Tensor rows = chain.matrix(true, Dim.of(table.size(0)), rank, table.size(0), 1);
                    Dim tokens = node.output().shape().dim(0);
                    Tensor picked = chain.side(
                            new Operation.GatherRows(), Shape.of(tokens, rank), List.of(rows, node.input(0)));
                    chain.addProduct(picked, rank, table.size(1));
                }
                chain.scaleAndShift(parts, List.of(table.size(1)));
                return chain.end();
            }

            @Override
            public List<Node> rmsNorm(Operation.RmsNorm operation) {
                return shifted(operation.weight(), Set.of(Part.SCALE, Part.SHIFT));
            }

            @Override
            public List<Node> layerNorm(Operation.LayerNorm operation) {
                return shifted(operation.gamma(), Set.of(Part.SCALE, Part.SHIFT));
            }

            @Override
            public List<Node> parameter(Operation.Parameter operation) {
                return shifted(operation.weight(), Set.of(Part.SHIFT));
            }

            @Override
            public List<Node> weightless(Operation.Weightless operation) {
                Tensor more = moreLogits;
                if (more != null
                        && operation instanceof Operation.Softcap
                        && node.inputs().contains(logits)) {
                    logits = node.output();
                    return List.of(
                            node, more(operation, List.of(more), more.shape().dim(-1)));
                }
                return List.of(node);
            }

            private List<Node> shifted(Weight weight, Set<Part> possible) {
                String module = BaseModule.nameOf(weight);
                Set<Part> parts = partsOf(module, node, possible);
                Chain chain = new Chain(module, node.output());
                chain.then(node.operation(), node.inputs());
                chain.scaleAndShift(parts, weight.shape());
                return chain.end();
            }
        }

        private Set<Part> partsOf(String module, Node node, Set<Part> possible) {
            Set<Part> parts = sites.of(module);
            if (!possible.containsAll(parts)) {
                throw new AdapterException("module " + module + " (" + node.output() + ") can change by " + possible
                        + " only, but an adapter asks for " + parts);
            }
            if (!parts.isEmpty()) {
                modules.add(module);
            }
            return parts;
        }

        /** The operations that take the place of one; the last makes what the one made. */
        private final class Chain {
            private final String module;
            private final Tensor result;
            private final List<Node> own = new ArrayList<>();
            private Tensor current;

            Chain(String module, Tensor result) {
                this.module = module;
                this.result = result;
                this.current = result;
            }

            /** Goes on with an operation that gives the shape of the result. */
            void then(Operation operation, List<Tensor> read) {
                current = side(operation, result.shape(), read);
            }

            /** An operation beside the main line. */
            Tensor side(Operation operation, Shape shape, List<Tensor> read) {
                int id = nextId++;
                Tensor output = new Tensor(id, result.name() + ".adapted" + id, ElementType.FLOAT32, shape);
                own.add(new Node(operation, read, output));
                return output;
            }

            void add(Tensor tensor) {
                then(new Operation.Add(), List.of(current, tensor));
            }

            Tensor product(Tensor x, Tensor matrix) {
                Shape shape = x.shape().with(-1, matrix.shape().dim(0));
                return side(new Operation.Product(), shape, List.of(x, matrix));
            }

            void addProduct(Tensor slim, Dim rank, long out) {
                Tensor change = product(slim, matrix(false, Dim.of(out), rank, out, 1));
                float factor = sites.factors().getOrDefault(module, 1f);
                add(factor == 1 ? change : side(new Operation.Scale(factor), change.shape(), List.of(change)));
            }

            Dim rank() {
                return Dim.symbol("rank of " + module);
            }

            Tensor matrix(boolean down, Dim rows, Dim columns, long neutralRows, long neutralColumns) {
                HostTensor zeros = HostTensor.allocate(ElementType.FLOAT32, neutralRows, neutralColumns);
                return input(new Slot(module, Part.LOW_RANK, down), Shape.of(rows, columns), zeros);
            }

            void scaleAndShift(Set<Part> parts, List<Long> sizes) {
                long[] sides = sizes.stream().mapToLong(Long::longValue).toArray();
                Shape shape = Shape.of(sizes.toArray());
                if (sites.normed().contains(module)) {
                    String name = inverseNormOf(module);
                    Tensor factor = new Tensor(nextId++, name, ElementType.FLOAT32, shape);
                    inputs.put(name, factor);
                    then(new Operation.Multiply(), List.of(current, factor));
                }
                if (parts.contains(Part.SCALE)) {
                    HostTensor ones = HostTensor.allocate(ElementType.FLOAT32, sides);
                    FloatBuffer floats = ones.floats();
                    while (floats.hasRemaining()) {
                        floats.put(1);
                    }
                    Tensor factor = input(new Slot(module, Part.SCALE, false), shape, ones);
                    then(new Operation.Multiply(), List.of(current, factor));
                }
                if (parts.contains(Part.SHIFT)) {
                    HostTensor zeros = HostTensor.allocate(ElementType.FLOAT32, sides);
                    add(input(new Slot(module, Part.SHIFT, false), shape, zeros));
                }
            }

            private Tensor input(Slot slot, Shape shape, HostTensor withoutChange) {
                String name = slot.input();
                slots.put(name, slot);
                neutral.put(name, withoutChange);
                return inputs.computeIfAbsent(name, key -> new Tensor(nextId++, key, ElementType.FLOAT32, shape));
            }

            List<Node> end() {
                Node last = own.remove(own.size() - 1);
                own.add(new Node(last.operation(), last.inputs(), result));
                return own;
            }
        }
    }
}
