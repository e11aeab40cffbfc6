package dev.paligemma.network;

import dev.paligemma.checkpoint.config.TextConfig;
import dev.paligemma.engine.graph.LinearWeights;
import dev.paligemma.engine.graph.Weight;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The parameters of the Gemma decoder by their role. Immutable.
 *
 * <p>This is the one place that knows what the checkpoint calls them. V is the vocabulary, D the width, N and K the
 * numbers of query and key/value heads, H the width of a head, F the width inside the feed-forward blocks.
 *
 * @param tokenEmbedding {@code [V, D]}
 * @param blocks the decoder blocks in order
 * @param finalNorm {@code [D]}
 * @param head from the last row to logits, {@code [V, D]}; the token embedding itself when the two are tied
 */
record GemmaWeights(Weight tokenEmbedding, List<Block> blocks, Weight finalNorm, LinearWeights head) {
    /**
     * The parameters of one decoder block.
     *
     * @param preAttentionNorm {@code [D]}
     * @param query {@code [N * H, D]}
     * @param key {@code [K * H, D]}
     * @param value {@code [K * H, D]}
     * @param attentionOutput {@code [D, N * H]}
     * @param postAttentionNorm {@code [D]}, Gemma 2 only
     * @param preMlpNorm {@code [D]}
     * @param gate {@code [F, D]}
     * @param up {@code [F, D]}
     * @param down {@code [D, F]}
     * @param postMlpNorm {@code [D]}, Gemma 2 only
     */
    record Block(
            Weight preAttentionNorm,
            LinearWeights query,
            LinearWeights key,
            LinearWeights value,
            LinearWeights attentionOutput,
            @Nullable Weight postAttentionNorm,
            Weight preMlpNorm,
            LinearWeights gate,
            LinearWeights up,
            LinearWeights down,
            @Nullable Weight postMlpNorm) {}

    static GemmaWeights of(TextConfig config) {
        String prefix = "language_model.";
        long width = config.sizes().hiddenSize();
        List<Block> blocks = IntStream.range(0, config.sizes().layers())
                .mapToObj(layer -> block(config, prefix + "layers." + layer + "."))
                .toList();
        Weight embedding =
                Weight.of(prefix + "embed_tokens.weight", config.sizes().vocabSize(), width);
        Weight head = config.tieWordEmbeddings()
                ? embedding
                : Weight.of("lm_head.weight", config.sizes().vocabSize(), width);
        return new GemmaWeights(
                embedding, blocks, Weight.of(prefix + "norm.weight", width), new LinearWeights(head, null));
    }

    /** From a row to what a page encoder gives of it, {@code [R, D]} and {@code [R]}. */
    static LinearWeights projection(TextConfig config, int width) {
        String name = "custom_text_proj";
        return new LinearWeights(
                Weight.of(name + ".weight", width, config.sizes().hiddenSize()), Weight.of(name + ".bias", width));
    }

    private static Block block(TextConfig config, String prefix) {
        long width = config.sizes().hiddenSize();
        long queries = (long) config.sizes().heads() * config.sizes().headDim();
        long keys = (long) config.sizes().kvHeads() * config.sizes().headDim();
        long inner = config.sizes().intermediateSize();
        boolean second = config.family() == TextConfig.Family.GEMMA2;
        // The same stored name means another place: in Gemma 1 "post_attention_layernorm" is the norm before the
        // feed-forward block, in Gemma 2 the norm on the attention's output.
        String afterAttention = prefix + "post_attention_layernorm.weight";
        return new Block(
                Weight.of(prefix + "input_layernorm.weight", width),
                linear(prefix + "self_attn.q_proj", queries, width),
                linear(prefix + "self_attn.k_proj", keys, width),
                linear(prefix + "self_attn.v_proj", keys, width),
                linear(prefix + "self_attn.o_proj", width, queries),
                second ? Weight.of(afterAttention, width) : null,
                Weight.of(second ? prefix + "pre_feedforward_layernorm.weight" : afterAttention, width),
                linear(prefix + "mlp.gate_proj", inner, width),
                linear(prefix + "mlp.up_proj", inner, width),
                linear(prefix + "mlp.down_proj", width, inner),
                second ? Weight.of(prefix + "post_feedforward_layernorm.weight", width) : null);
    }

    private static LinearWeights linear(String name, long out, long in) {
        return new LinearWeights(Weight.of(name + ".weight", out, in), null);
    }
}
