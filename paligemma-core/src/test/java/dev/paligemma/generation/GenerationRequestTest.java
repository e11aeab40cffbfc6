package dev.paligemma.generation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.paligemma.Golden;
import dev.paligemma.PaliGemmaPipeline;
import dev.paligemma.constraint.TokenConstraint;
import dev.paligemma.tokenizer.ControlTokens;
import dev.paligemma.vision.RgbImage;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
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
