package dev.paligemma.langchain4j;

import dev.langchain4j.model.chat.listener.ChatModelListener;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import dev.paligemma.base.internal.NonNull;
import dev.paligemma.generation.GenerationRequest;
import dev.paligemma.task.TaskRunner;
import dev.paligemma.vision.RgbImage;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Collects what both chat models need. Confined to one thread.
 *
 * <p>How parameters of a request, or the default ones, become a {@link GenerationRequest}:
 *
 * <ul>
 *   <li>{@code maxOutputTokens}: {@link GenerationRequest.Builder#maxNewTokens}
 *   <li>{@code stopSequences}: {@link GenerationRequest.Builder#stop}
 *   <li>{@code temperature}, {@code topP}, {@code topK}: the {@link dev.paligemma.generation.Sampling} of these names. Without any of them,
 *       and with a temperature of 0, the answer is greedy; without a temperature it is 1. The seed is another one for each request.
 *   <li>{@code modelName}: the {@link #modelName} of this model, or the name of an adapter that was loaded with the pipeline
 * </ul>
 *
 * @param <B> the builder
 */
public abstract class PaliGemmaChatModelBuilder<B extends PaliGemmaChatModelBuilder<B>> {
    /** What a model is called unless the application says otherwise: {@value}. */
    public static final String DEFAULT_MODEL_NAME = "paligemma";

    @Nullable
    TaskRunner pipeline;

    String modelName = DEFAULT_MODEL_NAME;
    ChatRequestParameters defaults = ChatRequestParameters.builder().build();
    List<ChatModelListener> listeners = List.of();
    OtherMessages otherMessages = OtherMessages.REFUSE;
    List<RgbImage> defaultImages = List.of();
    Consumer<GenerationRequest.Builder> customizer = request -> {};

    PaliGemmaChatModelBuilder() {}

    abstract B self();

    /**
     * Chooses what answers: a {@link dev.paligemma.PaliGemmaPipeline} of the application, which closes it, or a {@link
     * dev.paligemma.PaliGemmaPipeline#withAdapter view} of it. Required.
     */
    public B pipeline(TaskRunner newPipeline) {
        this.pipeline = Objects.requireNonNull(newPipeline, "pipeline");
        return self();
    }

    /** Chooses what requests and responses call the model, {@value #DEFAULT_MODEL_NAME} by default. */
    public B modelName(String name) {
        this.modelName = Objects.requireNonNull(name, "modelName");
        return self();
    }

    /** Chooses parameters of requests that do not say otherwise. */
    public B defaultRequestParameters(ChatRequestParameters parameters) {
        this.defaults = Objects.requireNonNull(parameters, "parameters");
        return self();
    }

    /** Chooses who listens to requests, responses and errors. */
    public B listeners(List<ChatModelListener> newListeners) {
        this.listeners = NonNull.copy(newListeners, "listeners");
        return self();
    }

    /** As {@link #listeners(List)}. */
    public B listeners(ChatModelListener... newListeners) {
        return listeners(NonNull.copy(newListeners, "listeners"));
    }

    /** Chooses what becomes of messages before the last one; by default a request that has some is refused. */
    public B otherMessages(OtherMessages choice) {
        this.otherMessages = Objects.requireNonNull(choice, "choice");
        return self();
    }

    /** Chooses the pictures of requests that have none. By default there are none, and such a request is refused. */
    public B defaultImages(RgbImage... images) {
        this.defaultImages = NonNull.copy(images, "images");
        return self();
    }

    /**
     * Changes each request after all else, for what LangChain4j has no parameter: {@code request ->
     * request.timeout(Duration.ofSeconds(30))}, a constraint, a seed.
     */
    public B customizeRequests(Consumer<GenerationRequest.Builder> newCustomizer) {
        this.customizer = Objects.requireNonNull(newCustomizer, "customizer");
        return self();
    }
}
