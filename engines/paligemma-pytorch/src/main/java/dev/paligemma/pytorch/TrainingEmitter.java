package dev.paligemma.pytorch;

import dev.paligemma.engine.graph.AttentionSpec;
import dev.paligemma.engine.graph.Graph;
import dev.paligemma.engine.graph.Node;
import dev.paligemma.engine.graph.Operation;
import dev.paligemma.engine.graph.Tensor;
import dev.paligemma.engine.graph.Weight;
import dev.paligemma.engine.training.FrozenFormat;
import dev.paligemma.engine.training.TrainedParts;
import dev.paligemma.engine.training.TrainingOptions;
import dev.paligemma.engine.weights.DType;
import dev.paligemma.engine.weights.WeightSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Translates a recorded graph into a script that trains it: a method for each {@link Segment}, {@code step} and
 * {@code evaluate}, which call them, and {@code measure}, which computes the norms of {@link TrainedParts#norms}. Confined to one
 * thread; used once.
 *
 * <p>Statements are flat, as torch's parser recurses into nested ones.
 */
final class TrainingEmitter extends OperationEmitter {
    private final Graph graph;
    private final TrainedParts parts;
    private final TrainingOptions options;
    private final Settings settings;
    /** The parameters, by their places in the list {@code params}. */
    private final List<String> parameters;

    private final List<String> given = new ArrayList<>();
    private final Map<Tensor, String> inputNames = new LinkedHashMap<>();
    /** Group and window of each kind of attention that has masks of its own. */
    private final List<String> masks = new ArrayList<>();
    /** The parameters that the current segment uses. */
    private Set<Integer> used = new TreeSet<>();

    private final Set<String> dropping = new LinkedHashSet<>();
    private int sites;

    /**
     * What depends on the engine and the files rather than on the graph.
     *
     * @param target where the script computes, and whether products round
     * @param stored how a matrix or a table is held that is not trained
     */
    record Settings(Target target, long pieceBytes, int scoreRows, Function<Weight, NumberType> stored) {

        /** What suits an engine's device and a format of frozen matrices. */
        static Settings of(Graph graph, WeightSource source, FrozenFormat format, ScriptEmitter.Settings engine) {
            TorchDevice device = engine.target().device();
            // Elsewhere products in bfloat16 are rare, or slow.
            boolean round = device.isGpu() && format != FrozenFormat.FLOAT32;
            Target target = round
                    ? new Target(device, NumberType.BFLOAT16, NumberType.BFLOAT16, Integer.MAX_VALUE)
                    : Target.single(device);
            return new Settings(target, engine.pieceBytes(), engine.scoreRows(), stored(graph, source, format));
        }

        /** Tables of embeddings, which may be the last matrix, too, are not quantised: neither does bitsandbytes. */
        static Function<Weight, NumberType> stored(Graph graph, WeightSource source, FrozenFormat format) {
            Set<String> tables = graph.nodes().stream()
                    .flatMap(node -> Stream.ofNullable(node.operation().table()))
                    .map(Weight::name)
                    .collect(Collectors.toSet());
            return weight -> switch (format) {
                case FLOAT32 -> NumberType.FLOAT32;
                case BFLOAT16 -> NumberType.BFLOAT16;
                case INT8, NF4 ->
                    !tables.contains(weight.name())
                            ? format == FrozenFormat.INT8 ? NumberType.INT8 : NumberType.NF4
                            : source.tensor(weight.name()).dtype() == DType.BF16
                                    ? NumberType.BFLOAT16
                                    : NumberType.FLOAT32;
            };
        }
    }

    private TrainingEmitter(
            Graph graph, List<String> parameters, TrainedParts parts, TrainingOptions options, Settings settings) {
        super(new Operands(settings.pieceBytes()), settings.scoreRows());
        this.graph = graph;
        this.parts = parts;
        this.options = options;
        this.settings = settings;
        this.parameters = List.copyOf(parameters);
        graph.inputs().forEach((name, tensor) -> {
            inputNames.put(tensor, name);
            if (!parts.inputs().containsKey(name) && !parts.norms().containsKey(name)) {
                given.add(name);
            }
        });
    }

    /**
     * The script of a graph.
     *
     * @param parameters the names of what is trained, in the order of the script's lists
     */
    static TrainingScript emit(
            Graph graph, List<String> parameters, TrainedParts parts, TrainingOptions options, Settings settings) {
        TrainingEmitter emitter = new TrainingEmitter(graph, parameters, parts, options, settings);
        return emitter.emit();
    }

    private TrainingScript emit() {
        text.append(ScriptEmitter.HEADER);
        TrainingScript.LISTS.forEach(list -> text.append("  " + list + " : List[Tensor]\n"));
        text.append(Kernels.training(settings.target()));
        List<Segment> segments = Segment.of(graph);
        List<Set<Integer>> uses = new ArrayList<>();
        for (Segment segment : segments) {
            used = new TreeSet<>();
            method(segment);
            uses.add(used);
        }
        Set<String> unknown = new LinkedHashSet<>(options.dropout().keySet());
        unknown.removeAll(dropping);
        if (!unknown.isEmpty()) {
            throw new IllegalArgumentException("graph " + graph.name() + " has no products with the inputs " + unknown
                    + ", for which there is dropout");
        }
        measure();
        step(segments, uses);
        evaluate(segments);
        return new TrainingScript(text.toString(), operands.all(), given, sites);
    }

    private void method(Segment segment) {
        text.append("  def segment_" + segment.index()).append("""
                (self: __torch__.Network,
                    inputs: List[Tensor],
                    masks: List[List[Tensor]],
                    seeds: Tensor,
                    start: int,
                    entering: Tensor) -> Tensor:
                    weights = self.weights
                    scales = self.scales
                    params = self.params
                    norms = self.norms
                """);
        for (Tensor input : segment.reads(graph)) {
            String name = Objects.requireNonNull(inputNames.get(input));
            int norm = List.copyOf(parts.norms().keySet()).indexOf(name);
            let(input, norm >= 0 ? "norms[" + norm + "]" : given.contains(name) ? place(name) : parameter(name));
        }
        if (segment.in() != null) {
            let(segment.in(), "entering");
        }
        segment.nodes().forEach(node -> node.operation().accept(this, node));
        text.append("    return ").append(name(segment.out())).append('\n');
    }

    private String place(String input) {
        return "inputs[" + given.indexOf(input) + "]";
    }

    private String parameter(String name) {
        int index = parameters.indexOf(name);
        used.add(index);
        return "params[" + index + "]";
    }

    @Override
    NumberType stored(Weight matrix) {
        return settings.stored().apply(matrix);
    }

    @Override
    @Nullable
    String trained(Weight weight) {
        return parts.weights().contains(weight.name()) ? parameter(weight.name()) : null;
    }

    @Override
    @Nullable
    String given(Tensor tensor) {
        String name = inputNames.get(tensor);
        return name != null && given.contains(name) ? place(name) : null;
    }

    @Override
    String product(String x, Operand matrix, @Nullable Weight bias) {
        boolean plain = matrix.type() == NumberType.FLOAT32 && settings.target().isSingle();
        return multiply(x, numbers(matrix), bias, plain);
    }

    @Override
    String trainedProduct(String x, String matrix, @Nullable Weight bias) {
        return multiply(x, matrix, bias, settings.target().isSingle());
    }

    private String multiply(String x, String matrix, @Nullable Weight bias, boolean plain) {
        if (plain) {
            return bias == null ? call("torch.linear", x, matrix) : call("torch.linear", x, matrix, whole(bias));
        }
        String y = own("multiply", x, matrix);
        return bias == null ? y : call("torch.add", y, whole(bias));
    }

    /** A matrix that is not trained, in numbers that can be multiplied. */
    private String numbers(Operand matrix) {
        String stored = operands.name(matrix);
        return switch (matrix.type()) {
            case FLOAT32, BFLOAT16 -> stored;
            case INT8 -> own("from_int8", stored, operands.scales(matrix));
            case NF4 ->
                own(
                        "from_nf4",
                        stored,
                        operands.scales(matrix),
                        integer(matrix.rows()),
                        integer(matrix.elements() / matrix.rows()));
        };
    }

    @Override
    public void product(Operation.Product operation, Node node) {
        String x = name(node.input(0));
        String input = inputNames.get(node.input(1));
        Float probability = input == null ? null : options.dropout().get(input);
        if (probability != null) {
            dropping.add(input);
        }
        if (probability != null && probability > 0) {
            x = own("drop", x, "seeds", integer(sites), "start", number(probability));
            sites++;
        }
        let(node, call("torch.linear", x, name(node.input(1))));
    }

    @Override
    void cached(AttentionSpec spec, String cache, Node node) {
        List<String> arguments = new ArrayList<>(names(node));
        String kind = integer(spec.heads() / spec.kvHeads()) + ", " + integer(spec.window());
        if (!masks.contains(kind)) {
            masks.add(kind);
        }
        arguments.add("masks[" + masks.indexOf(kind) + "]");
        arguments.add(integer(spec.kvHeads()));
        arguments.addAll(shape(spec));
        let(node, own("attend_sequences", arguments));
    }

    /** The norms, in the order of their names. */
    private void measure() {
        text.append("""
                  def measure(self: __torch__.Network,
                    inputs: List[Tensor]) -> Tensor:
                    torch.set_grad_enabled(False)
                    weights = self.weights
                    scales = self.scales
                    params = self.params
                    norms = self.norms
                    torch.clear(norms)
                """);
        Map<String, Weight> weights =
                graph.weights().stream().collect(Collectors.toMap(Weight::name, Function.identity()));
        parts.norms().forEach((name, norm) -> {
            Weight weight = weights.get(norm.weight());
            int down = parameters.indexOf(norm.down());
            int up = parameters.indexOf(norm.up());
            if (weight == null || down < 0 || up < 0) {
                throw new IllegalArgumentException("the norm '" + name + "' needs a weight of graph " + graph.name()
                        + " and two trained inputs, got " + norm);
            }
            List<String> all = new ArrayList<>();
            String trained = trained(weight);
            if (trained != null) {
                all.add(inverse("torch.detach(" + trained + ")", down, up, 0, norm.factor()));
            } else {
                for (Operand piece : operands.pieces(weight, stored(weight))) {
                    all.add(inverse(numbers(piece), down, up, piece.firstRow(), norm.factor()));
                }
            }
            text.append("    _0 = torch.append(norms, torch.cat([" + String.join(", ", all) + "], 0))  # -- ")
                    .append(comment(name))
                    .append('\n');
        });
        text.append("    return (self).done()\n");
    }

    private static String inverse(String matrix, int down, int up, long first, float factor) {
        return own(
                "inverse_norms", matrix, "params[" + down + "]", "params[" + up + "]", integer(first), number(factor));
    }

    /** What {@code step} and {@code evaluate} begin with. */
    private void begin(String method) {
        int n = given.size();
        text.append("  def " + method + "(self: __torch__.Network,\n    inputs: List[Tensor]) -> Tensor:\n");
        text.append("    torch.set_grad_enabled(False)\n    given = annotate(List[Tensor], [])\n");
        for (int i = 0; i < n; i++) {
            text.append("    _0 = torch.append(given, (self).bring(inputs[" + i + "], ))\n");
        }
        text.append("    targets = (self).bring(inputs[" + n + "], )\n");
        text.append("    factors = (self).bring(inputs[" + (n + 1) + "], )\n");
        text.append("    results = inputs[" + (n + 2) + "]\n");
        text.append("    seeds = inputs[" + (n + 3) + "]\n");
        text.append("    masks = annotate(List[List[Tensor]], [])\n");
        masks.forEach(kind ->
                text.append("    _1 = torch.append(masks, (self).masks(inputs[" + (n + 4) + "], " + kind + ", ))\n"));
        text.append("    h0 = (self).done()\n");
    }

    private static String run(Segment segment, String start, String entering) {
        return "(self).segment_" + segment.index() + "(given, masks, seeds, " + start + ", " + entering + ", )";
    }

    /** Losses, and gradients, which are added to those that are there. */
    private void step(List<Segment> segments, List<Set<Integer>> uses) {
        int head = segments.size() - 1;
        int lowest = lowest(uses);
        begin("step");
        boolean recorded = false;
        for (Segment segment : segments.subList(0, head)) {
            int i = segment.index();
            if (!options.recompute() && !recorded && i >= lowest) {
                text.append("    torch.set_grad_enabled(True)\n");
                recorded = true;
            }
            text.append("    h" + (i + 1) + " = " + run(segment, "0", "h" + i) + "\n");
        }
        boolean below = lowest < head;
        pieces(segments.get(head), true);
        text.append("""
                      torch.set_grad_enabled(True)
                      part = torch.requires_grad_(torch.detach($PART), $BELOW)
                      logits = $RUN
                      losses = (self).losses(logits, targets, start, results, )
                      loss = torch.sum(torch.mul(losses, torch.narrow(factors, 0, start, torch.size(losses, 0))))
                      d = (self).pull(loss, None, part, $USED, $BELOW, )
                """.replace("$PART", part(segments.get(head)))
                .replace("$RUN", run(segments.get(head), "start", "part"))
                .replace("$USED", list(uses.get(head)))
                .replace("$BELOW", below ? "True" : "False"));
        if (below) {
            text.append("      _4 = torch.append(pieces, d)\n    d" + head + " = torch.cat(pieces, 0)\n");
            backward(segments, uses, lowest);
        }
        text.append("    torch.set_grad_enabled(False)\n    return (self).done()\n");
    }

    private void backward(List<Segment> segments, List<Set<Integer>> uses, int lowest) {
        int head = segments.size() - 1;
        if (!options.recompute()) {
            Set<Integer> all = new TreeSet<>();
            uses.subList(lowest, head).forEach(all::addAll);
            text.append("    _5 = (self).pull(h" + head + ", d" + head + ", h0, " + list(all) + ", False, )\n");
            return;
        }
        for (int i = head - 1; i >= lowest; i--) {
            String wanted = i > lowest ? "True" : "False";
            text.append("""
                        torch.set_grad_enabled(True)
                        l$I = torch.requires_grad_(torch.detach(h$I), $WANTED)
                        y$I = $RUN
                        d$I = (self).pull(y$I, d$NEXT, l$I, $USED, $WANTED, )
                    """.replace("$I", integer(i))
                    .replace("$NEXT", integer(i + 1))
                    .replace("$RUN", run(segments.get(i), "0", "l" + i))
                    .replace("$USED", list(uses.get(i)))
                    .replace("$WANTED", wanted));
        }
    }

    private void evaluate(List<Segment> segments) {
        int head = segments.size() - 1;
        begin("evaluate");
        for (Segment segment : segments.subList(0, head)) {
            int i = segment.index();
            text.append("    h" + (i + 1) + " = " + run(segment, "0", "h" + i) + "\n");
        }
        pieces(segments.get(head), false);
        text.append("      logits = " + run(segments.get(head), "start", part(segments.get(head))) + "\n");
        text.append("      losses = (self).losses(logits, targets, start, results, )\n");
        text.append("    return (self).done()\n");
    }

    /** Begins the loop over rows of logits. */
    private void pieces(Segment segment, boolean gradients) {
        text.append("    rows = torch.size(targets, 0)\n");
        text.append("    most = " + (segment.byRows() ? integer(options.headRows()) : "rows") + "\n");
        if (gradients) {
            text.append("    pieces = annotate(List[Tensor], [])\n");
        }
        text.append("""
                    for i in range(torch.floordiv(torch.add(rows, torch.sub(most, 1)), most)):
                      start = torch.mul(i, most)
                      count = ops.prim.min(most, torch.sub(rows, start))
                """);
    }

    private static String part(Segment segment) {
        String entering = "h" + segment.index();
        return segment.byRows() ? "torch.narrow(" + entering + ", 0, start, count)" : entering;
    }

    /** The first segment with parameters; the last one if there is none. */
    private static int lowest(List<Set<Integer>> uses) {
        int lowest = 0;
        while (lowest < uses.size() - 1 && uses.get(lowest).isEmpty()) {
            lowest++;
        }
        return lowest;
    }

    private static String list(Collection<Integer> numbers) {
        return numbers.isEmpty() ? "annotate(List[int], [])" : numbers.toString();
    }
}
