package dev.paligemma.langchain4j;

import dev.langchain4j.exception.RateLimitException;
import dev.langchain4j.model.chat.ChatModel;
import dev.langchain4j.model.chat.common.AbstractChatModelListenerIT;
import dev.langchain4j.model.chat.listener.ChatModelListener;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import dev.paligemma.generation.TooManyRequestsException;
import dev.paligemma.vision.RgbImage;

/** What LangChain4j asks of every chat model with listeners. */
class ListenerContractTest extends AbstractChatModelListenerIT {
    private ChatModel model(ScriptedRunner runner, ChatModelListener listener) {
        return PaliGemmaChatModel.builder()
                .pipeline(runner)
                .modelName(modelName())
                .defaultImages(RgbImage.of(1, 1, new byte[3]))
                .defaultRequestParameters(ChatRequestParameters.builder()
                        .temperature(temperature())
                        .topP(topP())
                        .maxOutputTokens(maxTokens())
                        .build())
                .listeners(listener)
                .build();
    }

    @Override
    protected ChatModel createModel(ChatModelListener listener) {
        return model(ScriptedRunner.ofContracts(), listener);
    }

    @Override
    protected ChatModel createFailingModel(ChatModelListener listener) {
        return model(ScriptedRunner.failing(new TooManyRequestsException(1, 0)), listener);
    }

    @Override
    protected Class<? extends Exception> expectedExceptionClass() {
        return RateLimitException.class;
    }

    @Override
    protected String modelName() {
        return "paligemma2-3b-mix-224";
    }

    @Override
    protected boolean supportsTools() {
        return false;
    }
}
