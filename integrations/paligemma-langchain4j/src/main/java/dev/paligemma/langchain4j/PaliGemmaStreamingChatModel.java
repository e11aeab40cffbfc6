package dev.paligemma.langchain4j;

import dev.langchain4j.model.ModelProvider;
import dev.langchain4j.model.chat.StreamingChatModel;
import dev.langchain4j.model.chat.listener.ChatModelListener;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import dev.paligemma.generation.GenerationRequest;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Executor;

/**
 * Answers messages with pictures piece by piece. Thread-safe; does not close the pipeline. {@link PaliGemmaChatModel} says what is
 * honoured, what is refused, and with which exceptions.
 *
 * <p>An answer is written in a thread of the {@linkplain Builder#executor executor}, which also calls the handler. What a request asks for
 * in vain is thrown in the caller's thread, later failures go to {@code onError}. An exception of the handler goes to {@code onError} as
 * well and does not stop the answer.
 *
 * <p>The handle of a partial response cancels: what the answer occupies is free within one token, and the handler is not called any more.
 */
public final class PaliGemmaStreamingChatModel implements StreamingChatModel {
    private final ChatSettings settings;
    private final Executor executor;

    private PaliGemmaStreamingChatModel(Builder builder) {
        this.settings = new ChatSettings(builder);
        this.executor = builder.executor;
    }

    /** A builder, which needs a pipeline. */
    public static Builder builder() {
        return new Builder();
    }

    @Override
    public void doChat(ChatRequest chat, StreamingChatResponseHandler handler) {
        GenerationRequest request = settings.request(chat);
        executor.execute(new StreamedAnswer(settings, chat, request, handler));
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

    /** Collects what a {@link PaliGemmaStreamingChatModel} needs. Confined to one thread. */
    public static final class Builder extends PaliGemmaChatModelBuilder<Builder> {
        private Executor executor = Builder::inThreadOfItsOwn;

        private Builder() {}

        /**
         * Chooses where answers are written, one task for each; by default each has a daemon thread of its own. A task that waits for its
         * turn occupies a thread.
         */
        public Builder executor(Executor newExecutor) {
            this.executor = Objects.requireNonNull(newExecutor, "executor");
            return this;
        }

        private static void inThreadOfItsOwn(Runnable answer) {
            Thread thread = new Thread(answer, "paligemma-answer");
            thread.setDaemon(true);
            thread.start();
        }

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
        public PaliGemmaStreamingChatModel build() {
            return new PaliGemmaStreamingChatModel(this);
        }
    }
}
