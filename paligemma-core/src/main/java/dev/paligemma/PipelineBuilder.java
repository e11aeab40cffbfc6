package dev.paligemma;

import dev.paligemma.catalog.MemoryEstimate;
import dev.paligemma.checkpoint.adapter.AdapterException;
import dev.paligemma.checkpoint.config.CheckpointException;
import dev.paligemma.checkpoint.config.PaliGemmaConfig;
import dev.paligemma.checkpoint.convert.ConversionException;
import dev.paligemma.checkpoint.convert.ConversionListener;
import dev.paligemma.engine.Device;
import dev.paligemma.engine.EngineException;
import dev.paligemma.engine.EngineOptions;
import dev.paligemma.engine.Precision;
import dev.paligemma.engine.spi.Engine;
import dev.paligemma.engine.spi.EngineChoice;
import dev.paligemma.generation.RequestListener;
import dev.paligemma.generation.TooManyRequestsException;
import dev.paligemma.generation.internal.RequestListeners;
import dev.paligemma.generation.internal.Slots;
import dev.paligemma.generation.internal.TextGenerator;
import dev.paligemma.generation.internal.Tokenizers;
import dev.paligemma.hub.DownloadListener;
import dev.paligemma.hub.HubClient;
import dev.paligemma.hub.HubException;
import dev.paligemma.internal.AdapterTokenizers;
import dev.paligemma.internal.LoadedModel;
import dev.paligemma.internal.ModelFiles;
import dev.paligemma.internal.ModelLoader;
import dev.paligemma.network.DecoderOptions;
import dev.paligemma.network.Networks;
import dev.paligemma.tokenizer.TokenizerException;
import dev.paligemma.vision.format.ImageException;
import dev.paligemma.vision.mask.MaskException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Collects the options of a {@link PaliGemmaPipeline}, which {@link PaliGemmaPipeline#builder} begins. Confined to one thread.
 */
public final class PipelineBuilder {
    /** The engine that is used unless another is chosen: {@value}, the choice of {@link EngineChoice}. */
    public static final String DEFAULT_ENGINE = EngineChoice.AUTO;

    /**
     * The system property with the name of the engine to use where the program does not choose one: {@value}. Set to
     * anything but {@value #DEFAULT_ENGINE} or an engine on the class path, it makes loading fail.
     */
    public static final String ENGINE_PROPERTY = EngineChoice.PROPERTY;

    /** The file of the mask decoder's weights in a checkpoint's folder: {@value}. */
    public static final String MASK_WEIGHTS = ModelFiles.MASK_WEIGHTS;

    private static final Logger LOG = LoggerFactory.getLogger(PaliGemmaPipeline.class);

    private final ModelLoader loader = new ModelLoader(PaliGemmaPipeline.class);
    private int maxConcurrentRequests = Runtime.getRuntime().availableProcessors();
    private int maxWaiting = Integer.MAX_VALUE;
    private final List<RequestListener> requestListeners = new ArrayList<>();
    private DecoderOptions decoderOptions = DecoderOptions.defaults();

    PipelineBuilder() {}

    /**
     * Chooses a checkpoint on this machine, a folder in Hugging Face format, or a checkpoint of big_vision: a file
     * {@code *.npz}, or its folder. This or {@link #model} is required.
     */
    public PipelineBuilder checkpoint(Path folder) {
        loader.sources().folder(folder);
        return this;
    }

    /**
     * Chooses a checkpoint on the Hugging Face hub. {@link #build} downloads what is not in the cache.
     *
     * @param name {@code owner/name}, such as {@code google/paligemma2-3b-mix-224}, or {@code owner/name@revision}
     * @throws IllegalArgumentException if it is not such a name
     */
    public PipelineBuilder model(String name) {
        loader.sources().model(name);
        return this;
    }

    /**
     * Chooses which version of the {@linkplain #model model} to use: a branch such as {@code bfloat16}, a tag, or a
     * commit of 40 hexadecimal digits, which never changes; {@code main} by default, unless its name says it. Another
     * one than its name says is refused by {@link #build}.
     *
     * @throws IllegalArgumentException if it cannot be a revision
     */
    public PipelineBuilder revision(String revision) {
        loader.sources().revision(revision);
        return this;
    }

    /**
     * Chooses the client that downloads models; by default one with the settings of the environment, see {@link
     * HubClient}.
     */
    public PipelineBuilder hub(HubClient client) {
        loader.sources().hub(client);
        return this;
    }

    /** Listens to downloads, if there are any; an exception of the listener ends {@link #build}. */
    public PipelineBuilder onDownload(DownloadListener listener) {
        loader.sources().onDownload(listener);
        return this;
    }

    /**
     * Chooses the engine by the name of one on the class path. Without a choice the system property {@value
     * #ENGINE_PROPERTY} does, and where that is not set either, {@value #DEFAULT_ENGINE}: {@code pytorch} for a GPU and
     * for {@link Precision#BFLOAT16}, {@code onnx} for everything else. {@link ModelInfo#engine} says which one it was.
     *
     * @throws EngineException if there is none of that name; the message has the dependency to add
     */
    public PipelineBuilder engine(String name) {
        loader.engine(name);
        return this;
    }

    /** Chooses where to compute, a device that the engine supports; the CPU by default. */
    public PipelineBuilder device(Device newDevice) {
        loader.device(newDevice);
        return this;
    }

    /**
     * Chooses how weights are stored and computed with, a precision that the engine supports; by default {@link
     * Precision#FLOAT32} for a checkpoint as published, and for a converted one the precision it was converted for,
     * which is the only one it can run in.
     *
     * <p>{@link Precision#INT8} and {@link Precision#INT4} need converted weights. The first load of a checkpoint as
     * published converts them into the {@linkplain #cacheDirectory cache}; later loads use those.
     */
    public PipelineBuilder precision(Precision newPrecision) {
        loader.precision(newPrecision);
        return this;
    }

    /**
     * Limits the threads of one operation, from 1 to {@value EngineOptions#MAX_THREADS}; by default all cores are used.
     *
     * @throws IllegalArgumentException if the number is out of range
     */
    public PipelineBuilder threads(int newThreads) {
        loader.threads(newThreads);
        return this;
    }

    /**
     * Limits the requests that run at the same time, at least 1, and so the memory of their key/value caches; as many
     * as there are cores by default. Further requests wait, first come first served, up to {@link #maxWaiting}.
     *
     * @throws IllegalArgumentException if the number is below 1
     */
    public PipelineBuilder maxConcurrentRequests(int limit) {
        if (limit < 1) {
            throw new IllegalArgumentException("maxConcurrentRequests must be at least 1, got " + limit);
        }
        this.maxConcurrentRequests = limit;
        return this;
    }

    /**
     * Limits the requests that wait while {@link #maxConcurrentRequests} run: with so many waiting, a further one is refused at once by a
     * {@link TooManyRequestsException}. At least 0, which lets none wait; by default there is no limit. A batch waits as one request, a
     * stream from its first piece on.
     *
     * @throws IllegalArgumentException if the number is below 0
     */
    public PipelineBuilder maxWaiting(int limit) {
        if (limit < 0) {
            throw new IllegalArgumentException("maxWaiting must be at least 0, got " + limit);
        }
        this.maxWaiting = limit;
        return this;
    }

    /**
     * Listens to the requests of the pipeline and its views; may be called several times, listeners are told in this order. {@link
     * RequestListener} says when, and in which threads.
     */
    public PipelineBuilder onRequest(RequestListener listener) {
        requestListeners.add(Objects.requireNonNull(listener, "listener"));
        return this;
    }

    /** Chooses which implementation to follow where the references differ, transformers by default. */
    public PipelineBuilder decoderOptions(DecoderOptions options) {
        this.decoderOptions = Objects.requireNonNull(options, "options");
        return this;
    }

    /**
     * Chooses where converted weights are kept, {@code CacheFolder.ofThisProcess} by default. The folder is made when
     * needed. Several processes may share it. It may be deleted whenever no program uses it.
     */
    public PipelineBuilder cacheDirectory(Path folder) {
        loader.cacheDirectory(folder);
        return this;
    }

    /**
     * Chooses the weights of the mask decoder, the file {@value #MASK_WEIGHTS} of big_vision; by default the one of
     * that name in the checkpoint's folder, if there is one.
     */
    public PipelineBuilder maskWeights(Path file) {
        loader.maskWeights(file);
        return this;
    }

    /**
     * Loads an adapter with the model, as trained and saved with PEFT; may be called several times. The weights of the
     * model stay as they are: each request chooses its adapter, or none, with
     * {@link dev.paligemma.generation.GenerationRequest.Builder#adapter} or {@link PaliGemmaPipeline#withAdapter}.
     *
     * <p>A folder with a tokenizer, as one that was fine-tuned with tokens of its own, has its prompts and answers in that
     * tokenizer's tokens; see {@link PaliGemmaPipeline#withAdapter}.
     *
     * <p>Works in every precision. Modules that an adapter changes cost a little more time in requests without it, too.
     *
     * @param name what requests call it
     * @param folder a folder with {@code adapter_config.json} and {@code adapter_model.safetensors}
     * @throws IllegalArgumentException if the name is blank or was given before
     */
    public PipelineBuilder adapter(String name, Path folder) {
        loader.sources().adapter(name, folder);
        return this;
    }

    /**
     * As {@link #adapter(String, Path)}, of a model {@code owner/name} or {@code owner/name@revision} of the Hugging
     * Face hub.
     *
     * @throws IllegalArgumentException if the name is blank or was given before, or the other one is not a hub name
     */
    public PipelineBuilder adapter(String name, String hubName) {
        loader.sources().adapter(name, hubName);
        return this;
    }

    /**
     * Listens to the conversion of weights, if one is needed. It takes from seconds to minutes, once. An exception of
     * the listener ends {@link #build}.
     */
    public PipelineBuilder onConversion(ConversionListener listener) {
        loader.onConversion(listener);
        return this;
    }

    /**
     * Loads the model. Where {@link MemoryEstimate} says that it needs more memory than is free, that is a warning in the
     * log and loading goes on.
     *
     * @return the pipeline, to be closed by the caller
     * @throws IllegalStateException if no checkpoint was chosen, or a folder and a model of the hub
     * @throws HubException if a model of the hub cannot be had; {@link HubException#kind} says why
     * @throws CheckpointException if a file is missing, damaged or not of a known architecture, or the checkpoint is converted
     *     for another precision than the chosen one
     * @throws TokenizerException if the tokenizer file is damaged or of another kind
     * @throws ImageException if the preprocessor file is damaged or asks for something unknown
     * @throws MaskException if the weights of the mask decoder are missing where they were said to be, or damaged
     * @throws AdapterException if an adapter's folder is damaged, or it does not fit the checkpoint
     * @throws ConversionException if weights must be converted and cannot be, for example because the disk is full
     * @throws EngineException if the engine cannot run the model here
     */
    public PaliGemmaPipeline build() {
        LoadedModel loaded = loader.load(Networks::open, config -> Networks.record(config, decoderOptions));
        ModelFiles files = loaded.files();
        PaliGemmaConfig config = loaded.config();
        Engine runtime = loaded.engine();
        ModelInfo info = new ModelInfo(
                loaded.checkpoint(), config, runtime.name(), runtime.version(), runtime.options(), loaded.loadMs());
        files.generation().warning(loaded.folder()).ifPresent(LOG::warn);
        AdapterTokenizers.requireRows(loaded.model().adapters(), config, files);
        Tokenizers tokenizers = new Tokenizers(
                files.tokenizer(), files.adapterTokenizers(), config.vision().patches());
        TextGenerator generator =
                new TextGenerator(config, tokenizers, files.imageProcessor(), loaded.model(), files.generation(), null);
        return new PaliGemmaPipeline(
                info,
                generator,
                new Slots(maxConcurrentRequests, maxWaiting),
                new RequestListeners(requestListeners),
                files.maskCodec());
    }
}
