package dev.paligemma.langchain4j;

import dev.langchain4j.model.ModelProvider;
import dev.langchain4j.model.chat.ChatModel;
import dev.langchain4j.model.chat.listener.ChatModelListener;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.paligemma.generation.GenerationRequest;
import java.util.List;

/**
 * Answers messages with pictures through a pipeline of the application, in the caller's thread. Thread-safe; does not close the pipeline.
 *
 * <p>The metadata of responses is a {@link PaliGemmaChatResponseMetadata}: it has the boxes of a {@code detect cat} prompt, among others.
 *
 * <p>{@code temperature}, {@code topP}, {@code topK}, {@code maxOutputTokens}, {@code stopSequences} and {@code modelName} are honoured,
 * as {@link PaliGemmaChatModelBuilder} says. Whatever else would change an answer, such as tools, a JSON response format or penalties,
 * is an {@link dev.langchain4j.exception.UnsupportedFeatureException}; so are addresses of pictures, which are not followed: give their
 * bytes. A request that cannot be answered as it is, for its picture, say, is an {@link
 * dev.langchain4j.exception.InvalidRequestException}, one that is refused because too many wait a {@link
 * dev.langchain4j.exception.RateLimitException}, both with our exception as cause. Everything else is what {@link
 * dev.paligemma.task.TaskRunner#generate} throws.
 */
public final class PaliGemmaChatModel implements ChatModel {
    private final ChatSettings settings;

    private PaliGemmaChatModel(Builder builder) {
        this.settings = new ChatSettings(builder);
    }

    /** A builder, which needs a pipeline. */
    public static Builder builder() {
        return new Builder();
    }

    @Override
    public ChatResponse doChat(ChatRequest chat) {
        GenerationRequest request = settings.request(chat);
        try {
            return settings.response(chat, request, settings.runner().generate(request));
        } catch (RuntimeException e) {
            throw Failures.translate(e);
        }
    }

    @Override
    public ChatRequestParameters defaultRequestParameters() {
        return settings.defaults();
    }

    @Override
    public List<ChatModelListener> listeners() {
        return settings.listeners();
    }

    @Override
    public ModelProvider provider() {
        return ModelProvider.OTHER;
    }

    /** Collects what a {@link PaliGemmaChatModel} needs. Confined to one thread. */
    public static final class Builder extends PaliGemmaChatModelBuilder<Builder> {
        private Builder() {}

        @Override
        Builder self() {
            return this;
        }

        /**
         * Makes the model.
         *
         * @throws IllegalStateException if there is no pipeline
         * @throws dev.langchain4j.exception.UnsupportedFeatureException if a default parameter is not supported
         */
        public PaliGemmaChatModel build() {
            return new PaliGemmaChatModel(this);
        }
    }
}
