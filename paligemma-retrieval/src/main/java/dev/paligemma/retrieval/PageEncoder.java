package dev.paligemma.retrieval;

import dev.paligemma.ModelInfo;
import dev.paligemma.base.PaliGemmaException;
import dev.paligemma.engine.EngineException;
import dev.paligemma.engine.graph.ElementType;
import dev.paligemma.engine.spi.HostTensor;
import dev.paligemma.internal.LoadedModel;
import dev.paligemma.network.internal.ActiveAdapter;
import dev.paligemma.network.internal.VisionLanguageModel;
import dev.paligemma.tokenizer.PaliGemmaTokenizer;
import dev.paligemma.vision.ImageProcessor;
import dev.paligemma.vision.RgbImage;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;

/**
 * ColPali: a PaliGemma that gives, instead of text, a short row of numbers for every patch of a page and every token of a query.
 * {@link MaxSim} of the two says how well the page answers.
 *
 * <pre>{@code
 * try (PageEncoder encoder = PageEncoder.fromPretrained("vidore/colpali-v1.3-hf")) {
 *     List<Rows> pages = encoder.pages(List.of(RgbImage.read(Path.of("page1.png")), RgbImage.read(Path.of("page2.png"))));
 *     Rows query = encoder.query("How much did revenue grow?");
 *     int best = MaxSim.best(query, pages, 1).get(0).page();
 * }
 * }</pre>
 *
 * <p>Rows of a query see each other in both directions, as in the versions of transformers that trained the published models.
 *
 * <p>Thread-safe: share one encoder between all threads; calls run at the same time. {@link #close} waits for a step that is
 * running, frees the model, and makes later calls fail with an {@link IllegalStateException}.
 */
public final class PageEncoder implements AutoCloseable {
    private final ModelInfo info;
    private final VisionLanguageModel model;
    private final ActiveAdapter adapter;
    private final PaliGemmaTokenizer tokenizer;
    private final ImageProcessor images;
    private final PromptLayout layout;
    private final PromptTexts texts;
    private final int[] pageText;

    PageEncoder(LoadedModel loaded, ActiveAdapter adapter, PaliGemmaTokenizer tokenizer, PromptLayout layout) {
        this.info = new ModelInfo(
                loaded.checkpoint(),
                loaded.config(),
                loaded.engine().name(),
                loaded.engine().version(),
                loaded.engine().options(),
                loaded.loadMs());
        this.model = loaded.model();
        this.adapter = adapter;
        this.tokenizer = tokenizer;
        this.images = loaded.files().imageProcessor();
        this.layout = layout;
        this.texts = PromptTexts.of(layout, loaded.folder());
        this.pageText = tokenizer.encode(texts.page());
    }

    /**
     * Loads a checkpoint with every option at its default: on the CPU with all cores, in single precision.
     *
     * @param checkpoint a folder: ColPali as transformers saves it, or as colpali_engine does, or an adapter for the latter whose
     *     base is on the hub
     * @return the encoder, to be closed by the caller
     * @throws PaliGemmaException if a file is missing, damaged or of another kind, or the engine cannot run the model here;
     *     {@link PageEncoderBuilder#build} lists the kinds
     */
    public static PageEncoder load(Path checkpoint) {
        return builder().checkpoint(checkpoint).build();
    }

    /**
     * Loads a model of the Hugging Face hub, after downloading what is not in the cache.
     *
     * @param name {@code owner/name}, such as {@code vidore/colpali-v1.3-hf}, {@code vidore/colpali-v1.3-merged}, or {@code
     *     vidore/colpali-v1.3}, an adapter, whose base is downloaded too
     * @return the encoder, to be closed by the caller
     * @throws IllegalArgumentException if it is not such a name
     * @throws PaliGemmaException as {@link #load}
     */
    public static PageEncoder fromPretrained(String name) {
        return builder().model(name).build();
    }

    /** A builder with every option at its default. */
    public static PageEncoderBuilder builder() {
        return new PageEncoderBuilder();
    }

    /** What was loaded, and with what it runs. */
    public ModelInfo info() {
        return info;
    }

    /** D, how many numbers a row has. */
    public int width() {
        return Objects.requireNonNull(info.config().pageRows()).width();
    }

    /** How texts are laid out. */
    public PromptLayout layout() {
        return layout;
    }

    /** The rows of a page: those of its patches, line by line, then those of the text behind it. */
    public Rows page(RgbImage page) {
        return pages(List.of(page)).get(0);
    }

    /** The rows of pages, in their order. One is computed after the other: together they would take as long and more memory. */
    public List<Rows> pages(List<RgbImage> pages) {
        return pages.stream().map(this::encode).toList();
    }

    /**
     * The rows of a query.
     *
     * @throws IllegalArgumentException if it has an {@code <image>}, or more tokens than the model has places
     */
    public Rows query(String text) {
        int[] tokens = tokenizer.encode(texts.query(text));
        for (int token : tokens) {
            if (token == tokenizer.imageId()) {
                throw new IllegalArgumentException(
                        "a query is text alone, but this one has an <image> in it; encode pages with page(...)");
            }
        }
        int most = info.config().text().maxPositionEmbeddings();
        if (tokens.length > most) {
            throw new IllegalArgumentException(
                    "the query has " + tokens.length + " tokens, expected at most " + most + "; shorten it");
        }
        HostTensor none = HostTensor.allocate(
                ElementType.FLOAT32, 0, info.config().text().sizes().hiddenSize());
        return normalised(model.rows(none, tokens, adapter));
    }

    /** The rows of queries, in their order. */
    public List<Rows> queries(List<String> texts) {
        return texts.stream().map(this::query).toList();
    }

    private Rows encode(RgbImage page) {
        HostTensor patches = model.encode(List.of(images.process(page)), adapter, image -> {});
        try {
            return normalised(model.rows(patches, pageText, adapter));
        } finally {
            model.release(patches);
        }
    }

    private Rows normalised(HostTensor rows) {
        FloatBuffer floats = rows.floats();
        float[] values = new float[floats.remaining()];
        floats.get(values);
        try {
            return Vectors.normalised(values, (int) rows.shape()[1]);
        } catch (IllegalArgumentException e) {
            throw new EngineException(
                    "the page encoder " + info.folder() + ": " + e.getMessage() + "; its weights are damaged", e);
        }
    }

    @Override
    public void close() {
        model.close();
    }
}
