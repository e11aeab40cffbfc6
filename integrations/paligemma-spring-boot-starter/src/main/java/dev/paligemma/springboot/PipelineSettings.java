package dev.paligemma.springboot;

import dev.paligemma.PaliGemmaPipeline;
import dev.paligemma.PipelineBuilder;
import dev.paligemma.engine.Device;
import dev.paligemma.hub.HubClient;
import dev.paligemma.tiny.TinyModel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.springframework.util.ClassUtils;

/** From properties to a builder. Stateless. */
final class PipelineSettings {
    private static final String TINY = "dev.paligemma.tiny.TinyModel";

    private PipelineSettings() {}

    static PipelineBuilder builder(PaliGemmaProperties properties) {
        PipelineBuilder builder = PaliGemmaPipeline.builder();
        if (PaliGemmaProperties.BUNDLED.equals(properties.model())) {
            builder.checkpoint(bundled());
        } else {
            set(properties.model(), builder::model);
        }
        set(properties.revision(), builder::revision);
        set(properties.checkpoint(), builder::checkpoint);
        set(
                properties.offline(),
                offline -> builder.hub(HubClient.builder().offline(offline).build()));
        set(properties.cacheDirectory(), builder::cacheDirectory);
        set(properties.engine(), builder::engine);
        set(properties.device(), device -> builder.device(Device.parse(device)));
        set(properties.precision(), builder::precision);
        set(properties.threads(), builder::threads);
        set(properties.maxConcurrentRequests(), builder::maxConcurrentRequests);
        set(properties.maxWaiting(), builder::maxWaiting);
        set(properties.maskWeights(), builder::maskWeights);
        properties.adapters().forEach((name, place) -> {
            if (Files.isDirectory(Path.of(place))) {
                builder.adapter(name, Path.of(place));
            } else {
                builder.adapter(name, place);
            }
        });
        return builder;
    }

    private static <T> void set(@Nullable T value, Consumer<T> setting) {
        if (value != null) {
            setting.accept(value);
        }
    }

    private static Path bundled() {
        if (!ClassUtils.isPresent(TINY, ClassUtils.getDefaultClassLoader())) {
            throw new IllegalStateException("paligemma.model is " + PaliGemmaProperties.BUNDLED
                    + ", but that model is not on the class path; add the dependency dev.paligemma:paligemma-tiny");
        }
        return TinyModel.folder();
    }
}
