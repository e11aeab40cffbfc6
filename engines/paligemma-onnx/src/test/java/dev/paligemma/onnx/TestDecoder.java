package dev.paligemma.onnx;

import dev.paligemma.engine.graph.AttentionSpec;
import dev.paligemma.engine.graph.ElementType;
import dev.paligemma.engine.graph.Graph;
import dev.paligemma.engine.graph.GraphBuilder;
import dev.paligemma.engine.graph.LinearWeights;
import dev.paligemma.engine.graph.Shape;
import dev.paligemma.engine.graph.Tensor;
import dev.paligemma.engine.graph.Weight;
import dev.paligemma.onnx.TestCheckpoints.Sizes;

/** A small decoder of the usual shape over the weights of {@link TestCheckpoints}: pre-norm blocks and a tied head. */
final class TestDecoder {
    private static final float EPSILON = 1e-6f;

    private final Sizes sizes;
    private final GraphBuilder g = new GraphBuilder("decoder");

    private TestDecoder(Sizes sizes) {
        this.sizes = sizes;
    }

    /**
     * Records the decoder: {@code ids}, int64[rows], to {@code hidden}, float32[rows, D], and {@code logits} of the rows
     * that {@code ends}, int64[sequences], names.
     *
     * @param softcap of the scores; 0 for none
     * @param window of every second block; 0 for none
     */
    static Graph record(Sizes sizes, float softcap, int window) {
        return new TestDecoder(sizes).record(softcap, window);
    }

    private Graph record(float softcap, int window) {
        Weight table = Weight.of(TestCheckpoints.EMBEDDING, Sizes.VOCABULARY, sizes.hidden());
        Tensor x = g.embedding(g.input("ids", ElementType.INT64, Shape.of("rows")), table);
        x = g.scale(x, (float) Math.sqrt(sizes.hidden()));
        for (int layer = 0; layer < sizes.layers(); layer++) {
            AttentionSpec spec = new AttentionSpec(
                    sizes.heads(),
                    sizes.kvHeads(),
                    sizes.headDim(),
                    (float) (1 / Math.sqrt(sizes.headDim())),
                    softcap,
                    0,
                    "layer" + layer,
                    layer % 2 == 0 ? window : 0);
            x = block(x, "language_model.layers." + layer + ".", spec);
        }
        x = norm(x, "language_model.norm.weight");
        Tensor ends = g.input("ends", ElementType.INT64, Shape.of("sequences"));
        g.output("hidden", x);
        g.output("logits", g.linear(g.gatherRows(x, ends), new LinearWeights(table, null)));
        return g.build();
    }

    private Tensor block(Tensor x, String name, AttentionSpec spec) {
        int queries = sizes.heads() * sizes.headDim();
        int keys = sizes.kvHeads() * sizes.headDim();
        Tensor normed = norm(x, name + "input_layernorm.weight");
        Tensor q = linear(normed, name + "self_attn.q_proj.weight", queries);
        Tensor k = linear(normed, name + "self_attn.k_proj.weight", keys);
        Tensor v = linear(normed, name + "self_attn.v_proj.weight", keys);
        Tensor attended =
                g.add(x, linear(g.attention(q, k, v, spec), name + "self_attn.o_proj.weight", sizes.hidden()));
        Tensor inner = norm(attended, name + "post_attention_layernorm.weight");
        Tensor gate = g.gelu(linear(inner, name + "mlp.gate_proj.weight", sizes.intermediate()));
        Tensor up = linear(inner, name + "mlp.up_proj.weight", sizes.intermediate());
        return g.add(attended, linear(g.multiply(gate, up), name + "mlp.down_proj.weight", sizes.hidden()));
    }

    private Tensor norm(Tensor x, String name) {
        return g.rmsNorm(x, Weight.of(name, sizes.hidden()), EPSILON);
    }

    private Tensor linear(Tensor x, String name, int out) {
        long in = x.shape().dim(1).size();
        return g.linear(x, new LinearWeights(Weight.of(name, out, in), null));
    }
}
