package dev.paligemma.server;

import dev.paligemma.PaliGemmaPipeline;
import dev.paligemma.generation.RequestListener;

/** Loads the model of a server, in a thread of its own. */
@FunctionalInterface
public interface ModelLoader {
    /**
     * Loads the model, which the server closes.
     *
     * @param listener to be given to {@link dev.paligemma.PipelineBuilder#onRequest}, for the metrics of the server
     */
    PaliGemmaPipeline load(RequestListener listener);
}
