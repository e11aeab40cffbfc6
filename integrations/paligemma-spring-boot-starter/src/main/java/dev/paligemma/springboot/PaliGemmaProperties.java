package dev.paligemma.springboot;

import dev.paligemma.engine.Precision;
import dev.paligemma.springai.OtherMessages;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * The properties {@code paligemma.*}. Immutable. What is null is as {@link dev.paligemma.PipelineBuilder} has it by default.
 *
 * @param model a model of the Hugging Face hub, {@code owner/name} or {@code owner/name@revision}; or {@value #BUNDLED} for the tiny one of
 *     {@code paligemma-tiny}
 * @param revision a branch, tag or commit of the model
 * @param checkpoint a checkpoint on this machine, instead of a model of the hub
 * @param offline whether models come from the cache alone; by default as the environment says
 * @param cacheDirectory where converted weights are kept
 * @param engine the name of the engine
 * @param device where to compute: {@code cpu}, {@code cuda} or {@code cuda:1}
 * @param precision how weights are stored and computed with
 * @param threads the threads of one operation
 * @param maxConcurrentRequests the most requests that run at the same time
 * @param maxWaiting the most requests that wait for their turn; further ones are refused
 * @param adapters LoRA adapters by the name with which requests choose them, each a folder or a model of the hub
 * @param maskWeights the weights of the mask decoder
 * @param load when the model is loaded
 * @param failFast whether an application ends whose model, loaded while it starts, cannot be loaded
 * @param warmUp whether a picture is described before the model counts as loaded, so that the first request is not slower
 * @param chat the chat model
 */
@ConfigurationProperties("paligemma")
public record PaliGemmaProperties(
        @Nullable String model,
        @Nullable String revision,
        @Nullable Path checkpoint,
        @Nullable Boolean offline,
        @Nullable Path cacheDirectory,
        @Nullable String engine,
        @Nullable String device,
        @Nullable Precision precision,
        @Nullable Integer threads,
        @Nullable Integer maxConcurrentRequests,
        @Nullable Integer maxWaiting,
        @DefaultValue Map<String, String> adapters,
        @Nullable Path maskWeights,
        @DefaultValue("async") Load load,
        @DefaultValue("false") boolean failFast,
        @DefaultValue("false") boolean warmUp,
        @DefaultValue Chat chat) {
    /** The name of the model that is bundled with {@code paligemma-tiny}: {@value}. */
    public static final String BUNDLED = "bundled";

    /** When the model is loaded. */
    public enum Load {
        /**
         * While the rest of the application starts. Its health answers meanwhile, and it is ready for traffic, and {@code
         * SpringApplication.run} comes back, once the model is loaded. If it cannot be loaded, the application stays and refuses
         * traffic, or ends with {@code paligemma.fail-fast}.
         */
        ASYNC,
        /** Before the application goes on to start, which fails if the model cannot be loaded. */
        SYNC
    }

    /**
     * The chat model.
     *
     * @param modelName what prompts and responses call it
     * @param otherMessages what becomes of messages before the last one
     * @param options options of prompts that do not say otherwise
     */
    public record Chat(
            @DefaultValue("paligemma") String modelName,
            @DefaultValue("refuse") OtherMessages otherMessages,
            @DefaultValue Options options) {}

    /**
     * Options of prompts.
     *
     * @param maxTokens the most tokens of an answer
     * @param stopSequences texts that end an answer
     * @param temperature 0 for the likeliest tokens; above 0 for tokens at random
     * @param topK how many of the likeliest tokens may be chosen
     * @param topP the probability that the tokens which may be chosen have together
     */
    public record Options(
            @Nullable Integer maxTokens,
            @Nullable List<String> stopSequences,
            @Nullable Double temperature,
            @Nullable Integer topK,
            @Nullable Double topP) {}
}
