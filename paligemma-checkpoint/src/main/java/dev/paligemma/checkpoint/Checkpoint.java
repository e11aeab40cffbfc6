package dev.paligemma.checkpoint;

import dev.paligemma.base.internal.Quote;
import dev.paligemma.checkpoint.config.CheckpointException;
import dev.paligemma.checkpoint.config.PaliGemmaConfig;
import dev.paligemma.checkpoint.internal.TensorNames;
import dev.paligemma.checkpoint.internal.bigvision.BigVisionFile;
import dev.paligemma.checkpoint.internal.bigvision.RearrangedWeight;
import dev.paligemma.checkpoint.internal.bitsandbytes.QuantisedWeights;
import dev.paligemma.checkpoint.internal.converted.ConvertedManifest;
import dev.paligemma.checkpoint.internal.converted.ConvertedTensors;
import dev.paligemma.checkpoint.internal.identity.Recogniser;
import dev.paligemma.checkpoint.internal.mlx.ChannelsLastWeight;
import dev.paligemma.checkpoint.internal.safetensors.ComputedWeight;
import dev.paligemma.checkpoint.internal.safetensors.OutputHead;
import dev.paligemma.checkpoint.internal.safetensors.SafeTensorsFile;
import dev.paligemma.checkpoint.internal.safetensors.SpareTensors;
import dev.paligemma.checkpoint.internal.safetensors.StoredNames;
import dev.paligemma.checkpoint.internal.safetensors.TensorFiles;
import dev.paligemma.checkpoint.internal.safetensors.WantedWeights;
import dev.paligemma.checkpoint.internal.safetensors.WeightFiles;
import dev.paligemma.engine.Precision;
import dev.paligemma.engine.graph.Graph;
import dev.paligemma.engine.graph.Weight;
import dev.paligemma.engine.weights.TensorInfo;
import dev.paligemma.engine.weights.WeightSource;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A checkpoint folder of PaliGemma or PaliGemma 2 as published on the Hugging Face hub: {@code config.json} with
 * {@code model.safetensors}, or with shards and their {@code model.safetensors.index.json}.
 *
 * <p>Opening a folder reads the configuration and the headers of the weight files, and compares the two with the
 * graphs of the network: a checkpoint that opens has every tensor they ask for, in the right shape, as float32, bfloat16 or float16, or quantised by the
 * bitsandbytes library in 8 or 4 bits. The weights stay on disk until they are asked for.
 *
 * <p>Tensors go by canonical names, whatever version of the transformers library wrote the files:
 * {@code vision_tower.embeddings.patch_embedding.weight}, {@code vision_tower.encoder.layers.0.self_attn.q_proj.weight},
 * {@code multi_modal_projector.linear.weight}, {@code language_model.embed_tokens.weight},
 * {@code language_model.layers.0.self_attn.q_proj.weight}, {@code language_model.norm.weight}, and {@code lm_head.weight}
 * for a model whose output head is not tied to the embedding. What compilers, sharded training, PEFT and a trainer's own
 * model put in front of names or between their parts is dropped; a file with an adapter in it that is not merged is refused.
 *
 * <p>Which tensor the output head is follows from what is stored, as in version 5 of transformers, unless
 * {@code config.json} says at its top level that the two are not tied: one that is stored under either name is both, two that
 * are equal are one, and of two that differ each is used. {@link #config} says what was found.
 *
 * <p>Folders of MLX in float32, bfloat16 or float16 are read as well; their patch kernel, which is stored channels last, has
 * a type that starts with {@code NPZ_}.
 *
 * <p>A folder with a {@code ConvertedManifest} is a converted checkpoint: one file {@code model.safetensors} with canonical
 * names, in which a matrix is codes and scales under the names that
 * {@link dev.paligemma.engine.weights.MatrixFormat MatrixFormat} gives, in one format or several, and everything else
 * float32.
 *
 * <p>A checkpoint of big_vision, Google's training code, is one NumPy archive {@code *.npz}, alone or as the only one in a
 * folder without safetensors files ({@code vae-oid.npz} is another network's and does not count). Its arrays must not be
 * compressed, so that they can be read where they lie. They are given under the same names and in the same shapes: a tensor
 * whose numbers lie in another order has a type that starts with {@code NPZ_}, can be read and not mapped. The archive does
 * not describe the model; a {@code config.json} beside it does, and without one the sizes follow from the shapes of the
 * arrays, and everything else is as in the published models.
 *
 * <p>Thread-safe, and immutable but for {@link #close()}. No file is held open between calls, so interrupting a thread
 * fails only the read of that thread. The files must not be changed while they are in use. What cannot be found or read is
 * a {@link CheckpointException}; a range outside of a tensor an {@link IndexOutOfBoundsException}.
 */
public final class Checkpoint implements WeightSource, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Checkpoint.class);

    private static final String CONFIG = "config.json";

    private final Path folder;
    private final WantedWeights wanted;
    private final TensorFiles files;
    private final Map<String, TensorInfo> tensors;
    private final Map<TensorInfo, ComputedWeight> computed;
    private final List<TensorInfo> unusedTensors;
    private final @Nullable ConvertedManifest manifest;
    private volatile boolean closed;

    private Checkpoint(
            Path folder,
            WantedWeights wanted,
            TensorFiles files,
            Map<String, TensorInfo> tensors,
            Map<TensorInfo, ComputedWeight> computed,
            List<TensorInfo> unusedTensors,
            @Nullable ConvertedManifest manifest) {
        this.folder = folder;
        this.wanted = wanted;
        this.files = files;
        this.tensors = Collections.unmodifiableMap(tensors);
        this.computed = Map.copyOf(computed);
        this.unusedTensors = List.copyOf(unusedTensors);
        this.manifest = manifest;
    }

    /**
     * Opens a checkpoint and checks that it has what a network asks for.
     *
     * @param checkpoint the folder, for example a snapshot in the cache of the Hugging Face hub, whose files may be links;
     *     or an archive {@code *.npz} of big_vision
     * @param network records the graphs of a configuration, whose weights are those that the checkpoint must have; it may be
     *     called several times
     * @return the checkpoint
     * @throws CheckpointException if a file is missing, damaged or not supported; if tensors are missing or misshapen,
     *     the message lists all of them (up to 50) with expected and found shapes; if the path holds something else, such as
     *     an adapter or a format that is not read, it says what that is and what to do
     */
    public static Checkpoint open(Path checkpoint, Function<PaliGemmaConfig, List<Graph>> network) {
        Objects.requireNonNull(checkpoint, "checkpoint");
        Objects.requireNonNull(network, "network");
        try {
            return openAny(checkpoint, network);
        } catch (CheckpointException e) {
            throw Recogniser.explain(checkpoint, e);
        }
    }

    private static Checkpoint openAny(Path checkpoint, Function<PaliGemmaConfig, List<Graph>> network) {
        if (BigVisionFile.hasName(checkpoint) && !Files.isDirectory(checkpoint)) {
            Path folder = Objects.requireNonNull(checkpoint.toAbsolutePath().getParent());
            return openArchive(folder, checkpoint, network);
        }
        if (!Files.isDirectory(checkpoint)) {
            throw new CheckpointException(
                    checkpoint + (Files.exists(checkpoint) ? " is not a folder" : " does not exist"));
        }
        if (ConvertedManifest.isIn(checkpoint)) {
            return openConverted(checkpoint, network);
        }
        Path archive = WeightFiles.areIn(checkpoint) ? null : BigVisionFile.in(checkpoint);
        return archive == null ? openOriginal(checkpoint, network) : openArchive(checkpoint, archive, network);
    }

    private static Checkpoint openOriginal(Path folder, Function<PaliGemmaConfig, List<Graph>> network) {
        WantedWeights wanted = WantedWeights.of(network, PaliGemmaConfig.readFolder(folder));
        WeightFiles weights = WeightFiles.read(folder);
        StoredNames names = StoredNames.of(folder, weights.tensors().keySet());
        Map<String, TensorInfo> named =
                names.byCanonicalName(folder, weights.tensors().values());
        TensorFiles files = new TensorFiles(
                folder, weights.files().stream().map(SafeTensorsFile::stored).toList());
        Map<TensorInfo, ComputedWeight> computed = new LinkedHashMap<>();
        computed.putAll(QuantisedWeights.replace(wanted.byName().keySet(), named, files));
        computed.putAll(QuantisedWeights.replace(List.of(TensorNames.HEAD_WEIGHT), named, files));
        computed.putAll(ChannelsLastWeight.replace(wanted, named, weights.files()));
        PaliGemmaConfig config = new OutputHead(folder, files, computed).settle(wanted.config(), named);
        wanted = WantedWeights.of(network, config).withRowsOf(named.get(TensorNames.EMBEDDING));
        return fitted(folder, wanted, files, named, computed, weights.unlisted());
    }

    private static Checkpoint openArchive(Path folder, Path archive, Function<PaliGemmaConfig, List<Graph>> network) {
        boolean described = Files.exists(folder.resolve(CONFIG));
        BigVisionFile file =
                BigVisionFile.read(archive, described ? PaliGemmaConfig.readFolder(folder) : null, network);
        TensorFiles files = new TensorFiles(archive, List.of(file.stored()));
        return fitted(
                folder, file.wanted(), files, new LinkedHashMap<>(file.tensors()), file.rearranged(), file.unused());
    }

    /** A checkpoint whose tensors are those that the network asks for. */
    private static Checkpoint fitted(
            Path folder,
            WantedWeights wanted,
            TensorFiles files,
            Map<String, TensorInfo> named,
            Map<TensorInfo, ComputedWeight> computed,
            List<TensorInfo> unlisted) {
        wanted.refuseNormsOfGemma2(files.folder(), named.keySet());
        wanted.refuseNormsOfGemma2(
                files.folder(),
                unlisted.stream()
                        .map(tensor -> TensorNames.canonical(tensor.name()))
                        .toList());
        List<String> problems = wanted.problems(named);
        if (!problems.isEmpty()) {
            throw new CheckpointException(files.folder() + ": " + problems.size() + " of "
                    + wanted.byName().size() + " tensors do not fit config.json:" + WeightFiles.lines(problems));
        }
        Map<String, TensorInfo> used = new LinkedHashMap<>();
        for (String name : wanted.byName().keySet()) {
            used.put(name, Objects.requireNonNull(named.remove(name)));
        }
        List<TensorInfo> unused = new ArrayList<>(named.values());
        unused.addAll(unlisted);
        // A head that is equal to the embedding is nothing to speak of.
        List<TensorInfo> foreign = unused.stream()
                .filter(tensor -> !tensor.equals(named.get(TensorNames.HEAD_WEIGHT)))
                .toList();
        SpareTensors.of(foreign, used.keySet()).describe(folder).forEach(LOG::warn);
        return new Checkpoint(folder, wanted, files, used, computed, unused, null);
    }

    private static Checkpoint openConverted(Path folder, Function<PaliGemmaConfig, List<Graph>> network) {
        ConvertedManifest manifest = ConvertedManifest.read(folder);
        manifest.checkSmallFiles(folder);
        PaliGemmaConfig config = PaliGemmaConfig.readFolder(folder);
        SafeTensorsFile file = SafeTensorsFile.read(folder.resolve(ConvertedManifest.WEIGHTS));
        WantedWeights wanted = WantedWeights.of(network, config).withRowsOf(ConvertedTensors.embedding(file.tensors()));
        wanted.refuseNormsOfGemma2(folder, file.tensors().keySet());
        ConvertedTensors converted = new ConvertedTensors(wanted, file.tensors());
        if (!converted.problems().isEmpty()) {
            throw new CheckpointException(folder + ": " + converted.problems().size()
                    + " tensors of the converted checkpoint do not fit config.json:"
                    + WeightFiles.lines(converted.problems()));
        }
        SpareTensors.of(converted.unused(), Set.of()).describe(folder).forEach(LOG::warn);
        TensorFiles files = new TensorFiles(folder, List.of(file.stored()));
        return new Checkpoint(folder, wanted, files, converted.used(), Map.of(), converted.unused(), manifest);
    }

    /** Returns the folder: the path given to {@link #open}; of an archive, the folder it lies in. */
    @Override
    public Path folder() {
        return folder;
    }

    /** Returns the configuration, with the size of the vocabulary taken from the embedding tensor. */
    public PaliGemmaConfig config() {
        return wanted.config();
    }

    /** Returns what records the network of a configuration: the function given to {@link #open}. */
    public Function<PaliGemmaConfig, List<Graph>> network() {
        return wanted.network();
    }

    /** Returns the graphs whose weights these are: what {@link #network} makes of {@link #config}, unmodifiable. */
    public List<Graph> graphs() {
        return wanted.graphs();
    }

    /**
     * Returns the weights that the graphs ask for, however they are stored: an unmodifiable map from canonical names,
     * in the order of evaluation.
     */
    public Map<String, Weight> weights() {
        return wanted.byName();
    }

    /**
     * Returns what the weights are stored for: {@link Precision#INT8} or {@link Precision#INT4} for a converted
     * checkpoint, {@link Precision#FLOAT32} for any other, whose weights are read as float32.
     */
    @Override
    public Precision precision() {
        return manifest == null ? Precision.FLOAT32 : manifest.precision();
    }

    /** Tells whether the weights are in a {@code .npz} of big_vision, which has no configuration files of its own. */
    public boolean isBigVision() {
        return computed.values().stream().anyMatch(RearrangedWeight.class::isInstance);
    }

    /** Returns the number of parameters of the model, however they are stored: the elements of all {@link #weights}. */
    public long parameterCount() {
        return weights().values().stream().mapToLong(Weight::elementCount).reduce(0, Math::addExact);
    }

    /**
     * Reads all weights of a converted checkpoint and compares them with the checksums in its manifest. {@link #open}
     * checks all the other files, but leaves this to those who want to wait for it: it takes as long as reading the file
     * does, a few GB/s from memory. An original checkpoint has no checksums, and nothing happens.
     *
     * @throws CheckpointException if the weights have changed, cannot be read, or the thread is interrupted
     */
    public void verify() {
        if (manifest != null) {
            manifest.checkWeights(folder);
        }
    }

    /** Returns the weight files: real paths, symbolic links resolved, in the order of the index. */
    public List<Path> files() {
        return List.copyOf(files.paths());
    }

    /** Returns the tensors of the model: an unmodifiable map from canonical names, in the order of evaluation. */
    public Map<String, TensorInfo> tensors() {
        return tensors;
    }

    /**
     * Returns the tensors in the files that the model has no use for, such as the redundant head of a tied model, or
     * what a shard holds though the index names another shard for it. Well-known buffers of old versions are left out.
     */
    public List<TensorInfo> unusedTensors() {
        return unusedTensors;
    }

    @Override
    public boolean contains(String canonicalName) {
        return tensors.containsKey(Objects.requireNonNull(canonicalName, "canonicalName"));
    }

    @Override
    public TensorInfo tensor(String canonicalName) {
        requireOpen();
        TensorInfo tensor = tensors.get(Objects.requireNonNull(canonicalName, "canonicalName"));
        if (tensor == null) {
            throw new CheckpointException(folder + ": the model has no tensor " + Quote.quote(canonicalName));
        }
        return tensor;
    }

    /**
     * Returns the tensors of the files from which a tensor of the model is computed: the tensor itself, or of a quantised
     * weight the codes, then scales and tables, or of a rearranged one the numbers as they lie. Fails as {@link #tensor}.
     */
    public List<TensorInfo> storedTensors(String canonicalName) {
        TensorInfo tensor = tensor(canonicalName);
        ComputedWeight weight = computed.get(tensor);
        return weight == null ? List.of(tensor) : weight.parts();
    }

    @Override
    public void readFloats(TensorInfo tensor, long firstElement, FloatBuffer destination) {
        if (!tensor.dtype().isFloatWeight()) {
            throw new IllegalArgumentException(tensor + " is not a float tensor");
        }
        Objects.checkFromIndexSize(firstElement, destination.remaining(), tensor.elementCount());
        requireOpen();
        ComputedWeight weight = computed.get(tensor);
        if (weight != null) {
            weight.read(files, firstElement, destination);
        } else {
            files.readFloats(tensor, firstElement, destination);
        }
    }

    @Override
    public ByteBuffer map(TensorInfo tensor, long byteFrom, long byteCount) {
        Objects.checkFromIndexSize(byteFrom, byteCount, tensor.byteLength());
        if (byteCount > Integer.MAX_VALUE) {
            throw new IllegalArgumentException("byteCount must be at most " + Integer.MAX_VALUE + ", got " + byteCount);
        }
        if (tensor.dtype().isQuantised()) {
            throw new IllegalArgumentException(tensor + " is quantised; readFloats gives its numbers");
        }
        if (tensor.dtype().isComputed()) {
            throw new IllegalArgumentException(tensor + " lies in another order; readFloats gives its numbers");
        }
        requireOpen();
        return files.map(tensor, byteFrom, byteCount);
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("the checkpoint " + folder + " is closed");
        }
    }

    /** Makes further reads fail. Buffers handed out by {@link #map} stay valid; closing twice does nothing. */
    @Override
    public void close() {
        closed = true;
    }
}
