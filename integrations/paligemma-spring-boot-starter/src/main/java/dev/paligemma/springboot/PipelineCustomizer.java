package dev.paligemma.springboot;

import dev.paligemma.PipelineBuilder;

/** A bean that changes how the model is loaded, after the properties: for progress, or what has no property. */
@FunctionalInterface
public interface PipelineCustomizer {
    /** Changes the builder; called once, in the thread that loads. */
    void customize(PipelineBuilder builder);
}
