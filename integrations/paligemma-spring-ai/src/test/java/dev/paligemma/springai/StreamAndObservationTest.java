package dev.paligemma.springai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.paligemma.PaliGemmaPipeline;
import dev.paligemma.generation.RequestCancelledException;
import dev.paligemma.generation.RequestInfo;
import dev.paligemma.generation.RequestListener;
import dev.paligemma.generation.RequestOutcome;
import dev.paligemma.tiny.TinyModel;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationHandler;
import io.micrometer.observation.ObservationRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.observation.ChatModelObservationContext;
import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.ai.content.Media;
import org.springframework.core.io.FileSystemResource;
import org.springframework.util.MimeTypeUtils;

/** Answers piece by piece, and what observers see of them. */
class StreamAndObservationTest {
    private static final Duration LONG = Duration.ofSeconds(30);

    private static final BlockingQueue<RequestOutcome> OUTCOMES = new LinkedBlockingQueue<>();
    private static PaliGemmaPipeline pipeline;

    @BeforeAll
    static void load() {
        pipeline = PaliGemmaPipeline.builder()
                .checkpoint(TinyModel.folder())
                .threads(2)
                .onRequest(new RequestListener() {
                    @Override
                    public void finished(RequestInfo request, RequestOutcome outcome) {
                        OUTCOMES.add(outcome);
                    }
                })
                .build();
    }

    @AfterAll
    static void close() {
        pipeline.close();
    }

    /** Keeps what was observed. */
    private static final class Observed implements ObservationHandler<ChatModelObservationContext> {
        final BlockingQueue<ChatModelObservationContext> stopped = new LinkedBlockingQueue<>();

        @Override
        public void onStop(ChatModelObservationContext context) {
            stopped.add(context);
        }

        @Override
        public boolean supportsContext(Observation.Context context) {
            return context instanceof ChatModelObservationContext;
        }

        ChatModelObservationContext next() throws InterruptedException {
            return stopped.poll(LONG.toSeconds(), TimeUnit.SECONDS);
        }
    }

    private final Observed observed = new Observed();
    private final PaliGemmaChatModel model = model();

    private PaliGemmaChatModel model() {
        OUTCOMES.clear();
        ObservationRegistry registry = ObservationRegistry.create();
        registry.observationConfig().observationHandler(observed);
        return PaliGemmaChatModel.builder()
                .pipeline(pipeline)
                .observationRegistry(registry)
                .build();
    }

    private static Prompt prompt(ChatOptions options) {
        return new Prompt(
                UserMessage.builder()
                        .text("caption en")
                        .media(new Media(MimeTypeUtils.IMAGE_PNG, new FileSystemResource(TinyModel.picture())))
                        .build(),
                options);
    }

    private static String text(ChatResponse response) {
        return response.getResult().getOutput().getText();
    }

    @Test
    void writesPieceByPiece() throws InterruptedException {
        List<ChatResponse> responses = model.stream(prompt(null)).collectList().block(LONG);

        assertThat(responses).hasSize(8);
        assertThat(responses.subList(0, 7)).allMatch(each -> !text(each).isEmpty());
        assertThat(String.join(
                        "",
                        responses.stream().map(StreamAndObservationTest::text).toList()))
                .isEqualTo(TinyModel.CAPTION);
        ChatResponse last = responses.get(7);
        assertThat(last.getResult().getMetadata().getFinishReason()).isEqualTo("STOP");
        assertThat(last.getMetadata().getUsage().getTotalTokens()).isEqualTo(75);
        assertThat(PaliGemmaChatModel.generation(last).orElseThrow().text()).isEqualTo(TinyModel.CAPTION);

        ChatModelObservationContext context = observed.next();
        assertThat(text(context.getResponse())).isEqualTo(TinyModel.CAPTION);
        assertThat(context.getError()).isNull();
    }

    @Test
    void cancellingGivesTheAnswerUp() throws InterruptedException {
        List<ChatResponse> responses =
                model.stream(prompt(null)).take(2).collectList().block(LONG);

        assertThat(responses).hasSize(2);
        RequestOutcome outcome = OUTCOMES.poll(LONG.toSeconds(), TimeUnit.SECONDS);
        assertThat(outcome.failure()).get().isInstanceOf(RequestCancelledException.class);
        assertThat(observed.next().getError()).isNull();
    }

    @Test
    void stopStringsAndLimitsEndAStream() {
        List<List<ChatResponse>> streams = new ArrayList<>();
        for (ChatOptions options : List.of(
                ChatOptions.builder().stopSequences(List.of(" and")).build(),
                ChatOptions.builder().maxTokens(2).build())) {
            streams.add(model.stream(prompt(options)).collectList().block(LONG));
        }

        assertThat(streams.get(0).stream().map(StreamAndObservationTest::text))
                .containsExactly("a", " blue", " square", "");
        assertThat(streams.get(1).stream().map(StreamAndObservationTest::text)).containsExactly("a", " blue", "");
        assertThat(streams.get(1).get(2).getResult().getMetadata().getFinishReason())
                .isEqualTo("LENGTH");
    }

    @Test
    void whatIsAskedInVainIsAnErrorOfTheStream() throws InterruptedException {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> model.stream(new Prompt("caption en")).blockLast(LONG));
        assertThat(observed.next().getError()).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void aCallIsObserved() throws InterruptedException {
        model.call(prompt(ChatOptions.builder().maxTokens(2).build()));

        ChatModelObservationContext context = observed.next();
        assertThat(context.getName()).isEqualTo("gen_ai.client.operation");
        assertThat(context.getLowCardinalityKeyValues().stream().map(each -> each.getKey() + "=" + each.getValue()))
                .contains(
                        "gen_ai.operation.name=chat",
                        "gen_ai.system=paligemma",
                        "gen_ai.request.model=paligemma",
                        "gen_ai.response.model=paligemma");
        assertThat(context.getHighCardinalityKeyValues().stream().map(each -> each.getKey() + "=" + each.getValue()))
                .contains(
                        "gen_ai.request.max_tokens=2", "gen_ai.usage.input_tokens=68", "gen_ai.usage.output_tokens=2");
    }
}
