package dev.paligemma.network;

import dev.paligemma.checkpoint.config.TextConfig;
import dev.paligemma.engine.graph.AttentionSpec;
import dev.paligemma.engine.graph.Dim;
import dev.paligemma.engine.graph.ElementType;
import dev.paligemma.engine.graph.Graph;
import dev.paligemma.engine.graph.GraphBuilder;
import dev.paligemma.engine.graph.Shape;
import dev.paligemma.engine.graph.Tensor;
import dev.paligemma.engine.graph.Weight;
import org.jspecify.annotations.Nullable;

/**
 * The language model: Gemma (in PaliGemma) and Gemma 2 (in PaliGemma 2), as one definition.
 *
 * <p>Letters: S sequences, T tokens of this run, D width, N query heads, K key/value heads, H width of a head, F width inside the
 * feed-forward blocks, V vocabulary. Rows are tokens, {@code float32[T, D]}.
 *
 * <p>The first run holds the prefix of one sequence, images and prompt, which attend to each other in both directions; each
 * later run holds one written token of each sequence, which attends to all before it. {@link AttentionSpec} says so.
 *
 * <p>Sources: "PaliGemma: A versatile 3B VLM for transfer" (arXiv 2407.07726), "PaliGemma 2" (arXiv 2412.03555), "Gemma 2"
 * (arXiv 2408.00118), and {@code models/ppp/gemma.py} of big_vision. Where implementations differ, this follows
 * transformers 5.24: in Gemma 2 scores and logits are soft-capped, and the sliding window counts in later runs only; {@link
 * DecoderOptions} has the alternatives.
 */
public final class GemmaDecoder {
    /** Input: image embeddings, {@code float32[I, D]}; no rows in later runs. */
    public static final String IMAGE_EMBEDDINGS = "image_embeddings";

    /** Input: ids of the tokens that are not images, {@code int64[X]}. */
    public static final String TOKEN_IDS = "token_ids";

    /** Input: for each token of the sequence its row among first the images' and then the text's, {@code int64[T]}. */
    public static final String ORDER = "order";

    /**
     * Input: the rows whose next token is asked for, {@code int64[S]}: the last one of the prefix in the first run, all of
     * them in later runs.
     */
    public static final String ENDS = "ends";

    /** Input: cosines of the rotary angles, {@code float32[T, H / 2]}. */
    public static final String ROTARY_COS = "rotary_cos";

    /** Input: sines of the rotary angles, {@code float32[T, H / 2]}. */
    public static final String ROTARY_SIN = "rotary_sin";

    /** Output: logits of the next tokens, {@code float32[S, V]}. */
    public static final String LOGITS = "logits";

    /** Output: the most likely next tokens, {@code int64[S]}. */
    public static final String BEST_TOKEN = "best_token";

    /** Output: the natural logarithms of their probabilities, {@code float32[S]}. */
    public static final String BEST_LOG_PROBABILITY = "best_log_probability";

    /** Output of {@link #recordRows}: what a linear map makes of every row, {@code float32[T, R]}. */
    public static final String ROWS = "rows";

    private final TextConfig config;
    private final DecoderOptions options;
    private final GemmaWeights weights;
    private final boolean cached;
    private final GraphBuilder g = new GraphBuilder("decoder");

    private GemmaDecoder(TextConfig config, DecoderOptions options, boolean cached) {
        this.config = config;
        this.options = options;
        this.weights = GemmaWeights.of(config);
        this.cached = cached;
    }

    /** Records the decoder: a graph with the inputs and outputs named above, and one key/value cache per block. */
    public static Graph record(TextConfig config, DecoderOptions options) {
        GemmaDecoder decoder = new GemmaDecoder(config, options, true);
        Tensor x = decoder.blocks();
        return decoder.logits(decoder.g.gatherRows(x, decoder.g.input(ENDS, ElementType.INT64, Shape.of("sequences"))));
    }

    /**
     * Records the decoder as an encoder: every row attends to every other, nothing is written after them, and instead of logits a
     * linear map of every row comes out, {@link #ROWS}. Inputs are those above without {@link #ENDS}; there are no caches.
     *
     * @param width R, how many numbers are given of each row
     */
    public static Graph recordRows(TextConfig config, int width) {
        GemmaDecoder decoder = new GemmaDecoder(config, DecoderOptions.defaults(), false);
        Tensor rows = decoder.normed(decoder.blocks());
        decoder.g.output(ROWS, decoder.g.linear(rows, GemmaWeights.projection(config, width)));
        return decoder.g.build();
    }

    /** What leaves the last block. */
    private Tensor blocks() {
        Tensor images = g.input(
                IMAGE_EMBEDDINGS,
                ElementType.FLOAT32,
                Shape.of("image_rows", config.sizes().hiddenSize()));
        Tensor ids = g.input(TOKEN_IDS, ElementType.INT64, Shape.of("text_rows"));
        Tensor order = g.input(ORDER, ElementType.INT64, Shape.of("tokens"));
        Shape angles = Shape.of("tokens", config.sizes().headDim() / 2);
        Rotary rotary = new Rotary(
                g.input(ROTARY_COS, ElementType.FLOAT32, angles), g.input(ROTARY_SIN, ElementType.FLOAT32, angles));

        Tensor x = embed(images, ids, order);
        g.mark("embeddings", x);
        for (int i = 0; i < config.sizes().layers(); i++) {
            int layer = i;
            Tensor input = x;
            x = g.scope("layers." + layer, () -> block(input, rotary, layer));
            g.mark("layers." + layer, x);
        }
        return x;
    }

    private Tensor normed(Tensor x) {
        Tensor normed = g.rmsNorm(x, weights.finalNorm(), config.rmsNormEps());
        g.mark("norm", normed);
        return normed;
    }

    private Graph logits(Tensor last) {
        Tensor raw = g.linear(normed(last), weights.head());
        float cap = (float) options.finalSoftcap().orElse(config.finalLogitSoftcap());
        Tensor logits = cap > 0 ? g.softcap(raw, cap) : raw;
        g.output(LOGITS, logits);
        g.output(BEST_TOKEN, g.argMax(logits));
        g.output(BEST_LOG_PROBABILITY, g.largestLogProbability(logits));
        return g.build();
    }

    /** Text rows are scaled by {@code sqrt(D)}, image rows are not; then both are put in the order of the sequence. */
    private Tensor embed(Tensor images, Tensor ids, Tensor order) {
        Tensor text = g.scale(g.embedding(ids, weights.tokenEmbedding()), (float)
                Math.sqrt(config.sizes().hiddenSize()));
        return g.gatherRows(g.concatRows(images, text, Dim.symbol("unordered")), order);
    }

    /** {@code x += postNorm(attention(norm(x))); x += postNorm(mlp(norm(x)))}; Gemma 1 has no post-norms. */
    private Tensor block(Tensor input, Rotary rotary, int layer) {
        GemmaWeights.Block w = weights.blocks().get(layer);
        Tensor x = input;
        Tensor normed = g.rmsNorm(x, w.preAttentionNorm(), config.rmsNormEps());
        x = g.add(x, postNorm(selfAttention(normed, rotary, w, layer), w.postAttentionNorm()));
        normed = g.rmsNorm(x, w.preMlpNorm(), config.rmsNormEps());
        return g.add(x, postNorm(mlp(normed, w), w.postMlpNorm()));
    }

    private Tensor selfAttention(Tensor x, Rotary rotary, GemmaWeights.Block w, int layer) {
        Tensor q = g.rope(
                g.linear(x, w.query()),
                rotary.cos(),
                rotary.sin(),
                config.sizes().heads());
        Tensor k = g.rope(
                g.linear(x, w.key()), rotary.cos(), rotary.sin(), config.sizes().kvHeads());
        Tensor v = g.linear(x, w.value());
        // Rows of the first run see each other whatever the window.
        boolean sliding = cached
                && options.slidingWindow()
                && config.attention().layerTypes().get(layer) == TextConfig.LayerType.SLIDING;
        AttentionSpec spec = new AttentionSpec(
                config.sizes().heads(),
                config.sizes().kvHeads(),
                config.sizes().headDim(),
                (float) config.attention().scale(),
                (float) config.attention().softcap(),
                0,
                cached ? "layers." + layer : null,
                sliding ? config.attention().slidingWindow() : 0);
        return g.linear(g.attention(q, k, v, spec), w.attentionOutput());
    }

    /** The gated feed-forward block: {@code down(gelu(gate(x)) * up(x))}. */
    private Tensor mlp(Tensor x, GemmaWeights.Block w) {
        Tensor gated = g.multiply(g.gelu(g.linear(x, w.gate())), g.linear(x, w.up()));
        return g.linear(gated, w.down());
    }

    private Tensor postNorm(Tensor x, @Nullable Weight weight) {
        return weight == null ? x : g.rmsNorm(x, weight, config.rmsNormEps());
    }

    /** Cosines and sines of this run's positions, each {@code float32[T, H / 2]}. */
    private record Rotary(Tensor cos, Tensor sin) {}
}
