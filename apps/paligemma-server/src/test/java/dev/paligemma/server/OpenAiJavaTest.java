package dev.paligemma.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.core.http.StreamResponse;
import com.openai.errors.BadRequestException;
import com.openai.errors.NotFoundException;
import com.openai.errors.UnauthorizedException;
import com.openai.models.chat.completions.ChatCompletion;
import com.openai.models.chat.completions.ChatCompletionChunk;
import com.openai.models.chat.completions.ChatCompletionContentPart;
import com.openai.models.chat.completions.ChatCompletionContentPartImage;
import com.openai.models.chat.completions.ChatCompletionContentPartText;
import com.openai.models.chat.completions.ChatCompletionCreateParams;
import com.openai.models.chat.completions.ChatCompletionStreamOptions;
import dev.paligemma.tiny.TinyModel;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The client of OpenAI for Java. */
class OpenAiJavaTest {
    private static PaliGemmaServer server;
    private static OpenAIClient client;

    @BeforeAll
    static void start() {
        server = Servers.tiny().apiKey("secret").start();
        client = client("secret");
    }

    private static OpenAIClient client(String key) {
        return OpenAIOkHttpClient.builder()
                .baseUrl(server.address() + "/v1")
                .apiKey(key)
                .maxRetries(0)
                .build();
    }

    @AfterAll
    static void stop() {
        client.close();
        server.close();
    }

    private static ChatCompletionCreateParams.Builder question() {
        return ChatCompletionCreateParams.builder()
                .model("paligemma-tiny")
                .addUserMessageOfArrayOfContentParts(List.of(
                        ChatCompletionContentPart.ofImageUrl(ChatCompletionContentPartImage.builder()
                                .imageUrl(ChatCompletionContentPartImage.ImageUrl.builder()
                                        .url(Servers.picture())
                                        .build())
                                .build()),
                        ChatCompletionContentPart.ofText(ChatCompletionContentPartText.builder()
                                .text("caption en")
                                .build())));
    }

    private static ChatCompletion ask(ChatCompletionCreateParams.Builder question) {
        return client.chat().completions().create(question.build());
    }

    @Test
    void getsAnAnswer() {
        ChatCompletion answer = ask(question().logprobs(true).topLogprobs(2));

        ChatCompletion.Choice choice = answer.choices().get(0);
        assertThat(choice.message().content()).hasValue(TinyModel.CAPTION);
        assertThat(choice.finishReason()).isEqualTo(ChatCompletion.Choice.FinishReason.STOP);
        assertThat(choice.logprobs().orElseThrow().content().orElseThrow()).hasSize(7);
        assertThat(answer.usage().orElseThrow().completionTokens()).isEqualTo(7);
        assertThat(answer.validate()).isSameAs(answer);
    }

    @Test
    void getsPieces() {
        ChatCompletionCreateParams question = question()
                .streamOptions(
                        ChatCompletionStreamOptions.builder().includeUsage(true).build())
                .build();
        try (StreamResponse<ChatCompletionChunk> answer =
                client.chat().completions().createStreaming(question)) {
            List<ChatCompletionChunk> chunks = answer.stream().toList();

            assertThat(chunks).allSatisfy(chunk -> assertThat(chunk.validate()).isSameAs(chunk));
            assertThat(chunks.stream()
                            .flatMap(chunk -> chunk.choices().stream())
                            .flatMap(choice -> choice.delta().content().stream())
                            .collect(Collectors.joining()))
                    .isEqualTo(TinyModel.CAPTION);
            assertThat(chunks.get(chunks.size() - 1).usage()).isPresent();
        }
    }

    @Test
    void stopsAtATextAndAtALength() {
        assertThat(ask(question().stop(" and")).choices().get(0).message().content())
                .hasValue("a blue square");
        assertThat(ask(question().maxCompletionTokens(2)).choices().get(0).finishReason())
                .isEqualTo(ChatCompletion.Choice.FinishReason.LENGTH);
    }

    @Test
    void throwsWhatItThrowsElsewhere() {
        assertThatExceptionOfType(NotFoundException.class)
                .isThrownBy(() -> ask(question().model("gpt-4o")))
                .satisfies(e -> assertThat(e.code()).hasValue("model_not_found"));
        assertThatExceptionOfType(BadRequestException.class)
                .isThrownBy(() -> ask(question().temperature(9)))
                .satisfies(e -> assertThat(e.param()).hasValue("temperature"));
        OpenAIClient other = client("wrong");
        assertThatExceptionOfType(UnauthorizedException.class)
                .isThrownBy(() -> other.chat().completions().create(question().build()));
        other.close();
    }

    @Test
    void listsModels() {
        assertThat(client.models().list().data())
                .extracting(model -> model.id())
                .containsExactly("paligemma-tiny");
    }
}
