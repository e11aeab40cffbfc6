package dev.paligemma.langchain4j.examples;

import dev.langchain4j.data.message.ImageContent;
import dev.langchain4j.data.message.TextContent;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.model.chat.ChatModel;
import dev.langchain4j.model.chat.StreamingChatModel;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.PartialResponse;
import dev.langchain4j.model.chat.response.PartialResponseContext;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import dev.langchain4j.service.AiServices;
import dev.langchain4j.service.SystemMessage;
import dev.paligemma.PaliGemmaPipeline;
import dev.paligemma.detection.Detection;
import dev.paligemma.langchain4j.PaliGemmaChatModel;
import dev.paligemma.langchain4j.PaliGemmaChatResponseMetadata;
import dev.paligemma.langchain4j.PaliGemmaStreamingChatModel;
import dev.paligemma.langchain4j.PaliGemmaTools;
import dev.paligemma.vision.RgbImage;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/** Examples of docs/langchain4j.md. */
final class LangChain4jExample {
    private LangChain4jExample() {}

    // region langchain4j-caption
    static String caption(PaliGemmaPipeline pipeline, Path picture) {
        ChatModel model = PaliGemmaChatModel.builder().pipeline(pipeline).build();
        ChatResponse response =
                model.chat(UserMessage.from(ImageContent.from(picture, "image/png"), TextContent.from("caption en")));
        return response.aiMessage().text();
    }
    // endregion

    // region langchain4j-boxes
    static void detect(PaliGemmaPipeline pipeline, Path picture) {
        ChatModel model = PaliGemmaChatModel.builder().pipeline(pipeline).build();
        ChatResponse response = model.chat(UserMessage.from(
                ImageContent.from(picture, "image/png"), TextContent.from("detect word ; blue square")));
        if (response.metadata() instanceof PaliGemmaChatResponseMetadata metadata) {
            for (Detection thing : metadata.detections()) {
                System.out.println(thing.label() + " at " + thing.pixels());
            }
        }
    }
    // endregion

    // region langchain4j-stream
    static CompletableFuture<ChatResponse> stream(PaliGemmaPipeline pipeline, UserMessage message, int mostPieces) {
        StreamingChatModel model =
                PaliGemmaStreamingChatModel.builder().pipeline(pipeline).build();
        CompletableFuture<ChatResponse> end = new CompletableFuture<>();
        model.chat(List.of(message), new StreamingChatResponseHandler() {
            private int pieces;

            @Override
            public void onPartialResponse(PartialResponse piece, PartialResponseContext context) {
                System.out.print(piece.text());
                if (++pieces == mostPieces) {
                    context.streamingHandle().cancel(); // the handler hears nothing more
                    end.cancel(false);
                }
            }

            @Override
            public void onCompleteResponse(ChatResponse response) {
                end.complete(response);
            }

            @Override
            public void onError(Throwable error) {
                end.completeExceptionally(error);
            }
        });
        return end;
    }
    // endregion

    // region langchain4j-tools
    interface Assistant {
        @SystemMessage("You answer questions about the pictures 'sign' and 'photo'. Look at them with your tools.")
        String answer(String question);
    }

    static Assistant assistant(ChatModel llm, PaliGemmaPipeline pipeline, RgbImage sign, RgbImage photo) {
        return AiServices.builder(Assistant.class)
                .chatModel(llm)
                .tools(PaliGemmaTools.of(pipeline, Map.of("sign", sign, "photo", photo)))
                .build();
    }
    // endregion
}
