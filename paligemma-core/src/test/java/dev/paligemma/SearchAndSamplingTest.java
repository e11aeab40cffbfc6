package dev.paligemma;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.paligemma.constraint.TokenConstraint;
import dev.paligemma.generation.AnswerScore;
import dev.paligemma.generation.BeamAnswer;
import dev.paligemma.generation.BeamSearch;
import dev.paligemma.generation.FinishReason;
import dev.paligemma.generation.GenerationRequest;
import dev.paligemma.generation.GenerationResult;
import dev.paligemma.generation.Sampling;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SearchAndSamplingTest {
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

    private static GenerationRequest request() {
        return GOLDEN.requests().get(0).toGenerationRequest();
    }

    private static GenerationRequest with(Sampling sampling) {
        return request().toBuilder().sampling(sampling).build();
    }

    @ParameterizedTest
    @ValueSource(strings = {"pg1-mqa-fp32", "pg2-gqa", "pg2-two-images", "pg2-window"})
    void oneBeamIsGreedy(String checkpoint) {
        Golden golden = Golden.of(checkpoint);
        try (PaliGemmaPipeline one = PaliGemmaPipeline.load(golden.folder())) {
            for (Golden.Request each : golden.requests()) {
                GenerationRequest request = each.toGenerationRequest();
                GenerationResult greedy = one.generate(request);

                List<BeamAnswer> answers = one.search(request, BeamSearch.of(1).earlyStopping(true));

                assertThat(answers).hasSize(1);
                GenerationResult answer = answers.get(0).answer();
                Golden.assertSame(answer.tokens(), greedy.tokens());
                assertThat(answer.text()).isEqualTo(greedy.text());
                assertThat(answer.finishReason()).isEqualTo(greedy.finishReason());
                Golden.assertSame(answer.totalLogProbability(), greedy.totalLogProbability());
                int length = greedy.tokens().size() + (greedy.finishReason() == FinishReason.EOS ? 1 : 0);
                assertThat(answers.get(0).score()).isCloseTo(answer.totalLogProbability() / length, within(1e-9));
            }
        }
    }

    @Test
    void moreBeamsFindAnAnswerThatIsNotLessLikely() {
        BeamSearch plainSums = BeamSearch.of(1).lengthPenalty(0);
        double greedy = pipeline.search(request(), plainSums).get(0).score();
        List<BeamAnswer> wide = pipeline.search(request(), BeamSearch.of(16).lengthPenalty(0));
        assertThat(wide).hasSize(16);
        assertThat(wide.get(0).score()).isGreaterThanOrEqualTo(greedy);
        assertThat(wide).isSortedAccordingTo(Comparator.comparingDouble(answer -> -answer.score()));
        assertThat(wide.stream()
                        .map(answer -> answer.answer().text())
                        .distinct()
                        .count())
                .isEqualTo(16);
    }

    @Test
    void answersOfASearchKeepToTheConstraint() {
        List<String> allowed = List.of("cat", "dog", "a dog", "what is this?");
        GenerationRequest request = request().toBuilder()
                .constraint(pipeline.constraints().oneOf(allowed))
                .build();
        List<AnswerScore> scores = pipeline.score(request(), allowed);
        String likeliest = scores.stream()
                .max(Comparator.comparingDouble(AnswerScore::logProbability))
                .orElseThrow()
                .answer();
        for (BeamSearch search : List.of(BeamSearch.of(8).lengthPenalty(0), BeamSearch.unnormalised(8))) {
            List<BeamAnswer> answers = pipeline.search(request, search);

            assertThat(answers.get(0).answer().text()).isEqualTo(likeliest);
            for (BeamAnswer answer : answers) {
                assertThat(answer.answer().text()).isIn(allowed);
                assertThat(answer.answer().finishReason()).isEqualTo(FinishReason.EOS);
                double expected = scores.stream()
                        .filter(score -> score.answer().equals(answer.answer().text()))
                        .findFirst()
                        .orElseThrow()
                        .logProbability();
                assertThat(answer.score()).isCloseTo(expected, within(1e-4));
                assertThat(answer.answer().totalLogProbability()).isCloseTo(expected, within(1e-4));
                assertThat(answer.answer().keptMass()).isBetween(0.0, 1.0);
            }
        }
        assertThat(pipeline.search(request, BeamSearch.of(8))).hasSize(4);
    }

    @Test
    void aSearchOfBoxesGivesBoxes() {
        TokenConstraint boxes = pipeline.constraints().detections(List.of("cat", "dog"));
        GenerationRequest request =
                request().toBuilder().constraint(boxes).maxNewTokens(30).build();
        for (BeamAnswer answer : pipeline.search(request, BeamSearch.of(4))) {
            TokenConstraint.State state = boxes.start();
            for (int token : answer.answer().tokenIds()) {
                state = state.next(token);
            }
            assertThat(answer.answer().finishReason() == FinishReason.LENGTH
                            || state.allowed().contains(pipeline.tokenizer().eosId()))
                    .isTrue();
        }
    }

    @Test
    void aSearchThatMayNotEndInTimeFindsNothing() {
        GenerationRequest short1 = request().toBuilder()
                .constraint(pipeline.constraints().oneOf(List.of("what is this?")))
                .maxNewTokens(2)
                .build();
        assertThat(pipeline.search(short1, BeamSearch.unnormalised(3))).isEmpty();
    }

    @Test
    void aSearchHasNoChance() {
        GenerationRequest random = with(Sampling.temperature(1));
        assertThatThrownBy(() -> pipeline.search(random, BeamSearch.of(2)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("temperature 1.0");
    }

    @Test
    void searchesAreCheckedWhereTheyAreMade() {
        for (int beams : new int[] {0, -1, BeamSearch.MAX_BEAMS + 1}) {
            assertThatThrownBy(() -> BeamSearch.of(beams))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("got " + beams);
            assertThatThrownBy(() -> BeamSearch.unnormalised(beams)).isInstanceOf(IllegalArgumentException.class);
        }
        assertThat(BeamSearch.of(BeamSearch.MAX_BEAMS).beams()).isEqualTo(64);
        for (double penalty : new double[] {Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY}) {
            assertThatThrownBy(() -> BeamSearch.of(2).lengthPenalty(penalty))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("lengthPenalty");
        }
        assertThatThrownBy(() -> BeamSearch.unnormalised(2).lengthPenalty(1)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> BeamSearch.unnormalised(2).earlyStopping(true))
                .isInstanceOf(IllegalStateException.class);
    }

    @Test
    void samplingsAreCheckedWhereTheyAreMade() {
        for (double temperature : new double[] {0, -1, Double.NaN, Double.POSITIVE_INFINITY}) {
            assertThatThrownBy(() -> Sampling.temperature(temperature))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("temperature");
        }
        Sampling random = Sampling.temperature(1);
        assertThatThrownBy(() -> random.topK(0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("got 0");
        for (double mass : new double[] {0, -0.1, 1.1, Double.NaN}) {
            assertThatThrownBy(() -> random.topP(mass))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("topP");
        }
        for (double share : new double[] {-0.1, 1.1, Double.NaN}) {
            assertThatThrownBy(() -> random.minP(share))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("minP");
        }
        Sampling greedy = Sampling.greedy();
        assertThat(greedy.isGreedy()).isTrue();
        assertThat(random.isGreedy()).isFalse();
        assertThatThrownBy(() -> greedy.topK(1)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> greedy.topP(1)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> greedy.minP(0)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> greedy.seed(1)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void limitsDoNotForgetEachOther() {
        Sampling all = Sampling.temperature(0.5).topK(7).topP(0.9).minP(0.1).seed(3);
        assertThat(all).hasToString("temperature 0.5, topK 7, topP 0.9, minP 0.1, seed 3");
        assertThat(Sampling.greedy()).hasToString("greedy");
    }

    @Test
    void withoutAnythingLeftToChooseChanceIsGreedy() {
        int[] greedy = pipeline.generate(request()).tokenIds();
        for (Sampling sampling : List.of(
                Sampling.temperature(2).topK(1),
                Sampling.temperature(2).topP(1e-9),
                Sampling.temperature(2).minP(1),
                Sampling.temperature(1e-6))) {
            assertThat(pipeline.generate(with(sampling.seed(17))).tokenIds()).isEqualTo(greedy);
        }
    }

    @Test
    void theSeedDecides() {
        Sampling sampling = Sampling.temperature(1);
        int[] first = pipeline.generate(with(sampling.seed(1))).tokenIds();
        assertThat(pipeline.generate(with(sampling.seed(1))).tokenIds()).isEqualTo(first);
        assertThat(IntStream.range(2, 12)
                        .mapToObj(seed ->
                                pipeline.generate(with(sampling.seed(seed))).text())
                        .distinct()
                        .count())
                .isGreaterThan(5);
    }

    @Test
    void probabilitiesOfRandomTokensAreThoseOfTheModel() {
        GenerationResult random =
                pipeline.generate(with(Sampling.temperature(3).topK(40).seed(5)));
        List<Integer> ids = IntStream.of(random.tokenIds()).boxed().toList();
        GenerationResult forced = pipeline.generate(request().toBuilder()
                .constraint(new Exactly(ids, pipeline.tokenizer().eosId()))
                .build());
        assertThat(random.logProbabilities()).isEqualTo(forced.logProbabilities());
    }

    @Test
    void aPenaltyOfOneChangesNothing() {
        GenerationRequest penalty = request().toBuilder().repetitionPenalty(1).build();
        assertThat(pipeline.generate(penalty).tokens())
                .isEqualTo(pipeline.generate(request()).tokens());
        assertThat(pipeline.search(penalty, BeamSearch.of(3)).get(0).score())
                .isEqualTo(pipeline.search(request(), BeamSearch.of(3)).get(0).score());
    }

    @Test
    void aLargePenaltyForbidsRepetition() {
        GenerationRequest request = request().toBuilder()
                .repetitionPenalty(1000)
                .maxNewTokens(60)
                .stopTokenIds(Set.of(Integer.MAX_VALUE))
                .build();
        assertThat(pipeline.generate(request).tokenIds()).hasSize(60).doesNotHaveDuplicates();
        int[] plain = pipeline.generate(request.toBuilder().repetitionPenalty(1).build())
                .tokenIds();
        assertThat(IntStream.of(plain).distinct().count()).isLessThan(60);
    }

    @Test
    void scoresAreThoseOfForcedAnswers() {
        List<String> answers = List.of("cat", "what is this?", "");
        List<AnswerScore> scores = pipeline.score(request(), answers);
        for (int i = 0; i < answers.size(); i++) {
            GenerationResult forced = pipeline.generate(request().toBuilder()
                    .constraint(pipeline.constraints().oneOf(List.of(answers.get(i))))
                    .build());
            assertThat(scores.get(i).logProbability()).isCloseTo(forced.totalLogProbability(), within(1e-4));
        }
    }

    @Test
    void answersToScoreAreChecked() {
        assertThatThrownBy(() -> pipeline.score(request(), List.of())).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> pipeline.score(request(), List.of("a", "a")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("twice");
        List<String> many = IntStream.rangeClosed(0, PaliGemmaPipeline.MAX_SCORED_ANSWERS)
                .mapToObj(Integer::toString)
                .toList();
        assertThatThrownBy(() -> pipeline.score(request(), many))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("256");
    }

    @Test
    void eachSampleEndsAtItsOwnStopString() {
        GenerationRequest request = GOLDEN.requests().get(0).toGenerationRequest().toBuilder()
                .sampling(Sampling.temperature(1.5).seed(5))
                .stop("a", "e")
                .topLogProbabilities(2)
                .build();
        List<GenerationResult> samples = pipeline.generateSeveral(request, 8);
        assertThat(samples).extracting(GenerationResult::finishReason).contains(FinishReason.STOP_STRING);
        assertThat(samples).allSatisfy(sample -> {
            assertThat(sample.text()).doesNotContain("a", "e");
            assertThat(sample.tokens())
                    .allSatisfy(token -> assertThat(token.mostLikely()).hasSize(2));
        });
    }

    @Test
    void aSearchTakesNoStopStrings() {
        GenerationRequest request = GOLDEN.requests().get(0).toGenerationRequest().toBuilder()
                .topLogProbabilities(1)
                .build();
        assertThat(pipeline.search(request, BeamSearch.of(2)).get(0).answer().tokens())
                .allSatisfy(token -> assertThat(token.mostLikely()).hasSize(1));
        assertThatThrownBy(() -> pipeline.search(request.toBuilder().stop("a").build(), BeamSearch.of(2)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("stop strings");
    }
}
