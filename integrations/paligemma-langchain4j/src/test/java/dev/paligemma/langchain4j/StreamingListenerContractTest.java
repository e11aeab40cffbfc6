package dev.paligemma.langchain4j;

import dev.langchain4j.exception.RateLimitException;
import dev.langchain4j.model.chat.StreamingChatModel;
import dev.langchain4j.model.chat.common.AbstractStreamingChatModelListenerIT;
import dev.langchain4j.model.chat.listener.ChatModelListener;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import dev.paligemma.generation.TooManyRequestsException;
import dev.paligemma.vision.RgbImage;

/** What LangChain4j asks of every streaming chat model with listeners. */
class StreamingListenerContractTest extends AbstractStreamingChatModelListenerIT {
    private StreamingChatModel model(ScriptedRunner runner, ChatModelListener listener) {
        return PaliGemmaStreamingChatModel.builder()
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
    protected StreamingChatModel createModel(ChatModelListener listener) {
        return model(ScriptedRunner.ofContracts(), listener);
    }

    @Override
    protected StreamingChatModel createFailingModel(ChatModelListener listener) {
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
