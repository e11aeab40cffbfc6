package dev.paligemma.network;

import dev.paligemma.checkpoint.Checkpoint;
import dev.paligemma.checkpoint.config.CheckpointException;
import dev.paligemma.checkpoint.config.PaliGemmaConfig;
import dev.paligemma.engine.graph.Graph;
import dev.paligemma.engine.graph.Weight;
import java.nio.file.Path;
import java.util.List;

/**
 * The recorded definitions of a model: the one place that says which weights it has. Immutable and thread-safe.
 *
 * @param vision from pixels to image embeddings
 * @param decoder from those and text to logits
 */
public record Networks(Graph vision, Graph decoder) {
    /** Records both networks; all options ask for the same weights. */
    public static Networks record(PaliGemmaConfig config, DecoderOptions options) {
        return new Networks(VisionGraph.record(config), GemmaDecoder.record(config.text(), options));
    }

    /**
     * Opens a checkpoint, a folder or an archive {@code *.npz} of big_vision, and checks that it has all weights of the
     * networks.
     *
     * @return the checkpoint, to be closed by the caller
     * @throws CheckpointException as {@link Checkpoint#open} says
     */
    public static Checkpoint open(Path checkpoint) {
        return Checkpoint.open(checkpoint, Networks::graphs);
    }

    /** The number of parameters of a model; the output head counts only where it is not the token embedding. */
    public static long parameterCount(PaliGemmaConfig config) {
        return Graph.weights(graphs(config)).stream()
                .mapToLong(Weight::elementCount)
                .reduce(0, Math::addExact);
    }

    private static List<Graph> graphs(PaliGemmaConfig config) {
        return record(config, DecoderOptions.defaults()).all();
    }

    /** Both networks, in the order in which they run. */
    public List<Graph> all() {
        return List.of(vision, decoder);
    }
}
