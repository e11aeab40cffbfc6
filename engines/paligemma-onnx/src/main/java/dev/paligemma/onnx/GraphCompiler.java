package dev.paligemma.onnx;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import dev.paligemma.engine.graph.Graph;
import dev.paligemma.engine.graph.Weight;
import dev.paligemma.engine.weights.MatrixFormat;
import dev.paligemma.engine.weights.TensorInfo;
import dev.paligemma.engine.weights.WeightSource;
import dev.paligemma.onnx.internal.OnnxGraph;
import dev.paligemma.onnx.internal.OnnxModel;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Makes the sessions of one graph. Confined to one thread; used once.
 *
 * <p>In single precision that is one session. A quantised graph runs block by block through sessions that take the codes
 * of a block as inputs, so that all blocks of a kind share one session, and one that is planned in no time: ONNX Runtime's
 * planner needs seconds for all blocks of an encoder. A decoder has two pipelines:
 *
 * <ul>
 *   <li>the prefix runs block by block; the codes are read from the file each time;
 *   <li>later rows run through a few sessions that hold the matrices packed for products with one row. Packing takes
 *       seconds, so it goes on after loading has returned, on the common pool, one session after the other.
 * </ul>
 *
 * <p>Pieces that are the same in both, such as the head, stand in both pipelines with one session.
 */
final class GraphCompiler {
    /** Enough that whoever waits for a session shares the packing of the rest; each costs idle threads and a call per row. */
    private static final int PACKED_PIECES = 6;

    private final OrtEnvironment environment;
    private final WeightSource source;
    private final WeightValues values;
    private final int threads;
    private final boolean keepMapped;
    private final Function<Phase, GraphEmitter.Settings> settings;
    private final BufferPool buffers = new BufferPool();
    private final List<OnnxSession> sessions = new ArrayList<>();
    private final TensorScope constants;

    /**
     * A compiler for one graph.
     *
     * @param keepMapped whether the matrices of quantised graphs without caches stay mapped from the file; or else they are
     *     read for each run, which takes longer and less memory
     * @param settings how graphs are written for a phase
     */
    GraphCompiler(
            OrtEnvironment environment,
            WeightSource source,
            int threads,
            boolean keepMapped,
            Function<Phase, GraphEmitter.Settings> settings) {
        this.environment = environment;
        this.source = source;
        this.values = new WeightValues(source);
        this.threads = threads;
        this.keepMapped = keepMapped;
        this.settings = settings;
        this.constants = new TensorScope(environment);
    }

    OnnxProgram compile(Graph graph) throws OrtException {
        try {
            if (!settings.apply(Phase.EVERY_RUN).quantized()) {
                return inSinglePrecision(graph);
            }
            return graph.caches().isEmpty() ? stateless(graph) : decoder(graph);
        } catch (OrtException | RuntimeException e) {
            for (OnnxSession session : sessions) {
                session.close();
            }
            constants.close();
            throw e;
        }
    }

    private OnnxProgram inSinglePrecision(Graph graph) throws OrtException {
        // Packing would hold a second copy of weights that are mapped from the file.
        Pipeline pipeline = pipeline(List.of(load(graph, Phase.EVERY_RUN, false)), false);
        return program(graph, pipeline, pipeline);
    }

    private OnnxProgram stateless(Graph graph) throws OrtException {
        List<Stage> stages = new ArrayList<>();
        Map<Graph, BlockSession> known = new HashMap<>();
        for (Graph piece : GraphCuts.afterProducts(graph)) {
            stages.add(block(piece, known, keepMapped));
        }
        Pipeline pipeline = pipeline(stages, true);
        return program(graph, pipeline, pipeline);
    }

    private OnnxProgram decoder(Graph graph) throws OrtException {
        List<Graph> pieces = GraphCuts.afterProducts(graph);
        List<Graph> joined = join(graph, pieces);
        List<Stage> next = new ArrayList<>();
        Map<Graph, Stage> neutral = new HashMap<>();
        for (Graph piece : joined) {
            Stage stage = load(piece, Phase.NEXT, true);
            next.add(stage);
            if (isNeutral(piece)) {
                neutral.put(piece, stage);
            }
        }
        List<Stage> prefix = new ArrayList<>();
        Map<Graph, BlockSession> known = new HashMap<>();
        for (Graph piece : pieces) {
            Stage same = neutral.get(piece);
            prefix.add(same != null ? same : block(piece, known, false));
        }
        return program(graph, pipeline(prefix, true), pipeline(next, false));
    }

    /** Joins pieces into a few of similar size, leaving those alone that do not depend on the phase. */
    private List<Graph> join(Graph graph, List<Graph> pieces) {
        long enough = Math.max(1, products(pieces) / PACKED_PIECES);
        List<Graph> joined = new ArrayList<>();
        List<Graph> open = new ArrayList<>();
        for (Graph piece : pieces) {
            if (isNeutral(piece)) {
                close(graph, open, joined);
                joined.add(piece);
                continue;
            }
            open.add(piece);
            if (products(open) >= enough) {
                close(graph, open, joined);
            }
        }
        close(graph, open, joined);
        return joined;
    }

    private static void close(Graph graph, List<Graph> open, List<Graph> joined) {
        if (!open.isEmpty()) {
            joined.add(GraphCuts.join(graph, open));
            open.clear();
        }
    }

    /** Elements of all matrices. */
    private static long products(List<Graph> pieces) {
        return pieces.stream()
                .flatMap(GraphCompiler::matrices)
                .mapToLong(Weight::elementCount)
                .sum();
    }

    /** Whether a piece computes the same in every phase, with the same weights. */
    private boolean isNeutral(Graph piece) {
        return piece.caches().isEmpty()
                && matrices(piece).allMatch(matrix -> source.contains(MatrixFormat.INT8_BLOCKS.codes(matrix.name())));
    }

    /** The matrices of all products, in order. */
    private static Stream<Weight> matrices(Graph piece) {
        return piece.nodes().stream()
                .flatMap(node -> Stream.ofNullable(node.operation().matrix()));
    }

    /**
     * A session whose matrices stay in memory.
     *
     * @param pack whether they are packed, which goes on after this has returned
     */
    private Stage load(Graph piece, Phase phase, boolean pack) throws OrtException {
        OnnxGraph target = new OnnxGraph(piece.name());
        MappedWeights weights = new MappedWeights(target, source);
        GraphEmitter.emit(piece, target, weights, settings.apply(phase));
        OnnxModel model = model(target, weights);
        OnnxSession session = pack
                ? OnnxSession.createLater(environment, model, threads, true)
                : OnnxSession.create(environment, model, threads, false);
        sessions.add(session);
        return new Stage(session, same(target.inputs()), same(target.outputs()), Map.of(), List.of());
    }

    private OnnxModel model(OnnxGraph target, MappedWeights weights) throws OrtException {
        Path folder = weights.writeExternals();
        return new OnnxModel(target.toModel(), folder, ComputedWeights.of(weights.computed(), source, constants));
    }

    private static Map<String, String> same(List<String> names) {
        return names.stream().collect(Collectors.toMap(Function.identity(), Function.identity()));
    }

    /** A session for all blocks of a kind, and what it takes besides the values of the pipeline. */
    private record BlockSession(OnnxSession session, Map<String, InputWeights.Operand> operands) {}

    /**
     * A stage that takes its matrices as inputs.
     *
     * @param resident whether they stay mapped, or else are read for each run
     */
    private Stage block(Graph piece, Map<Graph, BlockSession> known, boolean resident) throws OrtException {
        CanonicalGraph canonical = CanonicalGraph.of(piece);
        BlockSession shared = known.get(canonical.graph());
        if (shared == null) {
            OnnxGraph target = new OnnxGraph(piece.name());
            MappedWeights mapped = new MappedWeights(target, source);
            InputWeights weights = new InputWeights(target, canonical, mapped);
            GraphEmitter.emit(canonical.graph(), target, weights, settings.apply(Phase.PREFIX));
            OnnxSession session = OnnxSession.create(environment, model(target, mapped), threads, true);
            sessions.add(session);
            shared = new BlockSession(session, weights.operands());
            known.put(canonical.graph(), shared);
        }
        Map<String, OnnxTensor> inMemory = new HashMap<>();
        List<StreamedMatrix> matrices = new ArrayList<>();
        for (Map.Entry<String, InputWeights.Operand> entry : shared.operands().entrySet()) {
            String input = entry.getKey();
            if (entry.getValue() instanceof InputWeights.Operand.Codes codes && !resident) {
                TensorInfo info = codesOf(canonical.original(codes.weight()));
                matrices.add(new StreamedMatrix(input, info.file(), info.offset(), codes.dims()));
            } else {
                inMemory.put(input, constant(entry.getValue(), canonical));
            }
        }
        Map<String, String> inputs = new LinkedHashMap<>(canonical.inputs());
        inputs.keySet().retainAll(shared.session().get().getInputNames());
        Map<String, String> outputs = new LinkedHashMap<>(canonical.outputs());
        canonical.caches().forEach((neutral, original) -> {
            outputs.put(
                    CacheNames.of(neutral).keys().added(),
                    CacheNames.of(original).keys().added());
            outputs.put(
                    CacheNames.of(neutral).values().added(),
                    CacheNames.of(original).values().added());
        });
        return new Stage(shared.session(), inputs, outputs, inMemory, matrices);
    }

    private TensorInfo codesOf(Weight weight) {
        return source.tensor(MatrixFormat.INT8_CHANNELS.codes(weight.name()));
    }

    /** What an input takes that stays in memory. */
    private OnnxTensor constant(InputWeights.Operand operand, CanonicalGraph canonical) throws OrtException {
        if (operand instanceof InputWeights.Operand.Codes codes) {
            TensorInfo info = codesOf(canonical.original(codes.weight()));
            return constants.bytes(source.map(info, 0, info.byteLength()), codes.dims());
        }
        if (operand instanceof InputWeights.Operand.ChannelScales scales) {
            return floats(
                    values.channelScales(canonical.original(scales.weight())),
                    scales.weight().size(0),
                    1);
        }
        InputWeights.Operand.Floats floats = (InputWeights.Operand.Floats) operand;
        long[] sizes =
                floats.weight().shape().stream().mapToLong(Long::longValue).toArray();
        return floats(values.plus(canonical.original(floats.weight()), floats.addend()), sizes);
    }

    private OnnxTensor floats(float[] numbers, long... shape) throws OrtException {
        ByteBuffer buffer = DirectMemory.allocate(numbers.length * Float.BYTES, "weights of " + Arrays.toString(shape));
        buffer.asFloatBuffer().put(numbers);
        return constants.floats(buffer, shape);
    }

    private Pipeline pipeline(List<Stage> stages, boolean givesBack) {
        return new Pipeline(environment, buffers, stages, givesBack);
    }

    private OnnxProgram program(Graph graph, Pipeline prefix, Pipeline next) {
        return new OnnxProgram(graph, environment, buffers, prefix, next, sessions, constants);
    }
}
