package dev.paligemma.springboot;

import dev.paligemma.PaliGemmaPipeline;
import dev.paligemma.springai.PaliGemmaChatModel;
import dev.paligemma.springboot.PaliGemmaProperties.Options;
import dev.paligemma.task.TaskRunner;
import io.micrometer.observation.ObservationRegistry;
import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.context.annotation.Bean;

/** A chat model over the pipeline, of which Spring AI makes a chat client. */
@AutoConfiguration(
        after = PaliGemmaAutoConfiguration.class,
        beforeName = "org.springframework.ai.model.chat.client.autoconfigure.ChatClientAutoConfiguration")
@ConditionalOnProperty(name = "spring.ai.model.chat", havingValue = "paligemma", matchIfMissing = true)
public class PaliGemmaChatAutoConfiguration {
    /** For Spring. */
    public PaliGemmaChatAutoConfiguration() {}

    @Bean
    @ConditionalOnBean(PaliGemmaPipeline.class)
    @ConditionalOnMissingBean
    PaliGemmaChatModel paliGemmaChatModel(
            PaliGemmaProperties properties,
            ObjectProvider<PaliGemmaLoader> loader,
            ObjectProvider<PaliGemmaPipeline> pipeline,
            ObjectProvider<ObservationRegistry> observations) {
        PaliGemmaLoader loading = loader.getIfAvailable();
        TaskRunner runner = loading == null ? pipeline.getObject() : loading.runner();
        Options options = properties.chat().options();
        return PaliGemmaChatModel.builder()
                .pipeline(runner)
                .modelName(properties.chat().modelName())
                .otherMessages(properties.chat().otherMessages())
                .defaultOptions(ChatOptions.builder()
                        .maxTokens(options.maxTokens())
                        .stopSequences(options.stopSequences())
                        .temperature(options.temperature())
                        .topK(options.topK())
                        .topP(options.topP())
                        .build())
                .observationRegistry(observations.getIfUnique(() -> ObservationRegistry.NOOP))
                .build();
    }
}
