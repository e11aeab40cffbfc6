package dev.paligemma.springboot;

import dev.paligemma.ModelInfo;
import dev.paligemma.PaliGemmaPipeline;
import java.util.Optional;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.health.autoconfigure.contributor.ConditionalOnEnabledHealthIndicator;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.context.annotation.Bean;

/** The component {@code paliGemma} of an application's health. */
@AutoConfiguration(after = PaliGemmaAutoConfiguration.class)
@ConditionalOnClass({HealthIndicator.class, ConditionalOnEnabledHealthIndicator.class})
@ConditionalOnEnabledHealthIndicator("paligemma")
public class PaliGemmaHealthAutoConfiguration {
    /** For Spring. */
    public PaliGemmaHealthAutoConfiguration() {}

    @Bean
    @ConditionalOnBean(PaliGemmaLoader.class)
    @ConditionalOnMissingBean(name = "paliGemmaHealthIndicator")
    HealthIndicator paliGemmaHealthIndicator(PaliGemmaLoader loader) {
        return () -> health(loader);
    }

    private static Health health(PaliGemmaLoader loader) {
        Optional<Throwable> failure = loader.failure();
        if (failure.isPresent()) {
            return Health.down(failure.orElseThrow()).build();
        }
        if (!loader.isLoaded()) {
            return Health.outOfService().withDetail("model", "is being loaded").build();
        }
        PaliGemmaPipeline pipeline = loader.pipeline();
        ModelInfo info = pipeline.info();
        return Health.up()
                .withDetail("engine", info.engine())
                .withDetail("engineVersion", info.engineVersion())
                .withDetail("precision", info.options().precision().toString())
                .withDetail("device", info.options().device().toString())
                .withDetail("adapters", pipeline.adapters())
                .build();
    }
}
