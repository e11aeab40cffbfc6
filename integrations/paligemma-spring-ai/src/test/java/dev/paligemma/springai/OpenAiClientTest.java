package dev.paligemma.springai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.paligemma.PaliGemmaPipeline;
import dev.paligemma.server.PaliGemmaServer;
import dev.paligemma.tiny.TinyModel;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.ai.content.Media;
import org.springframework.ai.openai.OpenAiChatModel;
import org.springframework.ai.openai.OpenAiChatOptions;
import org.springframework.ai.openai.api.OpenAiApi;
import org.springframework.ai.retry.NonTransientAiException;
import org.springframework.core.io.FileSystemResource;
import org.springframework.util.MimeTypeUtils;

/** The client for OpenAI of Spring AI 1.1, in front of our server; that of 2.0 is tried in the module of the starter. */
class OpenAiClientTest {
    private static PaliGemmaPipeline pipeline;
    private static PaliGemmaServer server;

    @BeforeAll
    static void start() {
        pipeline = PaliGemmaPipeline.builder()
                .checkpoint(TinyModel.folder())
                .threads(2)
                .build();
        server = PaliGemmaServer.builder()
                .pipeline(pipeline)
                .modelName("paligemma-tiny")
                .apiKey("key-of-the-tests")
                .port(0)
                .start();
    }

    @AfterAll
    static void stop() {
        server.close();
        pipeline.close();
    }

    private static OpenAiChatModel client(String key) {
        return OpenAiChatModel.builder()
                .openAiApi(OpenAiApi.builder()
                        .baseUrl(server.address().toString().replaceAll("/$", ""))
                        .apiKey(key)
                        .build())
                .build();
    }

    private static Prompt prompt(OpenAiChatOptions.Builder options) {
        return new Prompt(
                UserMessage.builder()
                        .text("caption en")
                        .media(new Media(MimeTypeUtils.IMAGE_PNG, new FileSystemResource(TinyModel.picture())))
                        .build(),
                options.build());
    }

    private static OpenAiChatOptions.Builder options() {
        // Spring AI 1.1 sends 0.7 unless it is told otherwise.
        return OpenAiChatOptions.builder().model("paligemma-tiny").temperature(0.0);
    }

    private static ChatResponse ask(OpenAiChatOptions.Builder options) {
        return client("key-of-the-tests").call(prompt(options));
    }

    private static String text(ChatResponse response) {
        return response.getResult().getOutput().getText();
    }

    private static String reason(ChatResponse response) {
        return response.getResult().getMetadata().getFinishReason();
    }

    @Test
    void answers() {
        ChatResponse response = ask(options());

        assertThat(text(response)).isEqualTo(TinyModel.CAPTION);
        assertThat(reason(response)).isEqualToIgnoringCase("stop");
        assertThat(response.getMetadata().getUsage().getPromptTokens()).isEqualTo(68);
        assertThat(response.getMetadata().getUsage().getTotalTokens()).isEqualTo(75);
    }

    @Test
    void streams() {
        List<ChatResponse> responses = client("key-of-the-tests").stream(
                        prompt(options().streamUsage(true)))
                .collectList()
                .block(Duration.ofMinutes(1));

        StringBuilder written = new StringBuilder();
        for (ChatResponse response : responses) {
            if (response.getResult() != null && text(response) != null) {
                written.append(text(response));
            }
        }
        assertThat(responses).hasSizeGreaterThan(6);
        assertThat(written.toString()).isEqualTo(TinyModel.CAPTION);
        assertThat(responses.stream().map(each -> each.getMetadata().getUsage().getTotalTokens()))
                .contains(75);
    }

    @Test
    void stopStringsAndLimitsEndAnAnswer() {
        ChatResponse stopped = ask(options().stop(List.of(" and")));
        ChatResponse cut = ask(options().maxTokens(2));

        assertThat(text(stopped)).isEqualTo("a blue square");
        assertThat(reason(stopped)).isEqualToIgnoringCase("stop");
        assertThat(text(cut)).isEqualTo("a blue");
        assertThat(reason(cut)).isEqualToIgnoringCase("length");
    }

    @Test
    void errorsAreThoseThatTheClientKnows() {
        assertThatThrownBy(() -> ask(options().model("gpt-4")))
                .isInstanceOf(NonTransientAiException.class)
                .hasMessageContaining("model_not_found");
        assertThatThrownBy(() -> ask(options().frequencyPenalty(1.0)))
                .isInstanceOf(NonTransientAiException.class)
                .hasMessageContaining("frequency_penalty");
        assertThatThrownBy(() -> client("another").call(prompt(options())))
                .isInstanceOf(NonTransientAiException.class)
                .hasMessageContaining("invalid_api_key");
    }
}
