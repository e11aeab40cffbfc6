package dev.paligemma.training.internal.network;

import dev.paligemma.checkpoint.adapter.LoraAdapter;
import dev.paligemma.checkpoint.adapter.StoredModule;
import dev.paligemma.checkpoint.internal.adapter.AdaptableGraph;
import dev.paligemma.checkpoint.internal.adapter.AdapterSites;
import dev.paligemma.checkpoint.internal.adapter.AdapterSites.Part;
import dev.paligemma.checkpoint.internal.modules.BaseModule;
import dev.paligemma.checkpoint.internal.modules.ModuleKind;
import dev.paligemma.engine.graph.Graph;
import dev.paligemma.engine.graph.Node;
import dev.paligemma.engine.graph.Tensor;
import dev.paligemma.engine.spi.HostTensor;
import dev.paligemma.engine.training.TrainedParts;
import dev.paligemma.engine.training.TrainingProgram;
import dev.paligemma.engine.weights.WeightSource;
import dev.paligemma.network.GemmaDecoder;
import dev.paligemma.network.Networks;
import dev.paligemma.network.VisionGraph;
import dev.paligemma.training.recipe.Tower;
import dev.paligemma.training.run.FineTuningException;
import dev.paligemma.vision.SiglipEncoder;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A network prepared for a recipe: the graph that is trained, which is the definition of inference with parameters in it,
 * and what the parameters are. Immutable.
 *
 * <p>The graph begins where the recipe's lowest change is: at the rows of the projector if only the decoder changes, at the
 * encoded patches if the projector does, at pixels if the encoder does.
 */
public final class TrainingNetwork {
    private static final String PATCHES = "image_patches";
    private static final String PROJECTOR = "multi_modal_projector.linear";

    private final Trained trained;
    private final Map<String, BaseModule> modules;
    private final Graph graph;
    private final ImageEntry images;
    private final TrainedParts parts;
    private final Map<String, Float> dropout;
    private final Map<String, HostTensor> given;
    private final List<Parameter> parameters;

    /**
     * One parameter of the training program.
     *
     * @param name its name there: that of a graph input or of a weight
     * @param module the module it belongs to
     * @param part what it is of this module
     * @param sizes its sizes
     */
    public record Parameter(String name, BaseModule module, StoredModule.Part part, List<Long> sizes) {
        /** Whether it is a weight or a bias of the model, trained as a whole. */
        public boolean isWhole() {
            return part == StoredModule.Part.WEIGHT || part == StoredModule.Part.BIAS;
        }

        /** How many numbers it has. */
        public long elements() {
            return sizes.stream().reduce(1L, Math::multiplyExact);
        }
    }

    private TrainingNetwork(Networks networks, WeightSource base, Trained trained) {
        this.trained = trained;
        this.modules = BaseModule.of(networks.all());
        checkWeights(networks);
        TokenRows rows = trained.tokens().isEmpty() ? null : new TokenRows(trained.tokens(), base);
        AdapterSites sites = sites();
        Graph vision = AdaptableGraph.of(networks.vision(), sites).graph();
        Graph decoder = AdaptableGraph.of(networks.decoder(), sites).graph();
        if (rows != null) {
            decoder = rows.rewrite(decoder);
        }
        Set<Tower> towers = towers();
        if (towers.contains(Tower.VISION)) {
            this.images = new ImageEntry(SiglipEncoder.PIXEL_VALUES, null, SiglipEncoder.PIXEL_VALUES, 0);
            this.graph =
                    GraphParts.inSequence(vision, VisionGraph.IMAGE_EMBEDDINGS, decoder, GemmaDecoder.IMAGE_EMBEDDINGS);
        } else if (towers.contains(Tower.PROJECTOR)) {
            Graph frozen = GraphParts.upTo(networks.vision(), patches(networks.vision()), PATCHES);
            this.images = new ImageEntry(PATCHES, frozen, PATCHES, width(frozen, PATCHES));
            this.graph = GraphParts.inSequence(
                    GraphParts.from(vision, patches(vision), PATCHES),
                    VisionGraph.IMAGE_EMBEDDINGS,
                    decoder,
                    GemmaDecoder.IMAGE_EMBEDDINGS);
        } else {
            String output = VisionGraph.IMAGE_EMBEDDINGS;
            Graph frozen = networks.vision();
            this.images = new ImageEntry(GemmaDecoder.IMAGE_EMBEDDINGS, frozen, output, width(frozen, output));
            this.graph = decoder;
        }
        this.given = rows == null ? Map.of() : Collections.unmodifiableMap(rows.given(graph));
        this.parameters = parametersOf(rows);
        this.parts = partsOf();
        this.dropout = dropoutOf();
    }

    /**
     * Prepares a network.
     *
     * @param networks the definition, with the options that training and inference share
     * @param base the weights, which must be open; they are read for {@link #writeStart} only
     * @throws FineTuningException if a token is none, or parts of the recipe exclude each other
     */
    public static TrainingNetwork of(Networks networks, WeightSource base, Trained trained) {
        int tokens = Math.toIntExact(base.tensor(BaseModule.TABLE + ".weight").shape()[0]);
        trained.tokens().stream()
                .filter(token -> token < 0 || token >= tokens)
                .findFirst()
                .ifPresent(token -> {
                    throw new FineTuningException("token " + token + " has no row in the token embedding of "
                            + base.folder() + ", which has " + tokens + " rows");
                });
        return new TrainingNetwork(networks, base, trained);
    }

    private void checkWeights(Networks networks) {
        Set<String> known = new LinkedHashSet<>();
        Graph.weights(networks.all()).forEach(weight -> known.add(weight.name()));
        for (String weight : trained.weights()) {
            if (!known.contains(weight)) {
                throw new FineTuningException("the model has no weight '" + weight + "'");
            }
        }
        Set<String> changed = new LinkedHashSet<>(lowRankModules());
        changed.retainAll(trained.weights().stream()
                .map(weight -> weight.substring(0, weight.lastIndexOf('.')))
                .toList());
        if (!changed.isEmpty()) {
            throw new FineTuningException("modules are trained as a whole and by low-rank changes both: " + changed
                    + "; leave them out of the targets");
        }
        if (!trained.tokens().isEmpty()
                && (lowRankModules().contains(BaseModule.TABLE)
                        || lowRankModules().contains(BaseModule.HEAD)
                        || trained.weights().contains(BaseModule.TABLE + ".weight"))) {
            throw new FineTuningException(
                    "rows of single tokens are trained, and the token embedding or the output head"
                            + " too; choose one of them");
        }
        LowRank lowRank = trained.lowRank();
        if (lowRank != null && lowRank.dora() && lowRankModules().contains(BaseModule.TABLE)) {
            throw new FineTuningException("DoRA trains linear maps here, but " + BaseModule.TABLE + " is a table;"
                    + " leave it out of the targets");
        }
    }

    private Set<String> lowRankModules() {
        LowRank lowRank = trained.lowRank();
        return lowRank == null ? Set.of() : lowRank.modules().keySet();
    }

    private AdapterSites sites() {
        Map<String, Set<Part>> sites = new LinkedHashMap<>();
        Map<String, Float> factors = new LinkedHashMap<>();
        Set<String> normed = new LinkedHashSet<>();
        LowRank lowRank = trained.lowRank();
        if (lowRank != null) {
            lowRank.modules().forEach((module, size) -> {
                sites.put(module, lowRank.dora() ? EnumSet.of(Part.LOW_RANK, Part.SCALE) : EnumSet.of(Part.LOW_RANK));
                factors.put(module, (float) lowRank.factor(size));
                if (lowRank.dora()) {
                    normed.add(module);
                }
            });
        }
        if (!trained.tokens().isEmpty()) {
            TokenRows.modules(modules).forEach(module -> sites.put(module, EnumSet.of(Part.LOW_RANK)));
        }
        return new AdapterSites(sites, false, factors, normed);
    }

    private Set<Tower> towers() {
        Set<Tower> towers = EnumSet.noneOf(Tower.class);
        lowRankModules().forEach(module -> towers.add(Tower.of(module)));
        trained.weights().forEach(weight -> towers.add(Tower.of(weight)));
        return towers;
    }

    /** What the projector reads. */
    private static Tensor patches(Graph vision) {
        for (Node node : vision.nodes()) {
            if (node.operation().matrix() != null
                    && BaseModule.nameOf(Objects.requireNonNull(node.operation().matrix()))
                            .equals(PROJECTOR)) {
                return node.input(0);
            }
        }
        throw new IllegalStateException("graph " + vision.name() + " has no projector");
    }

    private static int width(Graph graph, String output) {
        Tensor rows = Objects.requireNonNull(graph.outputs().get(output), output);
        return Math.toIntExact(rows.shape().dim(1).size());
    }

    private List<Parameter> parametersOf(@Nullable TokenRows rows) {
        List<Parameter> found = new ArrayList<>();
        LowRank lowRank = trained.lowRank();
        if (lowRank != null) {
            lowRank.modules().forEach((name, size) -> {
                BaseModule module = Objects.requireNonNull(modules.get(name), name);
                boolean table = module.kind() == ModuleKind.TOKEN_TABLE;
                long rank = size.rank();
                long first = module.weight().size(0);
                long second = module.weight().size(1);
                found.add(new Parameter(
                        AdaptableGraph.inputOf(name, Part.LOW_RANK, true),
                        module,
                        StoredModule.Part.DOWN,
                        table ? List.of(first, rank) : List.of(rank, second)));
                found.add(new Parameter(
                        AdaptableGraph.inputOf(name, Part.LOW_RANK, false),
                        module,
                        StoredModule.Part.UP,
                        List.of(table ? second : first, rank)));
                if (lowRank.dora()) {
                    found.add(new Parameter(
                            AdaptableGraph.inputOf(name, Part.SCALE, false),
                            module,
                            StoredModule.Part.MAGNITUDE,
                            List.of(first)));
                }
            });
        }
        if (rows != null) {
            BaseModule table = Objects.requireNonNull(modules.get(BaseModule.TABLE));
            found.add(new Parameter(TokenRows.ROWS, table, StoredModule.Part.ROWS, rows.sizes()));
        }
        Map<String, BaseModule> owners = new LinkedHashMap<>();
        // The token embedding comes before the head that may share its weight, and so owns it.
        modules.values().forEach(module -> {
            owners.putIfAbsent(module.weight().name(), module);
            if (module.bias() != null) {
                owners.putIfAbsent(module.bias().name(), module);
            }
        });
        for (String weight : trained.weights()) {
            BaseModule module = Objects.requireNonNull(owners.get(weight), weight);
            boolean isBias = !module.weight().name().equals(weight);
            found.add(new Parameter(
                    weight,
                    module,
                    isBias ? StoredModule.Part.BIAS : StoredModule.Part.WEIGHT,
                    isBias
                            ? Objects.requireNonNull(module.bias()).shape()
                            : module.weight().shape()));
        }
        return List.copyOf(found);
    }

    private TrainedParts partsOf() {
        Map<String, List<Long>> inputs = new LinkedHashMap<>();
        Map<String, TrainedParts.InverseNorm> norms = new LinkedHashMap<>();
        LowRank lowRank = trained.lowRank();
        for (Parameter parameter : parameters) {
            if (!parameter.isWhole()) {
                inputs.put(parameter.name(), parameter.sizes());
            }
            if (parameter.part() == StoredModule.Part.MAGNITUDE && lowRank != null) {
                String module = parameter.module().name();
                float factor = (float)
                        lowRank.factor(Objects.requireNonNull(lowRank.modules().get(module)));
                norms.put(
                        AdaptableGraph.inverseNormOf(module),
                        new TrainedParts.InverseNorm(
                                parameter.module().weight().name(),
                                AdaptableGraph.inputOf(module, Part.LOW_RANK, true),
                                AdaptableGraph.inputOf(module, Part.LOW_RANK, false),
                                factor));
            }
        }
        return new TrainedParts(trained.weights(), inputs, norms, Set.of());
    }

    private Map<String, Float> dropoutOf() {
        LowRank lowRank = trained.lowRank();
        Map<String, Float> found = new LinkedHashMap<>();
        if (lowRank != null && lowRank.dropout() > 0) {
            lowRank.modules()
                    .keySet()
                    .forEach(module ->
                            found.put(AdaptableGraph.inputOf(module, Part.LOW_RANK, true), lowRank.dropout()));
        }
        return Collections.unmodifiableMap(found);
    }

    /** The graph to train, from {@link #images} on to logits. */
    public Graph graph() {
        return graph;
    }

    /** How pictures enter it. */
    public ImageEntry images() {
        return images;
    }

    /** What of it is trained; weight decay applies to all of it. */
    public TrainedParts parts() {
        return parts;
    }

    /** What of it is trained; weight decay spares biases and norms, as that of transformers' {@code Trainer} does. */
    public TrainedParts partsSparingNorms() {
        Set<String> undecayed = new LinkedHashSet<>();
        for (Parameter parameter : parameters) {
            boolean whole = parameter.part() == StoredModule.Part.WEIGHT;
            if (parameter.part() == StoredModule.Part.BIAS
                    || (whole && parameter.module().kind().isNorm())) {
                undecayed.add(parameter.name());
            }
        }
        return new TrainedParts(parts.weights(), parts.inputs(), parts.norms(), undecayed);
    }

    /** The dropout of its products, by input. */
    public Map<String, Float> dropout() {
        return dropout;
    }

    /** Inputs that every batch brings along, always the same; not to be written. */
    public Map<String, HostTensor> given() {
        return given;
    }

    /** What is trained, in a fixed order. */
    public List<Parameter> parameters() {
        return parameters;
    }

    /** The recipe. */
    public Trained trained() {
        return trained;
    }

    /** All modules of the network by their canonical names, in the order of evaluation. */
    public List<String> moduleNames() {
        return List.copyOf(modules.keySet());
    }

    /** How many numbers are trained. */
    public long trainedNumbers() {
        return parameters.stream().mapToLong(Parameter::elements).reduce(0, Math::addExact);
    }

    /**
     * Gives the parameters of a program the numbers with which training starts: those of an adapter, or those with which
     * PEFT starts. Weights that are trained as a whole have those of the base already.
     *
     * @param start the adapter to go on with, which must have all that is trained of it; null for a new one
     * @throws FineTuningException if the adapter does not store what is trained, or stores what is not
     */
    public void writeStart(TrainingProgram program, WeightSource base, long seed, @Nullable LoraAdapter start) {
        Map<String, StoredModule> stored = start == null ? Map.of() : start.stored();
        if (start != null) {
            checkStart(start, stored);
        }
        StartValues values = new StartValues(seed);
        for (Parameter parameter : parameters) {
            StoredModule module = stored.get(parameter.module().name());
            float[] kept = module == null ? null : module.tensors().get(parameter.part());
            float[] first = kept != null ? kept : startOf(parameter, values, base);
            if (first != null) {
                program.write(parameter.name(), TrainingProgram.Numbers.VALUE, FloatBuffer.wrap(first));
            }
        }
    }

    private float @Nullable [] startOf(Parameter parameter, StartValues values, WeightSource base) {
        LowRank lowRank = trained.lowRank();
        LowRank.Size size = lowRank == null
                ? null
                : lowRank.modules().get(parameter.module().name());
        return switch (parameter.part()) {
            case DOWN ->
                values.down(parameter.module(), Objects.requireNonNull(size).rank());
            case UP ->
                values.up(parameter.module(), Objects.requireNonNull(size).rank());
            case MAGNITUDE -> StartValues.rowNorms(parameter.module(), base);
            case ROWS -> new TokenRows(trained.tokens(), base).start();
            case WEIGHT, BIAS, UP_BIAS -> null;
        };
    }

    /** Training goes on with all of an adapter or not at all: what was left out would be gone from the result. */
    private void checkStart(LoraAdapter start, Map<String, StoredModule> stored) {
        Map<String, String> problems = new TreeMap<>();
        for (Parameter parameter : parameters) {
            StoredModule module = stored.get(parameter.module().name());
            float[] numbers = module == null ? null : module.tensors().get(parameter.part());
            if (numbers == null) {
                if (!parameter.isWhole()) {
                    problems.put(parameter.name(), "is trained, but the adapter does not store it");
                }
                continue;
            }
            long expected = parameter.elements();
            if (numbers.length != expected) {
                problems.put(
                        parameter.name(), "has " + expected + " numbers, but the adapter stores " + numbers.length);
            }
        }
        stored.forEach((name, module) -> {
            for (StoredModule.Part part : module.tensors().keySet()) {
                boolean known = parameters.stream()
                        .anyMatch(each -> each.module().name().equals(name) && each.part() == part);
                if (!known) {
                    problems.put(name + " " + part, "is stored by the adapter, but not trained");
                }
            }
        });
        if (!problems.isEmpty()) {
            throw new FineTuningException("training cannot go on with the adapter " + start.folder() + ": "
                    + problems.size() + " parts do not fit the recipe, first of all "
                    + problems.entrySet().iterator().next());
        }
    }
}
