package dev.paligemma;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.paligemma.constraint.TokenConstraints;
import dev.paligemma.generation.BeamSearch;
import dev.paligemma.generation.GenerationRequest;
import dev.paligemma.generation.GenerationResult;
import dev.paligemma.generation.RequestCancelledException;
import dev.paligemma.generation.RequestException;
import dev.paligemma.generation.Sampling;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(120)
class BatchTest {
    /** Sums over caches of another size run in another order. */
    private static final double LAST_BITS = 1e-4;

    private static final Golden GOLDEN = Golden.of("pg2-gqa");
    private static final Probe PROBE = new Probe();
    private static PaliGemmaPipeline pipeline;

    @BeforeAll
    static void load() {
        pipeline = ProbedEngineProvider.load(GOLDEN, PROBE, 1);
    }

    @AfterAll
    static void close() {
        pipeline.close();
    }

    @AfterEach
    void nothingIsLeftOpen() {
        assertThat(PROBE.open()).isZero();
        pipeline.generate(request());
    }

    private static GenerationRequest request() {
        return GOLDEN.requests().get(0).toGenerationRequest();
    }

    private static GenerationRequest random(long seed) {
        return request().toBuilder()
                .sampling(Sampling.temperature(1).seed(seed))
                .build();
    }

    /** Requests of all kinds: other images, prompts, lengths, choices, constraints. */
    static List<GenerationRequest> mixed(Golden golden, TokenConstraints constraints) {
        List<GenerationRequest> requests = new ArrayList<>();
        for (int i = 0; i < golden.requests().size(); i++) {
            GenerationRequest plain = golden.requests().get(i).toGenerationRequest();
            requests.add(plain);
            requests.add(plain.toBuilder().maxNewTokens(1 + 3 * i).build());
            // Seeds with which no choice hangs on the order of two tokens whose logits differ in their last bits.
            requests.add(plain.toBuilder()
                    .maxNewTokens(40)
                    .sampling(Sampling.temperature(1.5).topK(50).seed(10 + i))
                    .build());
            requests.add(plain.toBuilder()
                    .maxNewTokens(30)
                    .sampling(Sampling.temperature(0.7).topP(0.9).minP(0.01).seed(-i))
                    .constraint(constraints.detections(List.of("cat", "dog")))
                    .build());
            requests.add(plain.toBuilder()
                    .constraint(constraints.oneOf(List.of("cat", "what is this?")))
                    .build());
            requests.add(plain.toBuilder().repetitionPenalty(1.3).build());
        }
        Collections.shuffle(requests, new Random(5));
        return requests;
    }

    @ParameterizedTest
    @ValueSource(strings = {"pg1-mqa-fp32", "pg2-two-images", "pg2-window"})
    void answersAreThoseOfSingleRequests(String checkpoint) {
        Golden golden = Golden.of(checkpoint);
        try (PaliGemmaPipeline one = PaliGemmaPipeline.load(golden.folder())) {
            List<GenerationRequest> requests = mixed(golden, one.constraints());
            List<GenerationResult> expected =
                    requests.stream().map(one::generate).toList();

            for (int together : new int[] {1, 2, 3, 8}) {
                List<GenerationResult> results = one.generateAll(requests, together);

                assertThat(results).hasSameSizeAs(expected);
                for (int i = 0; i < results.size(); i++) {
                    assertSame(results.get(i), expected.get(i));
                }
            }
        }
    }

    static void assertSame(GenerationResult result, GenerationResult expected) {
        assertThat(result.tokenIds()).isEqualTo(expected.tokenIds());
        assertThat(result.text()).isEqualTo(expected.text());
        assertThat(result.finishReason()).isEqualTo(expected.finishReason());
        assertThat(result.logProbabilities()).containsExactly(expected.logProbabilities(), within(LAST_BITS));
        assertThat(result.totalLogProbability()).isCloseTo(expected.totalLogProbability(), within(LAST_BITS));
        assertThat(result.keptMass()).isCloseTo(expected.keptMass(), within(LAST_BITS));
        assertThat(result.promptTokenIds()).isEqualTo(expected.promptTokenIds());
        assertThat(result.imageTokens()).isEqualTo(expected.imageTokens());
    }

    @Test
    void oneRunServesAllOpenAnswers() {
        List<GenerationRequest> four = Collections.nCopies(4, request());
        int before = PROBE.runs();
        pipeline.generateAll(four, 4);
        assertThat(PROBE.runs() - before).as("4 prompts, then 11 tokens of all").isEqualTo(4 + 11);
        before = PROBE.runs();
        pipeline.generateAll(four, 1);
        assertThat(PROBE.runs() - before).isEqualTo(4 * 12);
    }

    @Test
    void anAnswerThatEndsMakesRoomForTheNext() {
        GenerationRequest oneToken = request().toBuilder().maxNewTokens(1).build();
        GenerationRequest twoTokens = request().toBuilder().maxNewTokens(2).build();
        int before = PROBE.runs();
        List<GenerationResult> results =
                pipeline.generateAll(List.of(request(), oneToken, twoTokens, oneToken, twoTokens), 2);
        assertThat(PROBE.runs() - before)
                .as("5 prompts; 11 tokens beside which the others fit")
                .isEqualTo(5 + 11);
        assertThat(results).extracting(result -> result.tokens().size()).containsExactly(12, 1, 2, 1, 2);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 8})
    void oneBadRequestFailsAll(int together) {
        GenerationRequest wrong = request().toBuilder().prompt("<image><image>").build();
        assertThatThrownBy(() -> pipeline.generateAll(List.of(request(), random(1), wrong, request()), together))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("<image>");
        GenerationRequest tooLong =
                request().toBuilder().prompt("a!".repeat(50_000)).build();
        assertThatThrownBy(() -> pipeline.generateAll(List.of(request(), random(1), request(), tooLong), together))
                .isInstanceOf(RequestException.class);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void aConstraintThatFailsFailsAll(int together) {
        GenerationRequest failing = request().toBuilder()
                .constraint(() -> {
                    throw new UnsupportedOperationException("out of order");
                })
                .build();
        assertThatThrownBy(() -> pipeline.generateAll(List.of(request(), request(), failing), together))
                .isInstanceOf(UnsupportedOperationException.class);
    }

    @Test
    void theTimeOfOneRequestEndsAll() {
        GenerationRequest hasty =
                request().toBuilder().timeout(Duration.ofNanos(1)).build();
        assertThatThrownBy(() -> pipeline.generateAll(List.of(request(), request(), hasty), 2))
                .isInstanceOf(RequestCancelledException.class);
    }

    @Test
    void noRequestsHaveNoAnswers() {
        int before = PROBE.runs();
        assertThat(pipeline.generateAll(List.of(), 4)).isEmpty();
        assertThat(PROBE.runs()).isEqualTo(before);
    }

    @Test
    void atLeastOneMustBeOpen() {
        assertThatThrownBy(() -> pipeline.generateAll(List.of(request()), 0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("got 0");
    }

    @Test
    void severalAnswersAreThoseOfConsecutiveSeeds() {
        for (long seed : new long[] {0, 41, Long.MAX_VALUE - 1}) {
            int before = PROBE.runs();
            List<GenerationResult> several = pipeline.generateSeveral(random(seed), 5);
            assertThat(PROBE.runs() - before)
                    .as("one prompt, then at most 11 tokens of all")
                    .isLessThanOrEqualTo(12);

            assertThat(several).hasSize(5);
            for (int i = 0; i < 5; i++) {
                assertSame(several.get(i), pipeline.generate(random(seed + i)));
            }
            assertThat(several.stream().map(GenerationResult::text).distinct().count())
                    .isGreaterThan(1);
        }
        assertSame(pipeline.generateSeveral(random(3), 1).get(0), pipeline.generate(random(3)));
    }

    @Test
    void severalAnswersKeepConstraintsAndStopsApart() {
        GenerationRequest random = random(7).toBuilder()
                .constraint(pipeline.constraints().detections(List.of("cat")))
                .maxNewTokens(40)
                .build();
        List<GenerationResult> several = pipeline.generateSeveral(random, 8);
        IntStream.range(0, 8)
                .forEach(i -> assertSame(
                        several.get(i),
                        pipeline.generate(random.toBuilder()
                                .sampling(random.sampling().seed(7 + i))
                                .build())));
    }

    @Test
    void severalAnswersNeedChanceAndASensibleNumber() {
        assertThatThrownBy(() -> pipeline.generateSeveral(request(), 2))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("greedy");
        for (int count : new int[] {0, -1, BeamSearch.MAX_BEAMS + 1}) {
            assertThatThrownBy(() -> pipeline.generateSeveral(random(0), count))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("got " + count);
        }
    }
}
