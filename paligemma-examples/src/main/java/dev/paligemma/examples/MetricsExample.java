package dev.paligemma.examples;

import dev.paligemma.PaliGemmaPipeline;
import dev.paligemma.micrometer.PaliGemmaMetrics;
import dev.paligemma.tiny.TinyModel;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Path;

/** Examples of the documentation: what a pipeline does, in a registry of Micrometer. */
public final class MetricsExample {
    private MetricsExample() {}

    /** Captions the bundled picture, and prints what was measured. */
    public static void main(String[] args) {
        MeterRegistry registry = new SimpleMeterRegistry();
        try (PaliGemmaPipeline model = open(TinyModel.folder(), registry)) {
            System.out.println(model.caption(TinyModel.picture()));
            System.out.println(tokens(registry) + " tokens written");
        }
    }

    // region metrics
    static PaliGemmaPipeline open(Path checkpoint, MeterRegistry registry) {
        PaliGemmaMetrics metrics = new PaliGemmaMetrics();
        metrics.bindTo(registry);
        PaliGemmaPipeline model = PaliGemmaPipeline.builder()
                .checkpoint(checkpoint)
                .onRequest(metrics)
                .build();
        metrics.loaded(model.info()); // and metrics.closed() where you close the model
        return model;
    }

    static long tokens(MeterRegistry registry) {
        return (long) registry.get(PaliGemmaMetrics.TOKENS)
                .tag("kind", "completion")
                .counter()
                .count();
    }
    // endregion
}
