package dev.paligemma.retrieval;

import dev.paligemma.checkpoint.adapter.AdapterException;
import dev.paligemma.checkpoint.config.CheckpointException;
import dev.paligemma.checkpoint.config.PageRows;
import dev.paligemma.checkpoint.convert.ConversionException;
import dev.paligemma.checkpoint.convert.ConversionListener;
import dev.paligemma.engine.Device;
import dev.paligemma.engine.EngineException;
import dev.paligemma.engine.EngineOptions;
import dev.paligemma.engine.Precision;
import dev.paligemma.hub.DownloadListener;
import dev.paligemma.hub.HubClient;
import dev.paligemma.hub.HubException;
import dev.paligemma.internal.LoadedModel;
import dev.paligemma.internal.ModelLoader;
import dev.paligemma.network.Networks;
import dev.paligemma.network.internal.ActiveAdapter;
import dev.paligemma.tokenizer.PaliGemmaTokenizer;
import dev.paligemma.tokenizer.TokenizerException;
import dev.paligemma.vision.format.ImageException;
import java.nio.file.Path;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Collects the options of a {@link PageEncoder}, which {@link PageEncoder#builder} begins. Confined to one thread. */
public final class PageEncoderBuilder {
    /** What the loader calls the only adapter there can be. */
    private static final String ADAPTER = "pages";

    private final ModelLoader loader = new ModelLoader(PageEncoder.class);
    private boolean adapted;
    private @Nullable PromptLayout layout;

    PageEncoderBuilder() {}

    /**
     * Chooses a folder on this machine: ColPali as transformers or colpali_engine saves it, or an adapter for the latter whose base is
     * on the hub. This or {@link #model} is required.
     */
    public PageEncoderBuilder checkpoint(Path folder) {
        loader.sources().folder(folder);
        return this;
    }

    /**
     * Chooses a model of the Hugging Face hub, {@code owner/name} or {@code owner/name@revision}; of an adapter, the base that it names
     * is downloaded too.
     *
     * @throws IllegalArgumentException if it is not such a name
     */
    public PageEncoderBuilder model(String name) {
        loader.sources().model(name);
        return this;
    }

    /**
     * Chooses an adapter, a folder saved by PEFT, for the {@linkplain #checkpoint checkpoint} or {@linkplain #model model}, which is
     * then its base.
     *
     * @throws IllegalArgumentException if one was chosen before
     */
    public PageEncoderBuilder adapter(Path folder) {
        loader.sources().adapter(ADAPTER, folder);
        adapted = true;
        return this;
    }

    /** As {@link #adapter(Path)}, of a model {@code owner/name} of the Hugging Face hub. */
    public PageEncoderBuilder adapter(String hubName) {
        loader.sources().adapter(ADAPTER, hubName);
        adapted = true;
        return this;
    }

    /** Chooses the client that downloads models; by default one with the settings of the environment. */
    public PageEncoderBuilder hub(HubClient client) {
        loader.sources().hub(client);
        return this;
    }

    /** Listens to downloads, if there are any; an exception of the listener ends {@link #build}. */
    public PageEncoderBuilder onDownload(DownloadListener listener) {
        loader.sources().onDownload(listener);
        return this;
    }

    /**
     * Chooses the engine by the name of one on the class path; by default as a pipeline does.
     *
     * @throws EngineException if there is none of that name; the message has the dependency to add
     */
    public PageEncoderBuilder engine(String name) {
        loader.engine(name);
        return this;
    }

    /** Chooses where to compute, a device that the engine supports; the CPU by default. */
    public PageEncoderBuilder device(Device device) {
        loader.device(device);
        return this;
    }

    /**
     * Chooses how weights are stored and computed with: {@link Precision#FLOAT32}, the default, {@link Precision#BFLOAT16} or {@link
     * Precision#INT8}. The first load at int8 converts the weights into the {@linkplain #cacheDirectory cache}.
     *
     * @throws IllegalArgumentException for {@link Precision#INT4}: its 4-bit codes serve text that is written token by token, and
     *     everything here is one run over many rows
     */
    public PageEncoderBuilder precision(Precision precision) {
        if (precision == Precision.INT4) {
            throw new IllegalArgumentException(
                    "a page encoder has no int4: its 4-bit codes serve text that is written token by token; take int8");
        }
        loader.precision(precision);
        return this;
    }

    /**
     * Limits the threads of one operation, from 1 to {@value EngineOptions#MAX_THREADS}; by default all cores are used.
     *
     * @throws IllegalArgumentException if the number is out of range
     */
    public PageEncoderBuilder threads(int threads) {
        loader.threads(threads);
        return this;
    }

    /** Chooses where converted weights are kept; by default the cache folder of the library. */
    public PageEncoderBuilder cacheDirectory(Path folder) {
        loader.cacheDirectory(folder);
        return this;
    }

    /** Listens to the conversion of weights, if one is needed; an exception of the listener ends {@link #build}. */
    public PageEncoderBuilder onConversion(ConversionListener listener) {
        loader.onConversion(listener);
        return this;
    }

    /**
     * Chooses how texts are laid out; by default as the library does that wrote the checkpoint: {@link PromptLayout#TRANSFORMERS} for
     * {@code ColPaliForRetrieval}, {@link PromptLayout#COLPALI_ENGINE} for {@code ColPali} and its adapters.
     */
    public PageEncoderBuilder layout(PromptLayout chosen) {
        this.layout = Objects.requireNonNull(chosen, "chosen");
        return this;
    }

    /**
     * Loads the model.
     *
     * @return the encoder, to be closed by the caller
     * @throws IllegalStateException if no checkpoint was chosen, or a folder and a model of the hub
     * @throws HubException if a model of the hub cannot be had; {@link HubException#kind} says why
     * @throws CheckpointException if a file is missing or damaged, or the checkpoint is no ColPali, such as a PaliGemma that writes
     *     text, or a page encoder on another model
     * @throws TokenizerException if the tokenizer file is damaged or of another kind
     * @throws ImageException if the preprocessor file is damaged or asks for something unknown
     * @throws AdapterException if the adapter is damaged or does not fit its base
     * @throws ConversionException if weights must be converted and cannot be
     * @throws EngineException if the engine cannot run the model here
     */
    public PageEncoder build() {
        boolean withAdapter = adapted || loader.sources().splitAdapter(ADAPTER);
        LoadedModel loaded = loader.load(Networks::openPageEncoder, Networks::recordPageEncoder);
        try {
            ActiveAdapter adapter = loaded.model().adapters().get(withAdapter ? ADAPTER : null);
            int rows = loaded.config().text().sizes().vocabSize();
            if (adapter.tokens(rows) != rows) {
                throw new AdapterException("the adapter has " + adapter.tokens(rows)
                        + " rows of the token embedding and its base " + rows
                        + "; expected an adapter without tokens of"
                        + " its own");
            }
            PaliGemmaTokenizer tokenizer = loaded.files()
                    .adapterTokenizers()
                    .getOrDefault(ADAPTER, loaded.files().tokenizer());
            return new PageEncoder(loaded, adapter, tokenizer, layout == null ? usual(loaded) : layout);
        } catch (RuntimeException e) {
            loaded.model().close();
            throw e;
        }
    }

    private static PromptLayout usual(LoadedModel loaded) {
        PageRows rows = Objects.requireNonNull(loaded.config().pageRows());
        return switch (rows.form()) {
            case TRANSFORMERS -> PromptLayout.TRANSFORMERS;
            case COLPALI_ENGINE -> PromptLayout.COLPALI_ENGINE;
        };
    }
}
