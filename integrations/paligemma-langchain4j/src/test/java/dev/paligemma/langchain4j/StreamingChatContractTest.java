package dev.paligemma.langchain4j;

import dev.langchain4j.model.chat.StreamingChatModel;
import dev.langchain4j.model.chat.common.AbstractStreamingChatModelIT;
import dev.langchain4j.model.chat.listener.ChatModelListener;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import dev.langchain4j.model.chat.response.ChatResponseMetadata;
import dev.paligemma.vision.RgbImage;
import java.util.List;

/** What LangChain4j asks of every streaming chat model. */
class StreamingChatContractTest extends AbstractStreamingChatModelIT {
    private static PaliGemmaStreamingChatModel.Builder builder() {
        return PaliGemmaStreamingChatModel.builder()
                .pipeline(ScriptedRunner.ofContracts())
                .otherMessages(OtherMessages.JOIN)
                .defaultImages(RgbImage.of(1, 1, new byte[3]));
    }

    @Override
    protected List<StreamingChatModel> models() {
        return List.of(builder().build());
    }

    @Override
    protected StreamingChatModel createModelWith(ChatRequestParameters parameters) {
        return builder().defaultRequestParameters(parameters).build();
    }

    @Override
    public StreamingChatModel createModelWith(ChatModelListener listener) {
        return builder().listeners(listener).build();
    }

    @Override
    protected ChatRequestParameters createIntegrationSpecificParameters(int maxOutputTokens) {
        return ChatRequestParameters.builder().maxOutputTokens(maxOutputTokens).build();
    }

    @Override
    protected Class<? extends ChatResponseMetadata> chatResponseMetadataType(StreamingChatModel model) {
        return PaliGemmaChatResponseMetadata.class;
    }

    /** That test waits for 30 s to see that nothing comes; PaliGemmaStreamingChatModelTest has one that need not wait. */
    @Override
    protected boolean supportsStreamingCancellation() {
        return Boolean.getBoolean("contracts.waiting");
    }

    // Everything below is refused, and the contract tests that it is.

    @Override
    protected boolean supportsModelNameParameter() {
        return false;
    }

    @Override
    protected boolean supportsTools() {
        return false;
    }

    @Override
    protected boolean supportsToolChoiceRequired() {
        return false;
    }

    @Override
    protected boolean supportsJsonResponseFormat() {
        return false;
    }

    @Override
    protected boolean supportsJsonResponseFormatWithSchema() {
        return false;
    }

    @Override
    protected boolean supportsJsonResponseFormatWithRawSchema() {
        return false;
    }

    @Override
    protected boolean supportsToolsAndJsonResponseFormatWithSchema() {
        return false;
    }

    @Override
    protected boolean supportsSingleImageInputAsPublicURL() {
        return false;
    }

    @Override
    protected boolean supportsMultipleImageInputsAsPublicURLs() {
        return false;
    }
}
