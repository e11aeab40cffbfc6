package dev.paligemma.network;

import dev.paligemma.checkpoint.Checkpoint;
import dev.paligemma.checkpoint.config.CheckpointException;
import dev.paligemma.checkpoint.config.PageRows;
import dev.paligemma.checkpoint.config.PaliGemmaConfig;
import dev.paligemma.engine.graph.Graph;
import dev.paligemma.engine.graph.Weight;
import java.nio.file.Path;
import java.util.List;

/**
 * The recorded definitions of a model: the one place that says which weights it has. Immutable and thread-safe.
 *
 * @param vision from pixels to image embeddings
 * @param decoder from those and text to logits; of a page encoder, to rows
 */
public record Networks(Graph vision, Graph decoder) {
    /** Records both networks; all options ask for the same weights. */
    public static Networks record(PaliGemmaConfig config, DecoderOptions options) {
        return new Networks(VisionGraph.record(config), GemmaDecoder.record(config.text(), options));
    }

    /**
     * Records both networks of a page encoder.
     *
     * @throws IllegalArgumentException if the configuration is of a model that writes text
     */
    public static Networks recordPageEncoder(PaliGemmaConfig config) {
        PageRows rows = config.pageRows();
        if (rows == null) {
            throw new IllegalArgumentException("the configuration is of a model that writes text");
        }
        return new Networks(VisionGraph.record(config), GemmaDecoder.recordRows(config.text(), rows.width()));
    }

    /**
     * Opens a checkpoint, a folder or an archive {@code *.npz} of big_vision, and checks that it has all weights of the
     * networks.
     *
     * @return the checkpoint, to be closed by the caller
     * @throws CheckpointException as {@link Checkpoint#open} says, and if it is a page encoder, which writes no text
     */
    public static Checkpoint open(Path checkpoint) {
        return Checkpoint.open(checkpoint, config -> {
            if (config.pageRows() != null) {
                throw new CheckpointException(checkpoint
                        + " is a page encoder (ColPali), which gives rows of numbers for pages and queries and writes no"
                        + " text; open it with PageEncoder of the module paligemma-retrieval, or give a checkpoint of"
                        + " PaliGemma, for example google/paligemma2-3b-mix-224");
            }
            return graphs(config);
        });
    }

    /**
     * As {@link #open}, of a page encoder such as ColPali.
     *
     * @throws CheckpointException as {@link Checkpoint#open} says, and if it is a model that writes text
     */
    public static Checkpoint openPageEncoder(Path checkpoint) {
        return Checkpoint.open(checkpoint, config -> {
            if (config.pageRows() == null) {
                throw new CheckpointException(checkpoint
                        + " is a model that writes text: it has no projection from its rows to those of pages; give a page"
                        + " encoder such as vidore/colpali-v1.3-hf");
            }
            return recordPageEncoder(config).all();
        });
    }

    /** The number of parameters of a model; the output head counts only where it is not the token embedding. */
    public static long parameterCount(PaliGemmaConfig config) {
        return Graph.weights(graphs(config)).stream()
                .mapToLong(Weight::elementCount)
                .reduce(0, Math::addExact);
    }

    private static List<Graph> graphs(PaliGemmaConfig config) {
        return (config.pageRows() == null ? record(config, DecoderOptions.defaults()) : recordPageEncoder(config))
                .all();
    }

    /** Both networks, in the order in which they run. */
    public List<Graph> all() {
        return List.of(vision, decoder);
    }
}
