package dev.paligemma.springboot;

import dev.paligemma.PaliGemmaPipeline;
import dev.paligemma.PipelineBuilder;
import dev.paligemma.generation.RequestListener;
import dev.paligemma.vision.RgbImage;
import java.util.Optional;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.ApplicationRunner;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.AnyNestedCondition;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.availability.ApplicationAvailability;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Conditional;
import org.springframework.context.annotation.Lazy;

/** Loads a model, if one is named. */
@AutoConfiguration
@EnableConfigurationProperties(PaliGemmaProperties.class)
public class PaliGemmaAutoConfiguration {
    private static final Logger LOG = LoggerFactory.getLogger(PaliGemmaAutoConfiguration.class);

    /** For Spring. */
    public PaliGemmaAutoConfiguration() {}

    @Bean
    @Conditional(ModelIsNamed.class)
    @ConditionalOnMissingBean({PaliGemmaLoader.class, PaliGemmaPipeline.class})
    PaliGemmaLoader paliGemmaLoader(
            PaliGemmaProperties properties,
            ObjectProvider<RequestListener> listeners,
            ObjectProvider<PipelineCustomizer> customizers) {
        PipelineBuilder builder = PipelineSettings.builder(properties);
        listeners.orderedStream().forEach(builder::onRequest);
        Supplier<PaliGemmaPipeline> source = () -> {
            customizers.orderedStream().forEach(customizer -> customizer.customize(builder));
            PaliGemmaPipeline pipeline = builder.build();
            if (properties.warmUp()) {
                warmUp(pipeline);
            }
            return pipeline;
        };
        return properties.load() == PaliGemmaProperties.Load.SYNC
                ? PaliGemmaLoader.atOnce(source)
                : PaliGemmaLoader.inBackground(source);
    }

    private static void warmUp(PaliGemmaPipeline pipeline) {
        try {
            pipeline.caption(RgbImage.of(1, 1, new byte[3]));
        } catch (RuntimeException e) {
            pipeline.close();
            throw e;
        }
    }

    /** Whoever asks for it waits until it is loaded, so it is made for those alone. The loader closes it. */
    @Bean(destroyMethod = "")
    @Lazy
    @ConditionalOnBean(PaliGemmaLoader.class)
    @ConditionalOnMissingBean
    PaliGemmaPipeline paliGemmaPipeline(PaliGemmaLoader loader) {
        return loader.pipeline();
    }

    /** Spring lets no traffic in before all runners are done; health and the rest of the application answer meanwhile. */
    @Bean
    @ConditionalOnBean(PaliGemmaLoader.class)
    ApplicationRunner paliGemmaReadiness(PaliGemmaLoader loader, PaliGemmaProperties properties) {
        return arguments -> {
            Optional<Throwable> failure = loader.await();
            if (failure.isEmpty()) {
                return;
            }
            if (properties.failFast()) {
                throw new ModelNotLoadedException(failure.orElseThrow());
            }
            LOG.error("the model could not be loaded; the application refuses traffic", failure.orElseThrow());
        };
    }

    @Bean
    @ConditionalOnBean(PaliGemmaLoader.class)
    ReadinessGuard paliGemmaReadinessGuard(
            PaliGemmaLoader loader, ApplicationContext context, ObjectProvider<ApplicationAvailability> availability) {
        return new ReadinessGuard(loader, context, availability.getIfAvailable());
    }

    /** Weights are large: they are loaded for those who ask for it, not for all who have the starter on their class path. */
    static final class ModelIsNamed extends AnyNestedCondition {
        ModelIsNamed() {
            super(ConfigurationPhase.REGISTER_BEAN);
        }

        @ConditionalOnProperty("paligemma.model")
        static final class OfTheHub {}

        @ConditionalOnProperty("paligemma.checkpoint")
        static final class OfThisMachine {}
    }
}
