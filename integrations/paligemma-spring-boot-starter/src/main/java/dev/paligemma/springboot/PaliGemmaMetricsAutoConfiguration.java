package dev.paligemma.springboot;

import dev.paligemma.micrometer.PaliGemmaMetrics;
import io.micrometer.core.instrument.MeterRegistry;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.beans.factory.InitializingBean;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.context.annotation.Bean;

/** The meters {@code paligemma.*}. Spring binds them to the registries of the application. */
@AutoConfiguration(after = PaliGemmaAutoConfiguration.class)
@ConditionalOnClass({MeterRegistry.class, PaliGemmaMetrics.class})
public class PaliGemmaMetricsAutoConfiguration {
    /** For Spring. */
    public PaliGemmaMetricsAutoConfiguration() {}

    @Bean
    @ConditionalOnBean(PaliGemmaLoader.class)
    @ConditionalOnMissingBean
    PaliGemmaMetrics paliGemmaMetrics() {
        return new PaliGemmaMetrics();
    }

    @Bean
    @ConditionalOnBean(PaliGemmaLoader.class)
    ModelGauge paliGemmaModelGauge(PaliGemmaLoader loader, PaliGemmaMetrics metrics) {
        return new ModelGauge(loader, metrics);
    }

    /** Tells the meters when the model is loaded, and when it is no more. */
    record ModelGauge(PaliGemmaLoader loader, PaliGemmaMetrics metrics) implements InitializingBean, DisposableBean {
        @Override
        public void afterPropertiesSet() {
            loader.whenDone((loaded, failure) -> {
                if (loaded != null) {
                    metrics.loaded(loaded.info());
                }
            });
        }

        @Override
        public void destroy() {
            metrics.closed();
        }
    }
}
