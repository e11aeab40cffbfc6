package dev.paligemma.generation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.paligemma.Golden;
import dev.paligemma.PaliGemmaPipeline;
import dev.paligemma.constraint.TokenConstraint;
import dev.paligemma.task.Tasks;
import dev.paligemma.tiny.TinyModel;
import dev.paligemma.tokenizer.ControlTokens;
import dev.paligemma.vision.RgbImage;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class GenerationRequestTest {
    private static final Golden GOLDEN = Golden.of("pg2-gqa");
    private static PaliGemmaPipeline pipeline;

    @BeforeAll
    static void load() {
        pipeline = PaliGemmaPipeline.load(GOLDEN.folder());
    }

    @AfterAll
    static void close() {
        pipeline.close();
    }

    private static RgbImage image() {
        return GOLDEN.requests().get(0).images().get(0);
    }

    private static GenerationRequest request() {
        return GOLDEN.requests().get(0).toGenerationRequest();
    }

    @Test
    void isShownInWords() {
        assertThat(GenerationRequest.of(image(), "detect cat"))
                .hasToString("GenerationRequest[1 image, prompt \"detect cat\", at most 128 tokens, greedy]");
        assertThat(GenerationRequest.builder()
                        .images(List.of(image(), image()))
                        .prompt("x".repeat(1000))
                        .maxNewTokens(7)
                        .controlTokens(ControlTokens.AS_TEXT)
                        .sampling(Sampling.temperature(2))
                        .repetitionPenalty(1.5)
                        .constraint(pipeline.constraints().anything())
                        .timeout(Duration.ofMinutes(3))
                        .stopTokenIds(Set.of(6, 5))
                        .stop("\n", "END")
                        .topLogProbabilities(3)
                        .adapter("receipts")
                        .build()
                        .toString())
                .hasSizeLessThan(500)
                .startsWith("GenerationRequest[2 images, prompt \"xxx")
                .endsWith("at most 7 tokens, temperature 2.0, seed 0, repetitionPenalty 1.5, controlTokens AS_TEXT,"
                        + " constrained, timeout PT3M, stopTokenIds [5, 6],"
                        + " stop [\"\\u000a\", \"END\"], topLogProbabilities 3, adapter receipts]");
    }

    @Test
    @SuppressWarnings("NullAway") // what callers without NullAway do
    void namesWhatIsNull() {
        RgbImage noImage = null;
        Path noFile = null;
        isNamed("image", () -> GenerationRequest.of(noImage, "ocr"));
        isNamed("image", () -> GenerationRequest.of(noFile, "ocr"));
        isNamed("prompt", () -> GenerationRequest.of(image(), null));
        isNamed("images[1]", () -> GenerationRequest.builder().images(Arrays.asList(image(), null)));
        isNamed("timeout", () -> GenerationRequest.builder().timeout(null));
        isNamed("image", () -> pipeline.caption(noImage));
        isNamed("image", () -> pipeline.caption(noFile));
        isNamed("image", () -> pipeline.encode(noImage));
        isNamed("language", () -> pipeline.caption(image(), null));
        isNamed("question", () -> pipeline.answer(image(), null));
        isNamed("labels[0]", () -> pipeline.detect(image(), (String) null));
        isNamed("labels", () -> pipeline.segment(image(), (String[]) null));
        isNamed("answers", () -> pipeline.score(image(), Tasks.ocr(), null));
        isNamed("answers[1]", () -> pipeline.score(request(), Arrays.asList("a", null)));
        isNamed("requests[0]", () -> pipeline.generateAll(Arrays.asList((GenerationRequest) null), 1));
        isNamed("images[0]", () -> pipeline.run(Tasks.ocr(), (RgbImage) null));
        isNamed("images[0]", () -> pipeline.runAll(Tasks.ocr(), Arrays.asList((RgbImage) null), 1));
        isNamed("request", () -> pipeline.generate(null));
        isNamed("request", () -> pipeline.stream(null));
        isNamed("stop[0]", () -> GenerationRequest.builder().stop((String) null));
    }

    private static void isNamed(String what, ThrowingCallable call) {
        assertThatThrownBy(call).isInstanceOf(NullPointerException.class).hasMessage(what);
    }

    @Test
    void readsThePictureOfAFile() {
        GenerationRequest request = GenerationRequest.of(TinyModel.picture(), "ocr");

        assertThat(request.images()).containsExactly(RgbImage.read(TinyModel.picture()));
    }

    @Test
    void aBuilderOfARequestHasAllOfIt() {
        TokenConstraint constraint = pipeline.constraints().anything();
        GenerationRequest request = GenerationRequest.builder()
                .images(List.of(image(), image().resize(4, 4)))
                .prompt("detect cat")
                .maxNewTokens(7)
                .controlTokens(ControlTokens.AS_TEXT)
                .sampling(Sampling.temperature(2))
                .repetitionPenalty(1.5)
                .constraint(constraint)
                .timeout(Duration.ofMinutes(3))
                .stopTokenIds(Set.of(5, 6))
                .stop("a", "b")
                .topLogProbabilities(20)
                .build();

        assertThat(request.toBuilder().build()).usingRecursiveComparison().isEqualTo(request);
        assertThat(request.images()).hasSize(2);
        assertThat(request.embeddings()).isEmpty();
        assertThat(request.prompt()).isEqualTo("detect cat");
        assertThat(request.maxNewTokens()).isEqualTo(7);
        assertThat(request.controlTokens()).isEqualTo(ControlTokens.AS_TEXT);
        assertThat(request.sampling()).hasToString("temperature 2.0, seed 0");
        assertThat(request.repetitionPenalty()).isEqualTo(1.5);
        assertThat(request.constraint()).containsSame(constraint);
        assertThat(request.timeout()).contains(Duration.ofMinutes(3));
        assertThat(request.stopTokenIds()).contains(Set.of(5, 6));
        assertThat(request.stop()).containsExactly("a", "b");
        assertThat(request.topLogProbabilities()).isEqualTo(20);
        assertThat(request.toBuilder().stop().build().stop()).isEmpty();
    }

    @Test
    void aBuilderOfARequestDoesNotChangeIt() {
        GenerationRequest request = request();
        GenerationRequest other =
                request.toBuilder().prompt("ocr").maxNewTokens(1).build();
        assertThat(request.prompt()).isEqualTo("caption en");
        assertThat(request.maxNewTokens()).isEqualTo(12);
        assertThat(other.images()).isEqualTo(request.images());
    }

    @Test
    void whatIsNotChosenHasItsDefault() {
        GenerationRequest request = GenerationRequest.of(image(), "ocr");
        assertThat(request.maxNewTokens()).isEqualTo(GenerationRequest.DEFAULT_MAX_NEW_TOKENS);
        assertThat(request.sampling().isGreedy()).isTrue();
        assertThat(request.repetitionPenalty()).isEqualTo(1);
        assertThat(request.constraint()).isEmpty();
        assertThat(request.timeout()).isEmpty();
        assertThat(request.stopTokenIds()).isEmpty();
        assertThat(request.stop()).isEmpty();
        assertThat(request.topLogProbabilities()).isZero();
        assertThat(request.controlTokens()).isEqualTo(ControlTokens.PARSE);
    }

    @Test
    void theLastPicturesCount() {
        ImageEmbeddings encoded = pipeline.encode(image());
        GenerationRequest.Builder builder =
                GenerationRequest.builder().image(image()).images(encoded);
        assertThat(builder.build().images()).isEmpty();
        assertThat(builder.build().embeddings()).containsSame(encoded);
        assertThat(builder.build().toBuilder().build().embeddings()).containsSame(encoded);
        assertThat(builder.image(image()).build().embeddings()).isEmpty();
        assertThatThrownBy(() -> builder.images(List.of()).build())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("image");
    }

    @Test
    void partsAreCheckedWhereTheyAreSet() {
        GenerationRequest.Builder builder = GenerationRequest.builder();
        for (double penalty : new double[] {0, -1, Double.NaN, Double.POSITIVE_INFINITY}) {
            assertThatThrownBy(() -> builder.repetitionPenalty(penalty))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("repetitionPenalty");
        }
        for (Duration limit : List.of(Duration.ZERO, Duration.ofMillis(-1))) {
            assertThatThrownBy(() -> builder.timeout(limit))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("timeout");
        }
        assertThatThrownBy(() -> builder.stopTokenIds(Set.of()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("at least one");
        assertThatThrownBy(() -> builder.stopTokenIds(Set.of(-1)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("got -1");
        for (int count : new int[] {-1, 21}) {
            assertThatThrownBy(() -> builder.topLogProbabilities(count))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("topLogProbabilities must be 0 to 20, got " + count);
        }
        assertThatThrownBy(() -> builder.stop("a", ""))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("stop[1] must have 1 to 256 characters, got 0");
        assertThatThrownBy(() -> builder.stop("x".repeat(257)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("stop[0] must have 1 to 256 characters, got 257");
        assertThatThrownBy(() -> builder.stop("\uD83D"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("half a character");
        assertThatThrownBy(() -> builder.stop(Collections.nCopies(17, "x").toArray(new String[0])))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("expected at most 16 stop strings, got 17");
    }

    @Test
    void aStopTokenEndsTheAnswerAndIsNotPartOfIt() {
        GenerationResult whole = pipeline.generate(request());
        int[] ids = whole.tokenIds();
        int stop = ids[5];
        int at = firstIndex(ids, stop);

        GenerationResult stopped = pipeline.generate(
                request().toBuilder().stopTokenIds(Set.of(stop)).build());

        assertThat(stopped.tokenIds()).isEqualTo(Arrays.copyOf(ids, at));
        assertThat(stopped.finishReason()).isEqualTo(FinishReason.EOS);
        assertThat(stopped.totalLogProbability())
                .isCloseTo(
                        Arrays.stream(whole.logProbabilities()).limit(at + 1L).sum(), within(1e-9));
    }

    private static int firstIndex(int[] ids, int wanted) {
        int at = 0;
        while (ids[at] != wanted) {
            at++;
        }
        return at;
    }

    @Test
    void otherStopTokensReplaceThoseOfTheCheckpoint() {
        GenerationRequest detect = GOLDEN.requests().get(2).toGenerationRequest();
        assertThat(pipeline.generate(detect).finishReason()).isEqualTo(FinishReason.EOS);
        GenerationResult on = pipeline.generate(
                detect.toBuilder().stopTokenIds(Set.of(Integer.MAX_VALUE)).build());
        assertThat(on.finishReason()).isEqualTo(FinishReason.LENGTH);
        assertThat(on.tokenIds())
                .hasSize(12)
                .startsWith(pipeline.generate(detect).tokenIds())
                .contains(pipeline.tokenizer().eosId());
    }

    @Test
    void theEndMayBeGivenByHand() {
        GenerationRequest detect = GOLDEN.requests().get(2).toGenerationRequest();
        GenerationResult same = pipeline.generate(detect.toBuilder()
                .stopTokenIds(Set.of(pipeline.tokenizer().eosId()))
                .build());
        assertThat(same.tokens()).isEqualTo(pipeline.generate(detect).tokens());
    }
}
