package dev.paligemma.checkpoint.adapter;

import dev.paligemma.base.internal.Quote;
import dev.paligemma.checkpoint.Checkpoint;
import dev.paligemma.checkpoint.config.CheckpointException;
import dev.paligemma.checkpoint.internal.identity.Recogniser;
import dev.paligemma.checkpoint.internal.modules.BaseModule;
import dev.paligemma.checkpoint.internal.modules.ModuleKind;
import dev.paligemma.checkpoint.internal.safetensors.SafeTensorsFile;
import dev.paligemma.checkpoint.internal.safetensors.WeightFiles;
import dev.paligemma.engine.weights.TensorInfo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A LoRA adapter for a base model as the PEFT library saves it: a folder with {@code adapter_config.json} and
 * {@code adapter_model.safetensors}; or as mlx-vlm does, with {@code adapters.safetensors}. Immutable and thread-safe; no file is held open, and the files must not be changed
 * while they are in use.
 *
 * <p>Read are plain and rank-stabilised LoRA, DoRA, ranks and alphas by module, trained biases and biases of B, modules
 * that are saved whole, trained rows of the token embedding, embeddings with another number of rows than the base's; on linear maps, the patch convolution, both embeddings, norms
 * and the output head. Modules go by the canonical names of {@link Checkpoint}, whatever version of the transformers
 * library the adapter was trained with.
 *
 * <p>Nothing is ignored silently: a tensor or an option that is not understood is an error, because an adapter of which a
 * part is missing still gives plausible answers. Left out on purpose are the options that matter for training only,
 * unknown options that are a number (others switch them on), buffers and parts of the network that are without a use, and
 * copies of the base model's embedding, which must equal it.
 */
public final class LoraAdapter {
    private static final Logger LOG = LoggerFactory.getLogger(LoraAdapter.class);

    static final int MAX_LISTED = 20;

    private static final String WEIGHT = ".weight";

    private static final String CONFIG = "adapter_config.json";
    private static final String WEIGHTS = "adapter_model.safetensors";
    private static final String PICKLED = "adapter_model.bin";

    private final Path folder;
    private final Checkpoint base;
    private final Map<String, BaseModule> baseModules;
    private final AdapterFile file;
    private final AdapterConfig config;
    private final Map<String, ModuleTensors> modules = new LinkedHashMap<>();
    private final Set<String> unknown = new LinkedHashSet<>();

    private LoraAdapter(Path folder, Checkpoint base, AdapterFile file, AdapterConfig config) {
        this.folder = folder;
        this.base = base;
        this.baseModules = BaseModule.of(base.graphs());
        this.file = file;
        this.config = config;
    }

    /**
     * Opens a folder: reads the configuration and the names and shapes of the tensors, and checks that they agree and fit
     * the base model.
     *
     * @param folder the folder; its files may be links
     * @param base the base model, original or converted; it stays open while the adapter is used
     * @return the adapter
     * @throws AdapterException if a file is missing or damaged; if the adapter is of another kind than LoRA, was trained
     *     against a changed base model, or uses an option that is not supported; if a tensor is not understood, or lacks its
     *     partner, or contradicts the configuration; if the base has not all the modules, or not in fitting shapes. The
     *     message lists all such tensors, up to 20
     */
    public static LoraAdapter open(Path folder, Checkpoint base) {
        Objects.requireNonNull(folder, "folder");
        Objects.requireNonNull(base, "base");
        if (!Files.exists(folder.resolve(CONFIG))) {
            if (Files.isDirectory(folder)) {
                refuseParent(folder);
            }
            throw new AdapterException(Recogniser.notAnAdapter(folder));
        }
        try {
            Path configFile = folder.resolve(CONFIG);
            AdapterConfig config = AdapterConfig.read(configFile);
            Path weights = weights(folder, config);
            if (!Files.exists(weights) && Files.exists(folder.resolve(PICKLED))) {
                throw new AdapterException(
                        folder + " holds " + PICKLED + " only; pickled weights are not read, save the"
                                + " adapter again with save_pretrained(..., safe_serialization=True)");
            }
            SafeTensorsFile stored = SafeTensorsFile.read(weights);
            AdapterFile file = config.mlx() ? MlxAdapter.file(stored) : new AdapterFile(stored);
            LoraAdapter adapter = new LoraAdapter(folder, base, file, config);
            adapter.collect(weights);
            adapter.checkFit();
            return adapter;
        } catch (CheckpointException e) {
            throw AdapterException.of(e);
        }
    }

    private static Path weights(Path folder, AdapterConfig config) {
        Path usual = folder.resolve(WEIGHTS);
        if (!config.mlx() || Files.exists(usual)) {
            return usual;
        }
        return MlxAdapter.WEIGHTS.stream()
                .map(folder::resolve)
                .filter(Files::exists)
                .findFirst()
                .orElse(folder.resolve(MlxAdapter.WEIGHTS.get(0)));
    }

    /** Trainers save adapters in subfolders by step, PEFT all but the first of a model by their names. */
    private static void refuseParent(Path folder) {
        List<String> inside;
        try (Stream<Path> all = Files.list(folder)) {
            inside = all.filter(each -> Files.exists(each.resolve(CONFIG)))
                    .map(each -> String.valueOf(each.getFileName()))
                    .sorted()
                    .limit(MAX_LISTED)
                    .toList();
        } catch (IOException e) {
            throw new AdapterException("cannot read the folder " + folder, e);
        }
        if (!inside.isEmpty()) {
            throw new AdapterException(folder + " holds no " + CONFIG + ", but folders that hold an adapter each: "
                    + String.join(", ", inside) + "; name one of them");
        }
    }

    private void collect(Path weights) {
        Map<String, ModuleTensors.Builder> builders = new LinkedHashMap<>();
        List<String> strangers = new ArrayList<>();
        List<String> problems = new ArrayList<>();
        Map<String, ModuleKind> kinds = new HashMap<>();
        baseModules.forEach((name, module) -> kinds.put(BaseModule.form(name), module.kind()));
        for (TensorInfo tensor : file.tensors().values()) {
            AdapterKey key = AdapterKey.parse(tensor.name(), kinds);
            BaseModule module = key == null ? null : baseModules.get(key.module());
            if (key == null) {
                if (!AdapterKey.isIgnored(tensor.name())) {
                    strangers.add(Quote.quote(tensor.name()));
                }
            } else if (!tensor.dtype().isFloatWeight()) {
                problems.add(Quote.quote(tensor.name()) + ": expected F32, BF16 or F16, got " + tensor.dtype());
            } else if (module == null) {
                unknown.add(key.module());
            } else {
                TensorInfo other = builders.computeIfAbsent(
                                key.module(), name -> new ModuleTensors.Builder(module, key.path()))
                        .add(key, tensor);
                if (other != null) {
                    problems.add(Quote.quote(other.name()) + " and " + Quote.quote(tensor.name())
                            + " are two names of one tensor");
                }
            }
        }
        if (!strangers.isEmpty()) {
            throw new AdapterException(weights + " holds " + strangers.size() + " tensors that are not understood:"
                    + WeightFiles.lines(strangers, MAX_LISTED));
        }
        builders.forEach((name, builder) -> modules.put(name, builder.build(config, problems)));
        if (!problems.isEmpty()) {
            throw new AdapterException(
                    weights + ": " + problems.size() + " problems:" + WeightFiles.lines(problems, MAX_LISTED));
        }
        if (modules.isEmpty() && unknown.isEmpty()) {
            throw new AdapterException(weights + " holds no tensors of an adapter");
        }
    }

    private void checkFit() {
        List<String> problems = new ArrayList<>();
        unknown.forEach(name -> problems.add(name + ": the base model has no such module"));
        VocabularyRows vocabulary = vocabularyRows();
        if (vocabulary.rows() < 1 || vocabulary.rows() > VocabularyRows.MAX_ROWS) {
            problems.add("the embedding has " + vocabulary.rows() + " rows, expected 1 to " + VocabularyRows.MAX_ROWS);
        }
        vocabulary.modules().values().forEach(module -> BaseFit.check(module, vocabulary.rows(), problems));
        if (!problems.isEmpty()) {
            String trained =
                    config.baseName() == null ? "" : " (it was trained on " + Quote.quote(config.baseName()) + ")";
            throw new AdapterException("the adapter " + folder + trained + " does not fit " + base.folder() + ", "
                    + problems.size() + " problems:" + WeightFiles.lines(problems, MAX_LISTED));
        }
        List<String> missing = missing();
        if (!missing.isEmpty()) {
            LOG.warn(
                    "{} has no tensors for {} modules that its target_modules name, among them {}; they stay as they are",
                    folder,
                    missing.size(),
                    missing.get(0));
        }
    }

    /** Returns the folder: the path given to {@link #open}. */
    public Path folder() {
        return folder;
    }

    /**
     * Returns the modules that the adapter has tensors for: an unmodifiable set of canonical names such as {@code
     * language_model.layers.0.self_attn.q_proj} or {@code multi_modal_projector.linear}, in the order of the file.
     */
    public Set<String> modules() {
        return Collections.unmodifiableSet(modules.keySet());
    }

    /**
     * Works out the changes to the base model. Reads the tensors of the adapter; for DoRA and for modules that are saved
     * whole also the weights of these modules in the base, in blocks of rows. Of a converted base, the codes times their
     * scales are taken; where a matrix is stored in two formats, those of 8 bits.
     *
     * <p>In a base whose head is tied to the token embedding, a change of the embedding leaves the head as it is and the
     * other way round, as in PEFT; except that trained rows of the embedding change both, as does a table that was saved
     * because the embedding was resized ({@code save_embedding_layers}), and that {@code ensure_weight_tying} asks for both.
     *
     * <p>They are changes to the rows that the base has, of an adapter with more rows too: see {@link #vocabulary}.
     *
     * @return the changes by module, unmodifiable; modules that the adapter leaves as they are do not appear, and
     *     {@code lm_head} may appear although the adapter has no tensor for it
     * @throws AdapterException if a number of the adapter is not finite; if a change cannot be expressed, as that of a norm
     *     which multiplies by 0, or is too large for a tensor of 2 GiB, as a saved embedding of a large model can be: merge
     *     such an adapter with {@link AdapterMerger}; if a copy of the embedding differs from the base's; if a file cannot
     *     be read
     * @throws CheckpointException if the base cannot be read
     */
    public Map<String, ModuleChange> changes() {
        Map<String, ModuleChange> changes = new LinkedHashMap<>();
        ChangeReader reader = new ChangeReader(new ModuleReader(file, base, vocabularyRows()), base);
        for (ModuleTensors module : fitted().values()) {
            ModuleChange change = reader.read(module);
            if (change != null) {
                changes.put(module.name(), change);
            }
        }
        return Collections.unmodifiableMap(changes);
    }

    /**
     * Reads what is stored for each module, for training to go on with.
     *
     * @return by module, in the order of the file; unmodifiable
     * @throws AdapterException if a number is not finite, or a file cannot be read
     */
    public Map<String, StoredModule> stored() {
        ModuleReader reader = new ModuleReader(file, base, vocabularyRows());
        Map<String, StoredModule> stored = new LinkedHashMap<>();
        modules.forEach((name, module) -> stored.put(name, reader.stored(module)));
        return Collections.unmodifiableMap(stored);
    }

    /** Whether the factors of the adapter's products are divided by the square root of their rank (rsLoRA). */
    public boolean rankStabilised() {
        return config.rankStabilised();
    }

    /** The modules as the base has them: with the head if it changes together with the embedding. */
    Map<String, ModuleTensors> fitted() {
        Map<String, ModuleTensors> fitted = new LinkedHashMap<>(modules);
        BaseModule table = baseModules.get(BaseModule.TABLE);
        BaseModule head = baseModules.get(BaseModule.HEAD);
        if (table == null || head == null || !head.weight().equals(table.weight())) {
            return fitted;
        }
        ModuleTensors changed = modules.get(table.name());
        ModuleTensors changedHead = modules.get(head.name());
        if (changed != null && changedHead == null) {
            if (config.tied() || changed.has(Role.TOKENS) || isLoadedIntoBase(changed)) {
                fitted.put(head.name(), changed.forOther(head));
            }
        } else if (changed == null && changedHead != null && isLoadedIntoBase(changedHead)) {
            fitted.put(table.name(), changedHead.forOther(table));
        }
        return fitted;
    }

    /** Whether PEFT reads a saved table into the base itself, as {@code save_embedding_layers} makes it, tied or not. */
    private boolean isLoadedIntoBase(ModuleTensors module) {
        return module.has(Role.WEIGHT) && !config.isSaved(module.name());
    }

    /** The rows of token embedding and head, with where they come from. */
    VocabularyRows vocabularyRows() {
        Map<String, ModuleTensors> fitted = fitted();
        return new VocabularyRows(file, base, fitted, VocabularyRows.of(fitted, baseRows()));
    }

    private long baseRows() {
        return base.config().text().sizes().vocabSize();
    }

    /**
     * Returns how many rows token embedding and output head have with the adapter: those of the base, unless it was trained
     * on a base whose embedding was resized.
     */
    public int rows() {
        return Math.toIntExact(VocabularyRows.of(modules, baseRows()));
    }

    /**
     * Works out the rows of token embedding and output head that the base does not have.
     *
     * @return the vocabulary of an adapter for a base of another size; empty if the adapter has as many rows as the base
     * @throws AdapterException if a number of the adapter is not finite, the rows are too large for a tensor of 2 GiB, or one
     *     of them would need a bias; or as {@link #changes} says
     */
    public Optional<ResizedVocabulary> vocabulary() {
        VocabularyRows vocabulary = vocabularyRows();
        if (vocabulary.rows() == vocabulary.baseRows()) {
            return Optional.empty();
        }
        ChangeReader reader = new ChangeReader(new ModuleReader(file, base, vocabulary), base);
        return Optional.of(new ResizedVocabulary(
                Math.toIntExact(vocabulary.rows()),
                reader.moreRows(module(vocabulary, BaseModule.TABLE)),
                reader.moreRows(module(vocabulary, BaseModule.HEAD))));
    }

    private ModuleTensors module(VocabularyRows vocabulary, String name) {
        ModuleTensors changed = vocabulary.modules().get(name);
        return changed != null
                ? changed
                : new ModuleTensors(Objects.requireNonNull(baseModules.get(name), name), Map.of(), 1, null);
    }

    /** The modules of the base that the configuration names and the adapter has no tensors for, as after a loss. */
    List<String> missing() {
        return base.weights().values().stream()
                .filter(weight ->
                        weight.name().endsWith(WEIGHT) && weight.storedShape().size() == 2)
                .map(BaseModule::nameOf)
                .filter(module -> config.isTarget(module) && !modules.containsKey(module))
                .toList();
    }

    Checkpoint base() {
        return base;
    }

    AdapterFile file() {
        return file;
    }

    /** Returns the folder and the number of modules. */
    @Override
    public String toString() {
        return "LoRA adapter " + folder + " for " + modules.size() + " modules";
    }
}
