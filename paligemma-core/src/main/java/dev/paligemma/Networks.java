package dev.paligemma;

import dev.paligemma.checkpoint.PaliGemmaConfig;
import dev.paligemma.engine.graph.Graph;
import dev.paligemma.gemma.DecoderOptions;
import dev.paligemma.gemma.GemmaDecoder;
import dev.paligemma.gemma.VisionGraph;
import java.util.List;

/**
 * The recorded definitions of a model. Immutable.
 *
 * @param vision from pixels to image embeddings
 * @param decoder from those and text to logits
 */
record Networks(Graph vision, Graph decoder) {
    static Networks record(PaliGemmaConfig config, DecoderOptions options) {
        return new Networks(VisionGraph.record(config), GemmaDecoder.record(config.text(), options));
    }

    List<Graph> all() {
        return List.of(vision, decoder);
    }
}
