package dev.paligemma.network;

import dev.paligemma.checkpoint.PaliGemmaConfig;
import dev.paligemma.engine.graph.Graph;
import java.util.List;

/**
 * The recorded definitions of a model. Immutable.
 *
 * @param vision from pixels to image embeddings
 * @param decoder from those and text to logits
 */
public record Networks(Graph vision, Graph decoder) {
    /**
     * Records both.
     *
     * @param config family and sizes
     * @param options which implementation to follow where they differ
     * @return the networks of a model of this kind
     */
    public static Networks record(PaliGemmaConfig config, DecoderOptions options) {
        return new Networks(VisionGraph.record(config), GemmaDecoder.record(config.text(), options));
    }

    /** Both in the order in which they run. */
    public List<Graph> all() {
        return List.of(vision, decoder);
    }
}
