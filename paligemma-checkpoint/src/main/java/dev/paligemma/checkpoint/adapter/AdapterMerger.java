package dev.paligemma.checkpoint.adapter;

import dev.paligemma.base.internal.FailureReason;
import dev.paligemma.base.internal.FileTrees;
import dev.paligemma.base.internal.Json;
import dev.paligemma.base.internal.JsonObject;
import dev.paligemma.base.internal.TemporaryFolder;
import dev.paligemma.checkpoint.Checkpoint;
import dev.paligemma.checkpoint.config.CheckpointException;
import dev.paligemma.checkpoint.internal.modules.BaseModule;
import dev.paligemma.checkpoint.internal.safetensors.OutputHead;
import dev.paligemma.checkpoint.internal.safetensors.SafeTensorsFile;
import dev.paligemma.checkpoint.internal.safetensors.WeightFiles;
import dev.paligemma.engine.Precision;
import dev.paligemma.engine.weights.TensorInfo;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.ClosedByInterruptException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Writes a checkpoint into whose weights an adapter is merged, a folder like that of the base model which needs no adapter.
 *
 * <p>Weights are summed in float32 and rounded to the type that the base stores them in. Files, names and order of the
 * tensors are those of the base, and so are all other files; weights are worked on in blocks of some MB, so that only the
 * adapter's tensors for one module are held in memory.
 *
 * <p>Where the base uses its token embedding as the output head too, and the adapter changes one of the two, the merged
 * checkpoint has a head of its own ({@code "tie_word_embeddings": false}): it then computes what base and adapter compute,
 * unlike what PEFT merges, which changes both. Trained rows of the embedding change both alike, which stay tied.
 *
 * <p>The folder appears whole or not at all: it is written under another name beside its place and then renamed.
 */
public final class AdapterMerger {
    private static final String CONFIG = "config.json";
    private static final String HEAD = BaseModule.HEAD + ".weight";
    private static final String TABLE = BaseModule.TABLE + ".weight";
    private static final String VOCABULARY_SIZE = "vocab_size";

    /** What versions of transformers wrote beside that of {@code text_config}. */
    private static final Set<String> OLD_VOCABULARY_SIZES = Set.of(VOCABULARY_SIZE, "_vocab_size");

    private static final long MAX_INDEX_BYTES = 8 << 20;

    private final Checkpoint base;
    private final MergedWeights weights;
    private final MergedNames tensorNames;
    private final Map<String, Path> others;
    private final Path target;

    private AdapterMerger(LoraAdapter adapter, Path target) throws IOException {
        this.base = adapter.base();
        this.weights = new MergedWeights(adapter);
        this.tensorNames = new MergedNames(base);
        this.others = SideFiles.of(base.folder(), adapter.folder());
        this.target = target;
    }

    /**
     * Merges an adapter into its base, an original checkpoint; not a converted one, whose weights are rounded already.
     *
     * @param adapter the adapter, whose base is open
     * @param outputFolder where the merged checkpoint will be: nothing yet, or an empty folder; parents are made
     * @throws AdapterException if the base is converted, quantised, or an archive of big_vision; if the adapter does not fit it, or does what a checkpoint has no
     *     place for (a bias on a layer without one); if a merged weight is not finite in the type of the base; if something
     *     is in the place of the folder, or it cannot be written; if the thread is interrupted, which keeps its interrupted
     *     status
     * @throws CheckpointException if the base cannot be read
     */
    public static void merge(LoraAdapter adapter, Path outputFolder) {
        Checkpoint base = adapter.base();
        Path target = outputFolder.toAbsolutePath().normalize();
        if (target.getFileName() == null) {
            throw new IllegalArgumentException(outputFolder + " cannot be the folder of a checkpoint");
        }
        if (base.precision() != Precision.FLOAT32) {
            throw new AdapterException(base.folder() + " holds weights for " + base.precision()
                    + "; an adapter is merged into the original checkpoint");
        }
        if (base.isBigVision()) {
            throw new AdapterException(
                    base.files() + " is a checkpoint of big_vision, of which no merged one is written;"
                            + " an adapter is merged into a checkpoint in Hugging Face format");
        }
        base.tensors().values().stream()
                .filter(tensor -> tensor.dtype().isQuantised())
                .findFirst()
                .ifPresent(tensor -> {
                    throw new AdapterException(base.folder() + " holds quantised weights, among them " + tensor
                            + "; an adapter is merged into weights as they were before");
                });
        try {
            new AdapterMerger(adapter, target).merge();
        } catch (ClosedByInterruptException e) {
            throw new AdapterException("interrupted while merging into " + base.folder(), e);
        } catch (IOException e) {
            throw new AdapterException(
                    "cannot write the merged checkpoint " + target + ": " + FailureReason.of(e, target), e);
        }
    }

    private void merge() throws IOException {
        if (Files.exists(target, LinkOption.NOFOLLOW_LINKS) && !FileTrees.isEmptyFolder(target)) {
            throw new AdapterException(target + " exists already, expected nothing or an empty folder there");
        }
        Path parent = Objects.requireNonNull(target.getParent(), "parent");
        Files.createDirectories(parent);
        Map<String, MergedFile> files = files();
        long bytes = bytes(others.values());
        for (MergedFile file : files.values()) {
            bytes = Math.addExact(bytes, file.dataBytes());
        }
        long free = Files.getFileStore(parent).getUsableSpace();
        if (free < bytes) {
            throw new AdapterException(
                    "not enough room for " + target + ": " + bytes + " bytes are needed, " + free + " bytes are free");
        }
        try (TemporaryFolder temporary = TemporaryFolder.beside(target)) {
            for (Map.Entry<String, MergedFile> file : files.entrySet()) {
                file.getValue().write(temporary.path().resolve(file.getKey()));
            }
            copyOtherFiles(temporary.path(), files);
            temporary.moveTo(target);
        }
    }

    /** The files of weights by their names in the folder. */
    private Map<String, MergedFile> files() throws IOException {
        Map<Path, String> names = fileNames();
        Map<String, MergedFile> files = new LinkedHashMap<>();
        boolean headStored = false;
        for (Path path : base.files()) {
            SafeTensorsFile original = SafeTensorsFile.read(path);
            MergedFile merged = new MergedFile(tensorNames.metadata(original));
            List<TensorInfo> tensors = new ArrayList<>(original.tensors().values());
            tensors.sort(Comparator.comparingLong(TensorInfo::offset));
            for (TensorInfo tensor : tensors) {
                String canonical = merged(tensor);
                MergedWeights.Source source =
                        canonical == null ? null : weights.sources().get(canonical);
                if (canonical == null && base.contains(tensorNames.canonical(tensor))) {
                    // A copy of a tensor that the index names another shard for.
                    continue;
                }
                TensorInfo weight = canonical == null ? null : base.tensors().get(canonical);
                String name = tensorNames.of(tensor, canonical);
                if (source != null) {
                    merged.add(name, tensor.dtype(), shape(canonical, weight == null ? tensor : weight), source);
                    headStored |= Objects.equals(canonical, HEAD);
                } else if (weight != null && weight.dtype().isComputed()) {
                    merged.add(name, tensor.dtype(), weight.shape(), numbersOf(weight));
                } else {
                    merged.copy(name, tensor);
                }
            }
            files.put(Objects.requireNonNull(names.get(path), path::toString), merged);
        }
        if (weights.untied() && !headStored) {
            TensorInfo table = base.tensor(TABLE);
            Objects.requireNonNull(files.get(names.get(table.file())))
                    .add(
                            tensorNames.head(),
                            table.dtype(),
                            shape(HEAD, table),
                            Objects.requireNonNull(weights.sources().get(HEAD)));
        }
        return files;
    }

    /** The shape that a weight of the base has after the merge. */
    private long[] shape(@Nullable String name, TensorInfo tensor) {
        long[] shape = tensor.shape();
        if (TABLE.equals(name) || HEAD.equals(name)) {
            shape[0] = weights.rows();
        }
        return shape;
    }

    private MergedWeights.Source numbersOf(TensorInfo weight) {
        return sink -> MergedWeights.copy(base, weight, sink);
    }

    /** The canonical name of what a stored tensor is for the merged model, or null if it is of no use. */
    private @Nullable String merged(TensorInfo tensor) {
        String used = tensorNames.use(tensor);
        // The head of a tied model is stored in some checkpoints, without a use.
        boolean spareHead = used == null
                && tensorNames.canonical(tensor).equals(HEAD)
                && base.unusedTensors().contains(tensor);
        return spareHead ? HEAD : used;
    }

    /** Real paths are those of another folder where the files are links, as in the hub's cache. */
    private Map<Path, String> fileNames() throws IOException {
        Map<Path, String> names = new HashMap<>();
        Path single = base.folder().resolve(WeightFiles.SINGLE);
        if (Files.exists(single)) {
            names.put(single.toRealPath(), WeightFiles.SINGLE);
            return names;
        }
        JsonObject index =
                Json.readObject(base.folder().resolve(WeightFiles.INDEX), MAX_INDEX_BYTES, CheckpointException::new);
        JsonObject map = index.objectOrNull("weight_map");
        for (Object value : map == null ? List.of() : map.members().values()) {
            String name = String.valueOf(value);
            names.put(base.folder().resolve(name).toRealPath(), name);
        }
        return names;
    }

    /** What the files beside the weights take, most of which are copied as they are. */
    private static long bytes(Collection<Path> files) throws IOException {
        long bytes = 0;
        for (Path file : files) {
            bytes = Math.addExact(bytes, Files.size(file));
        }
        return bytes;
    }

    private void copyOtherFiles(Path folder, Map<String, MergedFile> written) throws IOException {
        for (Map.Entry<String, Path> other : others.entrySet()) {
            Path file = other.getValue();
            Path copy = folder.resolve(other.getKey());
            switch (other.getKey()) {
                case CONFIG -> writeConfig(file, copy);
                case WeightFiles.INDEX -> writeIndex(file, copy, written);
                default -> copyFile(file, copy);
            }
            FileTrees.forceFile(copy);
        }
    }

    /** The configuration says what the merged weights are: whether the head is the embedding, and how many rows both have. */
    private void writeConfig(Path file, Path copy) throws IOException {
        boolean tied = base.config().text().tieWordEmbeddings() && !weights.untied();
        String changed = OutputHead.configSaying(tied, file);
        if (weights.isResized()) {
            JsonObject config = changed == null
                    ? Json.readObject(file, MAX_INDEX_BYTES, CheckpointException::new)
                    : Json.readObject(
                            file.toString(), changed.getBytes(StandardCharsets.UTF_8), CheckpointException::new);
            changed = Json.text(resized(config), true) + "\n";
        }
        if (changed == null) {
            copyFile(file, copy);
        } else {
            Files.writeString(copy, changed, StandardOpenOption.CREATE_NEW);
        }
    }

    private Map<String, @Nullable Object> resized(JsonObject config) {
        Map<String, @Nullable Object> members = new LinkedHashMap<>(config.members());
        JsonObject text = config.objectOrNull("text_config");
        if (text != null) {
            Map<String, @Nullable Object> textMembers = new LinkedHashMap<>(text.members());
            textMembers.put(VOCABULARY_SIZE, weights.rows());
            members.put("text_config", textMembers);
        }
        members.replaceAll((name, value) -> OLD_VOCABULARY_SIZES.contains(name) ? (Object) weights.rows() : value);
        return members;
    }

    /** Not with the permissions of the original, which may not allow writing. */
    private static void copyFile(Path file, Path copy) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            Files.copy(in, copy);
        }
    }

    /** The index with the names in the new files. A single file wins over an index, which then only gets copied. */
    private void writeIndex(Path file, Path copy, Map<String, MergedFile> written) throws IOException {
        JsonObject index = Json.readObject(file, MAX_INDEX_BYTES, CheckpointException::new);
        if (written.containsKey(WeightFiles.SINGLE) || index.objectOrNull("weight_map") == null) {
            copyFile(file, copy);
            return;
        }
        Map<String, @Nullable Object> weightMap = new LinkedHashMap<>();
        written.forEach((name, merged) -> merged.names().forEach(tensor -> weightMap.put(tensor, name)));
        Map<String, @Nullable Object> members = new LinkedHashMap<>(index.members());
        members.put("weight_map", weightMap);
        JsonObject metadata = index.objectOrNull("metadata");
        if (metadata != null && metadata.has("total_size")) {
            Map<String, @Nullable Object> changed = new LinkedHashMap<>(metadata.members());
            changed.put(
                    "total_size",
                    written.values().stream().mapToLong(MergedFile::dataBytes).sum());
            members.put("metadata", changed);
        }
        Files.writeString(copy, Json.text(members, true) + "\n", StandardOpenOption.CREATE_NEW);
    }
}
