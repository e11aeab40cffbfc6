package dev.paligemma.checkpoint;

import dev.paligemma.checkpoint.config.PaliGemmaConfig;
import dev.paligemma.checkpoint.config.TextConfig;
import dev.paligemma.checkpoint.config.TextConfig.Family;
import dev.paligemma.checkpoint.config.VisionConfig;
import dev.paligemma.engine.graph.ElementType;
import dev.paligemma.engine.graph.Graph;
import dev.paligemma.engine.graph.GraphBuilder;
import dev.paligemma.engine.graph.LinearWeights;
import dev.paligemma.engine.graph.Shape;
import dev.paligemma.engine.graph.Tensor;
import dev.paligemma.engine.graph.Weight;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The weights of PaliGemma, written down by hand for tests that stand below the definitions, and used by one operation each.
 * The graphs compute nothing of sense.
 */
public final class TestNetwork {
    private final Map<Long, Tensor> inputs = new HashMap<>();
    private final GraphBuilder graph;

    private TestNetwork(String name) {
        graph = new GraphBuilder(name);
    }

    /** Opens a checkpoint with these weights. */
    public static Checkpoint open(Path checkpoint) {
        return Checkpoint.open(checkpoint, TestNetwork::graphs);
    }

    /** One graph for the image encoder and one for the language model. */
    public static List<Graph> graphs(PaliGemmaConfig config) {
        TestNetwork vision = new TestNetwork("vision");
        vision.vision(config.vision());
        long width = config.vision().hiddenSize();
        vision.affine("multi_modal_projector.linear", config.text().sizes().hiddenSize(), width);
        TestNetwork text = new TestNetwork("decoder");
        text.text(config.text());
        return List.of(vision.graph.build(), text.graph.build());
    }

    private void vision(VisionConfig config) {
        long width = config.hiddenSize();
        long patch = config.patchSize();
        String tower = "vision_tower.";
        Weight patches = Weight.of(tower + "embeddings.patch_embedding.weight", width, 3 * patch * patch)
                .storedAs(width, 3, patch, patch);
        linear(patches, Weight.of(tower + "embeddings.patch_embedding.bias", width));
        graph.parameter(Weight.of(tower + "embeddings.position_embedding.weight", config.patches(), width));
        for (int layer = 0; layer < config.layers(); layer++) {
            String block = tower + "encoder.layers." + layer + ".";
            layerNorm(block + "layer_norm1", width);
            for (String projection : List.of("q_proj", "k_proj", "v_proj", "out_proj")) {
                affine(block + "self_attn." + projection, width, width);
            }
            layerNorm(block + "layer_norm2", width);
            affine(block + "mlp.fc1", config.intermediateSize(), width);
            affine(block + "mlp.fc2", width, config.intermediateSize());
        }
        layerNorm(tower + "post_layernorm", width);
    }

    private void text(TextConfig config) {
        long width = config.sizes().hiddenSize();
        long queries = (long) config.sizes().heads() * config.sizes().headDim();
        long keys = (long) config.sizes().kvHeads() * config.sizes().headDim();
        Weight table =
                Weight.of("language_model.embed_tokens.weight", config.sizes().vocabSize(), width);
        graph.embedding(graph.input("ids", ElementType.INT64, Shape.of("tokens")), table);
        for (int layer = 0; layer < config.sizes().layers(); layer++) {
            String block = "language_model.layers." + layer + ".";
            rmsNorm(block + "input_layernorm.weight", width);
            linear(Weight.of(block + "self_attn.q_proj.weight", queries, width), null);
            linear(Weight.of(block + "self_attn.k_proj.weight", keys, width), null);
            linear(Weight.of(block + "self_attn.v_proj.weight", keys, width), null);
            linear(Weight.of(block + "self_attn.o_proj.weight", width, queries), null);
            rmsNorm(block + "post_attention_layernorm.weight", width);
            if (config.family() == Family.GEMMA2) {
                rmsNorm(block + "pre_feedforward_layernorm.weight", width);
                rmsNorm(block + "post_feedforward_layernorm.weight", width);
            }
            linear(Weight.of(block + "mlp.gate_proj.weight", config.sizes().intermediateSize(), width), null);
            linear(Weight.of(block + "mlp.up_proj.weight", config.sizes().intermediateSize(), width), null);
            linear(
                    Weight.of(
                            block + "mlp.down_proj.weight",
                            width,
                            config.sizes().intermediateSize()),
                    null);
        }
        rmsNorm("language_model.norm.weight", width);
        linear(
                config.tieWordEmbeddings()
                        ? table
                        : Weight.of("lm_head.weight", config.sizes().vocabSize(), width),
                null);
    }

    private void layerNorm(String name, long width) {
        graph.layerNorm(rows(width), Weight.of(name + ".weight", width), Weight.of(name + ".bias", width), 1e-6f);
    }

    private void rmsNorm(String name, long width) {
        graph.rmsNorm(rows(width), Weight.of(name, width), 1e-6f);
    }

    private void affine(String name, long out, long in) {
        linear(Weight.of(name + ".weight", out, in), Weight.of(name + ".bias", out));
    }

    private void linear(Weight matrix, @Nullable Weight bias) {
        graph.linear(rows(matrix.size(1)), new LinearWeights(matrix, bias));
    }

    private Tensor rows(long width) {
        return inputs.computeIfAbsent(
                width, key -> graph.input("rows of " + key, ElementType.FLOAT32, Shape.of("tokens", key)));
    }
}
