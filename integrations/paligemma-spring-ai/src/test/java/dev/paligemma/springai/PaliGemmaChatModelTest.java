package dev.paligemma.springai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.paligemma.PaliGemmaPipeline;
import dev.paligemma.cli.RandomAdapter;
import dev.paligemma.detection.Detection;
import dev.paligemma.generation.GenerationRequest;
import dev.paligemma.generation.Sampling;
import dev.paligemma.task.BoxTask;
import dev.paligemma.tiny.TinyModel;
import dev.paligemma.vision.RgbImage;
import dev.paligemma.vision.format.ImageException;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.SystemMessage;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.ai.chat.model.ChatModel;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.ai.content.Media;
import org.springframework.ai.model.tool.ToolCallingChatOptions;
import org.springframework.ai.tool.function.FunctionToolCallback;
import org.springframework.core.io.ByteArrayResource;
import org.springframework.core.io.FileSystemResource;
import org.springframework.util.MimeTypeUtils;

/** Compiled against Spring AI 1.1, and run on 1.1 here and on 2.0 by the module of the starter. */
class PaliGemmaChatModelTest {
    private static PaliGemmaPipeline pipeline;

    @BeforeAll
    static void load() {
        pipeline = PaliGemmaPipeline.builder()
                .checkpoint(TinyModel.folder())
                .threads(2)
                .build();
    }

    @AfterAll
    static void close() {
        pipeline.close();
    }

    private static PaliGemmaChatModel.Builder builder() {
        return PaliGemmaChatModel.builder().pipeline(pipeline);
    }

    private static UserMessage about(String prompt) {
        return UserMessage.builder()
                .text(prompt)
                .media(new Media(MimeTypeUtils.IMAGE_PNG, new FileSystemResource(TinyModel.picture())))
                .build();
    }

    private static String text(ChatResponse response) {
        return response.getResult().getOutput().getText();
    }

    private static ChatResponse ask(String prompt, ChatOptions options) {
        return builder().build().call(new Prompt(about(prompt), options));
    }

    private static String reason(ChatResponse response) {
        return response.getResult().getMetadata().getFinishReason();
    }

    @Test
    void captionsAPictureAndSaysWhatItTook() {
        ChatResponse response = builder().build().call(new Prompt(about("caption en")));

        assertThat(text(response)).isEqualTo(TinyModel.CAPTION);
        assertThat(reason(response)).isEqualTo("STOP");
        assertThat(response.getMetadata().getModel()).isEqualTo("paligemma");
        assertThat(response.getMetadata().getId()).isNotBlank();
        assertThat(response.getMetadata().getUsage().getPromptTokens()).isEqualTo(68);
        assertThat(response.getMetadata().getUsage().getCompletionTokens()).isEqualTo(7);
        assertThat(response.getMetadata().getUsage().getTotalTokens()).isEqualTo(75);
        assertThat(PaliGemmaChatModel.generation(response).orElseThrow().imageTokens())
                .isEqualTo(64);
        assertThat(PaliGemmaChatModel.boxes(response)).isEmpty();
        assertThat(PaliGemmaChatModel.detections(response)).isEmpty();
    }

    @Test
    void boxesMayHaveAsManyTokensAsTheirTask() {
        List<Integer> limits = new ArrayList<>();
        PaliGemmaChatModel seen = builder()
                .customizeRequests(request -> limits.add(request.build().maxNewTokens()))
                .build();
        seen.call(new Prompt(about("detect blue square")));
        seen.call(new Prompt(about("caption en")));
        seen.call(new Prompt(
                about("segment word"), ChatOptions.builder().maxTokens(50).build()));

        assertThat(limits).startsWith(BoxTask.MAX_NEW_TOKENS).endsWith(50);
        assertThat(limits.get(1)).isLessThan(BoxTask.MAX_NEW_TOKENS);
    }

    @Test
    void theChatClientOfSpringReachesIt() {
        ChatClient client = ChatClient.create(builder().build());

        assertThat(client.prompt()
                        .user(user -> user.text("caption en")
                                .media(MimeTypeUtils.IMAGE_PNG, new FileSystemResource(TinyModel.picture())))
                        .call()
                        .content())
                .isEqualTo(TinyModel.CAPTION);
    }

    @Test
    void boxesOfAnAnswerAreInTheMetadata() {
        ChatResponse response = builder().build().call(new Prompt(about("detect word ; blue square")));

        assertThat(PaliGemmaChatModel.detections(response).stream().map(Detection::label))
                .containsExactlyInAnyOrder("word", TinyModel.THING);
    }

    @Test
    void limitsEndAnAnswer() {
        ChatResponse cut = ask("caption en", ChatOptions.builder().maxTokens(2).build());
        ChatResponse stopped = ask(
                "caption en",
                ChatOptions.builder().stopSequences(List.of(" and")).build());

        assertThat(text(cut)).isEqualTo("a blue");
        assertThat(reason(cut)).isEqualTo("LENGTH");
        assertThat(text(stopped)).isEqualTo("a blue square");
        assertThat(reason(stopped)).isEqualTo("STOP");
    }

    @Test
    void optionsOfAPromptGoBeforeTheDefaultOnes() {
        ChatModel model = builder()
                .defaultOptions(ChatOptions.builder()
                        .maxTokens(2)
                        .stopSequences(List.of(" blue"))
                        .build())
                .build();

        assertThat(text(model.call(new Prompt(about("caption en"))))).isEqualTo("a");
        assertThat(text(model.call(new Prompt(
                        about("caption en"),
                        ChatOptions.builder()
                                .maxTokens(9)
                                .stopSequences(List.of("word"))
                                .build()))))
                .isEqualTo("a blue square and the ");
        assertThat(model.getDefaultOptions().getMaxTokens()).isEqualTo(2);
        assertThat(model.getDefaultOptions().getModel()).isEqualTo("paligemma");
    }

    @Test
    void howTokensAreChosenIsHonoured() {
        List<Sampling> seen = new ArrayList<>();
        ChatModel recording = builder()
                .customizeRequests(request -> seen.add(request.build().sampling()))
                .build();
        for (ChatOptions options : List.of(
                ChatOptions.builder().build(),
                ChatOptions.builder().temperature(0.0).topK(3).build(),
                ChatOptions.builder().temperature(0.5).topP(0.9).topK(10).build(),
                ChatOptions.builder().topP(0.25).build(),
                ChatOptions.builder().topK(2).build())) {
            recording.call(new Prompt(about("caption en"), options));
        }

        assertThat(seen.subList(0, 2)).allMatch(Sampling::isGreedy);
        assertThat(seen.get(2).toString()).startsWith("temperature 0.5, topK 10, topP 0.9");
        assertThat(seen.get(3).toString()).startsWith("temperature 1.0, topP 0.25");
        assertThat(seen.get(4).toString()).startsWith("temperature 1.0, topK 2");
        Set<Long> seeds = new HashSet<>();
        seen.subList(2, 5).forEach(sampling -> seeds.add(sampling.seed()));
        assertThat(seeds).hasSize(3);
    }

    @Test
    void whatTheModelCannotDoIsRefused() {
        assertThat(text(ask(
                        "caption en",
                        ChatOptions.builder()
                                .frequencyPenalty(0.0)
                                .presencePenalty(0.0)
                                .build())))
                .isEqualTo(TinyModel.CAPTION);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ask(
                        "caption en",
                        ChatOptions.builder().frequencyPenalty(0.1).build()))
                .withMessageStartingWith("frequencyPenalty is not supported");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder()
                        .defaultOptions(
                                ChatOptions.builder().presencePenalty(1.0).build())
                        .build())
                .withMessageStartingWith("presencePenalty is not supported");
        assertThatIllegalArgumentException()
                .isThrownBy(() ->
                        ask("caption en", ChatOptions.builder().model("gpt-4").build()))
                .withMessage("model \"gpt-4\" is not supported: this one is called \"paligemma\", its adapters []");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ask(
                        "caption en",
                        ToolCallingChatOptions.builder()
                                .toolCallbacks(List.of(FunctionToolCallback.builder("now", () -> "noon")
                                        .description("the time")
                                        .inputType(Void.class)
                                        .build()))
                                .build()))
                .withMessage("tools are not supported: the model cannot call any");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ask("caption en", new OptionsOfAnotherModel()))
                .withMessageContaining("OptionsOfAnotherModel are not supported")
                .withMessageEndingWith("use ChatOptions.builder()");
        assertThatIllegalArgumentException()
                .isThrownBy(() ->
                        ask("caption en", ChatOptions.builder().maxTokens(0).build()))
                .withMessage("maxNewTokens must be at least 1, got 0");
    }

    @Test
    void anAdapterIsChosenByTheNameOfTheModel(@TempDir Path folder) throws IOException {
        try (PaliGemmaPipeline adapted = PaliGemmaPipeline.builder()
                .checkpoint(TinyModel.folder())
                .adapter("strange", RandomAdapter.write(folder, 7))
                .build()) {
            ChatResponse response = PaliGemmaChatModel.builder()
                    .pipeline(adapted)
                    .build()
                    .call(new Prompt(
                            about("caption en"),
                            ChatOptions.builder().model("strange").build()));

            assertThat(response.getMetadata().getModel()).isEqualTo("strange");
            assertThat(text(response)).isEqualTo(adapted.withAdapter("strange").caption(TinyModel.picture()));
        }
    }

    @Test
    void severalMessagesAreRefusedUnlessTheApplicationSaysWhatBecomesOfThem() {
        List<Message> talk = List.of(
                new SystemMessage("be short"),
                about("caption en"),
                new AssistantMessage(TinyModel.CAPTION),
                new UserMessage("answer en what word is written?"));
        List<GenerationRequest> seen = new ArrayList<>();

        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder().build().call(new Prompt(talk)))
                .withMessageStartingWith("a prompt of several messages is not supported, got 4");
        assertThat(text(builder().otherMessages(OtherMessages.LEAVE_OUT).build().call(new Prompt(talk))))
                .isEqualTo(TinyModel.WORD);
        builder()
                .otherMessages(OtherMessages.JOIN)
                .customizeRequests(request -> seen.add(request.build()))
                .build()
                .call(new Prompt(talk));
        assertThat(seen.get(0).prompt())
                .isEqualTo("be short\ncaption en\n" + TinyModel.CAPTION + "\nanswer en what word is written?");
    }

    @Test
    void aMessageWithoutAPictureNeedsADefaultOne() {
        Prompt question = new Prompt("answer en what word is written?");

        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder().build().call(question))
                .withMessage("a request needs at least one image, got none");
        assertThat(text(builder()
                        .defaultImages(RgbImage.read(TinyModel.picture()))
                        .build()
                        .call(question)))
                .isEqualTo(TinyModel.WORD);
    }

    @Test
    void mediaArePicturesGivenByTheirBytes() {
        assertThatIllegalArgumentException()
                .isThrownBy(
                        () -> withMedia(new Media(MimeTypeUtils.IMAGE_PNG, URI.create("https://example.org/a.png"))))
                .withMessageContaining("addresses are not followed");
        assertThatIllegalArgumentException()
                .isThrownBy(() ->
                        withMedia(new Media(MimeTypeUtils.TEXT_PLAIN, new ByteArrayResource(new byte[] {1, 2, 3}))))
                .withMessage("media of type text/plain are not supported; expected an image");
        assertThatThrownBy(() ->
                        withMedia(new Media(MimeTypeUtils.IMAGE_PNG, new ByteArrayResource(new byte[] {1, 2, 3}))))
                .isInstanceOf(ImageException.class);
    }

    private static void withMedia(Media media) {
        builder()
                .build()
                .call(new Prompt(
                        UserMessage.builder().text("caption en").media(media).build()));
    }

    @Test
    void aPipelineIsNeeded() {
        assertThatThrownBy(() -> PaliGemmaChatModel.builder().build())
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("a chat model needs a pipeline; give it by pipeline(...)");
    }
}
