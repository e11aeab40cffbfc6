package dev.paligemma.network;

import dev.paligemma.checkpoint.config.PaliGemmaConfig;
import dev.paligemma.engine.graph.Graph;
import dev.paligemma.engine.graph.GraphBuilder;
import dev.paligemma.engine.graph.LinearWeights;
import dev.paligemma.engine.graph.Tensor;
import dev.paligemma.engine.graph.Weight;
import dev.paligemma.vision.SiglipEncoder;

/** The first of the two graphs: from pixels to image embeddings. */
public final class VisionGraph {
    /** The output: {@code float32[B * N, D]}, N rows per image. */
    public static final String IMAGE_EMBEDDINGS = "image_embeddings";

    private VisionGraph() {}

    /** Records encoder and projector: a graph from {@link SiglipEncoder#PIXEL_VALUES} to {@link #IMAGE_EMBEDDINGS}. */
    public static Graph record(PaliGemmaConfig config) {
        GraphBuilder graph = new GraphBuilder("vision");
        Tensor patches = SiglipEncoder.record(config.vision(), graph);
        // The projector from the encoder's width to the decoder's is W z + b and nothing else. Its rows enter the
        // decoder as
        // they are, without the scaling of text.
        long width = config.text().sizes().hiddenSize();
        LinearWeights projector = new LinearWeights(
                Weight.of(
                        "multi_modal_projector.linear.weight",
                        width,
                        config.vision().hiddenSize()),
                Weight.of("multi_modal_projector.linear.bias", width));
        Tensor embeddings = graph.linear(patches, projector);
        graph.mark("projector", embeddings);
        graph.output(IMAGE_EMBEDDINGS, embeddings);
        return graph.build();
    }
}
