package dev.paligemma.langchain4j;

import static dev.paligemma.langchain4j.TinyPipeline.about;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.data.message.AudioContent;
import dev.langchain4j.data.message.ImageContent;
import dev.langchain4j.data.message.SystemMessage;
import dev.langchain4j.data.message.TextContent;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.exception.InvalidRequestException;
import dev.langchain4j.exception.RateLimitException;
import dev.langchain4j.exception.UnsupportedFeatureException;
import dev.langchain4j.model.chat.ChatModel;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.output.FinishReason;
import dev.langchain4j.model.output.TokenUsage;
import dev.paligemma.PaliGemmaPipeline;
import dev.paligemma.cli.RandomAdapter;
import dev.paligemma.detection.Detection;
import dev.paligemma.detection.SegmentationResult;
import dev.paligemma.generation.GenerationRequest;
import dev.paligemma.generation.RequestCancelledException;
import dev.paligemma.generation.Sampling;
import dev.paligemma.generation.TooManyRequestsException;
import dev.paligemma.task.BoxTask;
import dev.paligemma.tiny.TinyModel;
import dev.paligemma.vision.RgbImage;
import dev.paligemma.vision.format.ImageException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PaliGemmaChatModelTest {
    private final ChatModel model = builder().build();

    private static PaliGemmaChatModel.Builder builder() {
        return PaliGemmaChatModel.builder().pipeline(TinyPipeline.SHARED);
    }

    private static ChatResponse ask(String prompt, Consumer<ChatRequestParametersBuilder> changes) {
        ChatRequestParametersBuilder parameters = new ChatRequestParametersBuilder();
        changes.accept(parameters);
        return builder()
                .build()
                .chat(ChatRequest.builder()
                        .messages(about(prompt))
                        .parameters(parameters.build())
                        .build());
    }

    /** Gives the builder of LangChain4j, whose type has a wildcard, a name. */
    private static final class ChatRequestParametersBuilder
            extends dev.langchain4j.model.chat.request.DefaultChatRequestParameters.Builder<
                    ChatRequestParametersBuilder> {}

    @Test
    void captionsAPictureAndSaysWhatItTook() {
        ChatResponse response = model.chat(about("caption en"));

        assertThat(response.aiMessage().text()).isEqualTo(TinyModel.CAPTION);
        assertThat(response.finishReason()).isEqualTo(FinishReason.STOP);
        assertThat(response.modelName()).isEqualTo("paligemma");
        // 4 tokens of the prompt and 64 places of the picture
        assertThat(response.tokenUsage()).isEqualTo(new TokenUsage(68, 7));
        PaliGemmaChatResponseMetadata metadata = (PaliGemmaChatResponseMetadata) response.metadata();
        assertThat(metadata.generation().imageTokens()).isEqualTo(64);
        assertThat(metadata.detections()).isEmpty();
        assertThat(metadata.answer()).isEmpty();
    }

    @Test
    void boxesOfAnAnswerAreInTheMetadata() {
        ChatResponse response = model.chat(about("detect word ; blue square"));

        PaliGemmaChatResponseMetadata metadata = (PaliGemmaChatResponseMetadata) response.metadata();
        assertThat(metadata.detections().stream().map(Detection::label))
                .containsExactlyInAnyOrder("word", TinyModel.THING);
        assertThat(metadata.detections().get(0))
                .usingRecursiveComparison()
                .isEqualTo(TinyPipeline.SHARED
                        .detect(TinyModel.picture(), "word", "blue square")
                        .detections()
                        .get(0));
        assertThat(metadata.toBuilder().id("another").build().detections()).isEqualTo(metadata.detections());
    }

    @Test
    void masksCanBeReadFromTheMetadata() {
        PaliGemmaChatResponseMetadata metadata = (PaliGemmaChatResponseMetadata)
                model.chat(about("segment blue square")).metadata();

        SegmentationResult found =
                SegmentationResult.of(metadata.answer().orElseThrow(), TinyPipeline.SHARED.maskCodec());

        assertThat(found.segments().get(0).bitMask(0.5)).isPresent();
    }

    @Test
    void boxesMayHaveAsManyTokensAsTheirTask() {
        List<Integer> limits = new ArrayList<>();
        ChatModel seen = builder()
                .customizeRequests(request -> limits.add(request.build().maxNewTokens()))
                .build();
        seen.chat(about("detect blue square"));
        seen.chat(about("segment word"));
        seen.chat(about("caption en"));
        seen.chat(ChatRequest.builder()
                .messages(about("detect word"))
                .maxOutputTokens(50)
                .build());

        assertThat(limits)
                .startsWith(BoxTask.MAX_NEW_TOKENS, BoxTask.MAX_NEW_TOKENS)
                .endsWith(50);
        assertThat(limits.get(2)).isLessThan(BoxTask.MAX_NEW_TOKENS);
    }

    @Test
    void limitsEndAnAnswer() {
        ChatResponse cut = ask("caption en", parameters -> parameters.maxOutputTokens(2));
        ChatResponse stopped = ask("caption en", parameters -> parameters.stopSequences(List.of(" and")));

        assertThat(cut.aiMessage().text()).isEqualTo("a blue");
        assertThat(cut.finishReason()).isEqualTo(FinishReason.LENGTH);
        assertThat(cut.tokenUsage().outputTokenCount()).isEqualTo(2);
        assertThat(stopped.aiMessage().text()).isEqualTo("a blue square");
        assertThat(stopped.finishReason()).isEqualTo(FinishReason.STOP);
    }

    @Test
    void howTokensAreChosenIsHonoured() {
        List<GenerationRequest> seen = new ArrayList<>();
        ChatModel recording = builder()
                .customizeRequests(request -> seen.add(request.build()))
                .build();
        record Choice(Double temperature, Double topP, Integer topK) {}
        for (Choice choice : List.of(
                new Choice(null, null, null),
                new Choice(0.0, 0.5, 3),
                new Choice(0.5, 0.9, 10),
                new Choice(null, 0.25, null),
                new Choice(null, null, 2))) {
            recording.chat(ChatRequest.builder()
                    .messages(about("caption en"))
                    .temperature(choice.temperature())
                    .topP(choice.topP())
                    .topK(choice.topK())
                    .build());
        }

        assertThat(seen.subList(0, 2)).allMatch(request -> request.sampling().isGreedy());
        assertSampling(seen.get(2).sampling(), 0.5, 0.9, 10);
        assertSampling(seen.get(3).sampling(), 1, 0.25, 0);
        assertSampling(seen.get(4).sampling(), 1, 1, 2);
        Set<Long> seeds = new HashSet<>();
        seen.subList(2, 5).forEach(request -> seeds.add(request.sampling().seed()));
        assertThat(seeds).hasSize(3);
    }

    private static void assertSampling(Sampling sampling, double temperature, double topP, int topK) {
        assertThat(sampling.temperature()).isEqualTo(temperature);
        assertThat(sampling.topP()).isEqualTo(topP);
        assertThat(sampling.topK()).isEqualTo(topK);
    }

    @Test
    void penaltiesOfZeroChangeNothingAndOthersAreRefused() {
        assertThat(ask(
                                "caption en",
                                parameters -> parameters.frequencyPenalty(0.0).presencePenalty(0.0))
                        .aiMessage()
                        .text())
                .isEqualTo(TinyModel.CAPTION);
        assertThatThrownBy(() -> ask("caption en", parameters -> parameters.frequencyPenalty(0.5)))
                .isInstanceOf(UnsupportedFeatureException.class)
                .hasMessageContaining("frequencyPenalty is not supported");
        assertThatThrownBy(() -> builder()
                        .defaultRequestParameters(ChatRequestParameters.builder()
                                .presencePenalty(1.0)
                                .build())
                        .build())
                .isInstanceOf(UnsupportedFeatureException.class)
                .hasMessageContaining("presencePenalty is not supported");
    }

    @Test
    void valuesOutOfRangeAreInvalidRequests() {
        assertThatThrownBy(() -> ask("caption en", parameters -> parameters.temperature(-1.0)))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("temperature must be above 0 and finite, got -1.0");
        assertThatThrownBy(() -> ask("caption en", parameters -> parameters.maxOutputTokens(0)))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("maxNewTokens must be at least 1, got 0");
        assertThatThrownBy(() -> ask("<image><image> caption en", parameters -> {}))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("<image>");
    }

    @Test
    void anAdapterIsChosenByTheNameOfTheModel(@TempDir Path folder) throws IOException {
        try (PaliGemmaPipeline pipeline = PaliGemmaPipeline.builder()
                .checkpoint(TinyModel.folder())
                .adapter("strange", RandomAdapter.write(folder, 7))
                .build()) {
            ChatModel both = PaliGemmaChatModel.builder()
                    .pipeline(pipeline)
                    .modelName("tiny")
                    .build();
            ChatRequest.Builder request = ChatRequest.builder().messages(about("caption en"));

            ChatResponse adapted = both.chat(request.modelName("strange").build());

            assertThat(adapted.modelName()).isEqualTo("strange");
            assertThat(adapted.aiMessage().text())
                    .isEqualTo(pipeline.withAdapter("strange").caption(TinyModel.picture()));
            assertThat(both.chat(request.modelName("tiny").build()).aiMessage().text())
                    .isEqualTo(TinyModel.CAPTION);
            assertThatThrownBy(() -> both.chat(request.modelName("gpt-4").build()))
                    .isInstanceOf(UnsupportedFeatureException.class)
                    .hasMessage(
                            "modelName \"gpt-4\" is not supported: the model is called \"tiny\", its adapters [strange]");
        }
    }

    @Test
    void severalMessagesAreRefusedUnlessTheApplicationSaysWhatBecomesOfThem() {
        List<dev.langchain4j.data.message.ChatMessage> talk = List.of(
                SystemMessage.from("be short"),
                about("caption en"),
                AiMessage.from(TinyModel.CAPTION),
                UserMessage.from("answer en what word is written?"));

        assertThatThrownBy(() -> model.chat(talk))
                .isInstanceOf(UnsupportedFeatureException.class)
                .hasMessageContaining("several messages is not supported, got 4")
                .hasMessageContaining("otherMessages(...)");
        assertThat(builder()
                        .otherMessages(OtherMessages.LEAVE_OUT)
                        .build()
                        .chat(talk)
                        .aiMessage()
                        .text())
                .isEqualTo(TinyModel.WORD);
    }

    @Test
    void joinedMessagesAreOnePrompt() {
        List<GenerationRequest> seen = new ArrayList<>();
        builder()
                .otherMessages(OtherMessages.JOIN)
                .customizeRequests(request -> seen.add(request.build()))
                .build()
                .chat(SystemMessage.from("one"), about("two"), AiMessage.from("three"), about("four"));

        assertThat(seen.get(0).prompt()).isEqualTo("one\ntwo\nthree\nfour");
        assertThat(seen.get(0).images()).hasSize(2);
    }

    @Test
    void aMessageWithoutAPictureNeedsADefaultOne() {
        UserMessage question = UserMessage.from("answer en what word is written?");

        assertThatThrownBy(() -> model.chat(question))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("a request needs at least one image, got none");
        assertThat(builder()
                        .defaultImages(RgbImage.read(TinyModel.picture()))
                        .build()
                        .chat(question)
                        .aiMessage()
                        .text())
                .isEqualTo(TinyModel.WORD);
    }

    @Test
    void addressesArePicturesOnlyIfTheyHoldTheData() throws IOException {
        String encoded = Base64.getEncoder().encodeToString(Files.readAllBytes(TinyModel.picture()));
        TextContent prompt = TextContent.from("caption en");

        assertThat(model.chat(UserMessage.from(ImageContent.from("data:image/png;base64," + encoded), prompt))
                        .aiMessage()
                        .text())
                .isEqualTo(TinyModel.CAPTION);
        for (String address : List.of(
                "https://example.org/cat.jpg", TinyModel.picture().toUri().toString(), "data:image/png,abc")) {
            assertThatThrownBy(() -> model.chat(UserMessage.from(ImageContent.from(address), prompt)))
                    .isInstanceOf(UnsupportedFeatureException.class)
                    .hasMessageContaining("addresses are not followed; give its bytes");
        }
    }

    @Test
    void brokenPicturesAndOtherContentAreRefused() {
        assertThatThrownBy(() -> model.chat(UserMessage.from(ImageContent.from("!!", "image/png"))))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageStartingWith("an image is not in base64");
        assertThatThrownBy(() -> model.chat(UserMessage.from(ImageContent.from("AAAA", "image/png"))))
                .isInstanceOf(InvalidRequestException.class)
                .hasCauseInstanceOf(ImageException.class);
        assertThatThrownBy(() -> model.chat(UserMessage.from(AudioContent.from("AAAA", "audio/wav"))))
                .isInstanceOf(UnsupportedFeatureException.class)
                .hasMessage("content of type AUDIO is not supported; there may be text and images");
    }

    @Test
    void requestsCanBeCustomized() {
        ChatModel impatient = builder()
                .customizeRequests(request -> request.timeout(Duration.ofNanos(1)))
                .build();

        assertThatThrownBy(() -> impatient.chat(about("caption en"))).isInstanceOf(RequestCancelledException.class);
    }

    @Test
    void tooManyRequestsAreALimitOfRate() {
        ChatModel busy = PaliGemmaChatModel.builder()
                .pipeline(ScriptedRunner.failing(new TooManyRequestsException(2, 3)))
                .build();

        assertThatThrownBy(() -> busy.chat(about("caption en")))
                .isInstanceOf(RateLimitException.class)
                .hasCauseInstanceOf(TooManyRequestsException.class);
    }

    @Test
    void aPipelineIsNeeded() {
        assertThatThrownBy(() -> PaliGemmaChatModel.builder().build())
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("a chat model needs a pipeline; give it by pipeline(...)");
    }
}
