package dev.paligemma.network;

import dev.paligemma.checkpoint.config.PaliGemmaConfig;
import dev.paligemma.engine.graph.GraphBuilder;
import dev.paligemma.engine.graph.LinearWeights;
import dev.paligemma.engine.graph.Tensor;
import dev.paligemma.engine.graph.Weight;

/** The linear map from the image encoder's width to the decoder's: {@code f = W z + b}, nothing else. */
final class Projector {
    private Projector() {}

    /**
     * Records the projector.
     *
     * @param config sizes
     * @param graph where to record
     * @param patches encoded patches, {@code float32[B * N, Dv]}
     * @return image embeddings, {@code float32[B * N, D]}; they enter the decoder as they are, without the scaling of text
     */
    static Tensor record(PaliGemmaConfig config, GraphBuilder graph, Tensor patches) {
        long width = config.text().sizes().hiddenSize();
        LinearWeights weights = new LinearWeights(
                Weight.of(
                        "multi_modal_projector.linear.weight",
                        width,
                        config.vision().hiddenSize()),
                Weight.of("multi_modal_projector.linear.bias", width));
        return graph.linear(patches, weights);
    }
}
