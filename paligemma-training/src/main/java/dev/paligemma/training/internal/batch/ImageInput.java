package dev.paligemma.training.internal.batch;

import dev.paligemma.engine.spi.HostTensor;
import dev.paligemma.training.data.Example;
import java.util.List;

/** What a training graph takes of pictures. */
public interface ImageInput {
    /** The name of the graph input. */
    String name();

    /**
     * The value of the input for all pictures of some examples, in their order. Its rows are those that the graph puts in
     * front of the text's, or what it computes them of.
     */
    HostTensor of(List<Example> examples);
}
