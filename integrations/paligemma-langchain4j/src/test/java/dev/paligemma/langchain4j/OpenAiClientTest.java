package dev.paligemma.langchain4j;

import static dev.paligemma.langchain4j.TinyPipeline.about;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.langchain4j.data.message.ImageContent;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.exception.AuthenticationException;
import dev.langchain4j.exception.InvalidRequestException;
import dev.langchain4j.exception.ModelNotFoundException;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import dev.langchain4j.model.openai.OpenAiChatModel;
import dev.langchain4j.model.openai.OpenAiStreamingChatModel;
import dev.langchain4j.model.output.FinishReason;
import dev.paligemma.server.PaliGemmaServer;
import dev.paligemma.tiny.TinyModel;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The clients for OpenAI of LangChain4j, in front of our server. */
class OpenAiClientTest {
    private static PaliGemmaServer server;

    @BeforeAll
    static void start() {
        server = PaliGemmaServer.builder()
                .pipeline(TinyPipeline.SHARED)
                .modelName("paligemma-tiny")
                .apiKey("key-of-the-tests")
                .port(0)
                .start();
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    private static String address() {
        return server.address().resolve("/v1").toString();
    }

    private static OpenAiChatModel.OpenAiChatModelBuilder client() {
        return OpenAiChatModel.builder()
                .baseUrl(address())
                .apiKey("key-of-the-tests")
                .modelName("paligemma-tiny")
                .maxRetries(0);
    }

    @Test
    void answers() {
        ChatResponse response = client().build().chat(about("caption en"));

        assertThat(response.aiMessage().text()).isEqualTo(TinyModel.CAPTION);
        assertThat(response.finishReason()).isEqualTo(FinishReason.STOP);
        assertThat(response.tokenUsage().inputTokenCount()).isEqualTo(68);
        assertThat(response.tokenUsage().outputTokenCount()).isEqualTo(7);
    }

    @Test
    void streams() throws Exception {
        List<String> pieces = new ArrayList<>();
        CompletableFuture<ChatResponse> end = new CompletableFuture<>();
        OpenAiStreamingChatModel.builder()
                .baseUrl(address())
                .apiKey("key-of-the-tests")
                .modelName("paligemma-tiny")
                .build()
                .chat(List.of(about("caption en")), new StreamingChatResponseHandler() {
                    @Override
                    public void onPartialResponse(String piece) {
                        pieces.add(piece);
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

        ChatResponse response = end.get(1, TimeUnit.MINUTES);
        assertThat(pieces).hasSize(7);
        assertThat(response.aiMessage().text()).isEqualTo(TinyModel.CAPTION);
        assertThat(response.finishReason()).isEqualTo(FinishReason.STOP);
        assertThat(response.tokenUsage().totalTokenCount()).isEqualTo(75);
    }

    @Test
    void stopStringsAndLimitsEndAnAnswer() {
        ChatResponse stopped = client().stop(List.of(" and")).build().chat(about("caption en"));
        ChatResponse cut = client().maxTokens(2).build().chat(about("caption en"));

        assertThat(stopped.aiMessage().text()).isEqualTo("a blue square");
        assertThat(stopped.finishReason()).isEqualTo(FinishReason.STOP);
        assertThat(cut.aiMessage().text()).isEqualTo("a blue");
        assertThat(cut.finishReason()).isEqualTo(FinishReason.LENGTH);
    }

    @Test
    void errorsAreThoseThatTheClientKnows() {
        assertThatThrownBy(() -> client().modelName("gpt-4").build().chat(about("caption en")))
                .isInstanceOf(ModelNotFoundException.class);
        assertThatThrownBy(() -> client().build().chat(UserMessage.from(ImageContent.from("AAAA", "image/png"))))
                .isInstanceOf(InvalidRequestException.class);
        assertThatThrownBy(() -> client().apiKey("another").build().chat(about("caption en")))
                .isInstanceOf(AuthenticationException.class);
    }
}
