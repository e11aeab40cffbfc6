package dev.paligemma;

import static dev.paligemma.DecodingGolden.cases;
import static dev.paligemma.DecodingGolden.flag;
import static dev.paligemma.DecodingGolden.ids;
import static dev.paligemma.DecodingGolden.integer;
import static dev.paligemma.DecodingGolden.maps;
import static dev.paligemma.DecodingGolden.number;
import static dev.paligemma.DecodingGolden.numbers;
import static dev.paligemma.DecodingGolden.text;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.paligemma.constraint.GeneratedToken;
import dev.paligemma.constraint.TokenLogProbability;
import dev.paligemma.engine.contract.ContractLedger;
import dev.paligemma.engine.contract.TestedEngine;
import dev.paligemma.generation.AnswerScore;
import dev.paligemma.generation.AnswerStream;
import dev.paligemma.generation.BeamAnswer;
import dev.paligemma.generation.BeamSearch;
import dev.paligemma.generation.FinishReason;
import dev.paligemma.generation.GenerationRequest;
import dev.paligemma.generation.GenerationResult;
import dev.paligemma.generation.Sampling;
import dev.paligemma.generation.TextPiece;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Searches, scores and batches against transformers and, for the rule without normalisation, big_vision's. */
@ExtendWith(ContractLedger.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
public abstract class DecodingParityContract {
    /** Twice the largest difference between the reference's own ways to compute a sum. */
    private static final double SUM = 1e-4;

    private final Map<String, PaliGemmaPipeline> pipelines = new HashMap<>();

    private PaliGemmaPipeline pipeline(Map<?, ?> test) {
        return pipelines.computeIfAbsent(
                text(test, "checkpoint"), name -> Golden.of(name).load(TestedEngine.of(getClass())));
    }

    @AfterAll
    void close() {
        pipelines.values().forEach(PaliGemmaPipeline::close);
    }

    private static GenerationRequest request(Map<?, ?> test) {
        return DecodingGolden.request(test).toGenerationRequest().toBuilder()
                .maxNewTokens(integer(test, "maxNewTokens"))
                .stopTokenIds(Set.copyOf(ids(test, "stopTokenIds")))
                .build();
    }

    @ParameterizedTest
    @MethodSource("normalisedSearches")
    void searchesAsTransformers(Map<?, ?> test) {
        BeamSearch search = BeamSearch.of(integer(test, "beams"))
                .lengthPenalty(number(test, "lengthPenalty"))
                .earlyStopping(flag(test, "earlyStopping"));

        List<BeamAnswer> answers = pipeline(test).search(request(test), search);

        List<Map<?, ?>> expected = maps(test, "sequences");
        assertThat(answers).hasSameSizeAs(expected);
        for (int i = 0; i < expected.size(); i++) {
            Map<?, ?> sequence = expected.get(i);
            GenerationResult answer = answers.get(i).answer();
            assertThat(answer.tokenIds()).as("answer %s", i).containsExactly(toArray(ids(sequence, "tokenIds")));
            assertThat(answer.finishReason())
                    .isEqualTo(sequence.get("stopTokenId") == null ? FinishReason.LENGTH : FinishReason.EOS);
            assertThat(answer.totalLogProbability()).isCloseTo(number(sequence, "logProbability"), within(SUM));
            double score = number(sequence, "score");
            assertThat(answers.get(i).score()).isCloseTo(score, within(SUM * Math.max(1, Math.abs(score))));
        }
    }

    static Stream<Map<?, ?>> normalisedSearches() {
        return cases("beams.json").stream();
    }

    @ParameterizedTest
    @MethodSource("unnormalisedSearches")
    void searchesAsBigVision(Map<?, ?> test) {
        List<BeamAnswer> answers =
                pipeline(test).search(request(test), BeamSearch.unnormalised(integer(test, "beams")));

        assertThat(answers).hasSize(1);
        assertThat(answers.get(0).answer().tokenIds()).containsExactly(toArray(ids(test, "tokenIds")));
        assertThat(answers.get(0).answer().finishReason()).isEqualTo(FinishReason.EOS);
        assertThat(answers.get(0).score()).isCloseTo(number(test, "logProbability"), within(SUM));
    }

    static Stream<Map<?, ?>> unnormalisedSearches() {
        return cases("beams-unnormalised.json").stream();
    }

    @ParameterizedTest
    @MethodSource("scorings")
    void scoresGivenAnswers(Map<?, ?> test) {
        List<Map<?, ?>> candidates = maps(test, "candidates");
        List<String> answers =
                candidates.stream().map(candidate -> text(candidate, "answer")).toList();

        List<AnswerScore> scores =
                pipeline(test).score(DecodingGolden.request(test).toGenerationRequest(), answers);

        for (int i = 0; i < answers.size(); i++) {
            assertThat(scores.get(i).answer()).isEqualTo(answers.get(i));
            assertThat(scores.get(i).logProbability())
                    .isCloseTo(number(candidates.get(i), "logProbability"), within(SUM));
            assertThat(scores.get(i).share()).isCloseTo(number(candidates.get(i), "share"), within(SUM));
        }
        assertThat(scores.stream().mapToDouble(AnswerScore::share).sum()).isCloseTo(1, within(1e-12));
    }

    static Stream<Map<?, ?>> scorings() {
        return cases("scoring.json").stream();
    }

    /** transformers pads on the left; here nothing is padded, and an answer that ends makes room for the next. */
    @ParameterizedTest
    @MethodSource("batches")
    void answersBatchesAsTransformers(Map<?, ?> test) {
        List<Golden.Request> all = Golden.of(text(test, "checkpoint")).requests();
        List<Map<?, ?>> rows = maps(test, "rows");
        List<GenerationRequest> requests = new ArrayList<>();
        for (Map<?, ?> row : rows) {
            requests.add(all.get(integer(row, "request")).toGenerationRequest().toBuilder()
                    .maxNewTokens(integer(test, "maxNewTokens"))
                    .build());
        }

        for (int together : new int[] {rows.size(), 2, 1}) {
            List<GenerationResult> results = pipeline(test).generateAll(requests, together);

            assertThat(results).hasSameSizeAs(rows);
            for (int i = 0; i < rows.size(); i++) {
                assertThat(results.get(i).tokenIds()).containsExactly(toArray(ids(rows.get(i), "tokenIds")));
                assertThat(results.get(i).logProbabilities())
                        .containsExactly(toDoubles(numbers(rows.get(i), "logprobs")), within(5e-5));
                assertThat(results.get(i).finishReason())
                        .isEqualTo(rows.get(i).get("stopTokenId") == null ? FinishReason.LENGTH : FinishReason.EOS);
            }
        }
    }

    static Stream<Map<?, ?>> batches() {
        return cases("batches.json").stream();
    }

    /** The logits of transformers after the prompt and after the first token; equal to rounding, so are their places. */
    @ParameterizedTest
    @ValueSource(strings = {"pg1-mqa-fp32", "pg2-gqa", "pg2-softcap"})
    void theLikeliestTokensAreThoseOfTransformersLogits(String checkpoint) {
        Golden golden = Golden.of(checkpoint);
        GenerationRequest request = golden.requests().get(0).toGenerationRequest().toBuilder()
                .topLogProbabilities(20)
                .build();
        PaliGemmaPipeline pipeline = pipeline(Map.of("checkpoint", checkpoint));

        assertLikeliest(golden, pipeline.generate(request).tokens(), 2);
        assertLikeliest(
                golden,
                pipeline.generateAll(List.of(request, request), 2).get(1).tokens(),
                2);
        try (AnswerStream stream = pipeline.stream(request)) {
            assertLikeliest(
                    golden,
                    stream.pieces().flatMap(piece -> piece.token().stream()).toList(),
                    2);
        }
        // Sampling, penalties and constraints change what is chosen, not what the model thinks.
        GenerationRequest other = request.toBuilder()
                .sampling(Sampling.temperature(9).seed(3))
                .repetitionPenalty(2)
                .constraint(pipeline.constraints().matching("[a-z]{3}"))
                .build();
        assertLikeliest(golden, pipeline.generate(other).tokens(), 1);
        assertThat(pipeline.generate(request.toBuilder().topLogProbabilities(0).build())
                        .tokens())
                .allSatisfy(token -> assertThat(token.mostLikely()).isEmpty());
    }

    private static void assertLikeliest(Golden golden, List<GeneratedToken> tokens, int steps) {
        for (int step = 0; step < steps; step++) {
            double[] expected = logSoftmax(golden.tensor(step == 0 ? "prefill.logits" : "decode0.logits"));
            List<TokenLogProbability> likeliest = tokens.get(step).mostLikely();
            assertThat(likeliest)
                    .hasSize(20)
                    .isSortedAccordingTo(Comparator.comparing(TokenLogProbability::logProbability)
                            .reversed())
                    .allSatisfy(each -> assertThat(each.logProbability()).isCloseTo(expected[each.id()], within(5e-5)));
            assertThat(likeliest).extracting(TokenLogProbability::id).doesNotHaveDuplicates();
            double last = likeliest.get(19).logProbability();
            assertThat(Arrays.stream(expected)
                            .filter(each -> each > last + 1e-4)
                            .count())
                    .isLessThan(20);
        }
    }

    private static double[] logSoftmax(float[] logits) {
        double highest = IntStream.range(0, logits.length)
                .mapToDouble(i -> logits[i])
                .max()
                .orElseThrow();
        double sum = IntStream.range(0, logits.length)
                .mapToDouble(i -> Math.exp(logits[i] - highest))
                .sum();
        return IntStream.range(0, logits.length)
                .mapToDouble(i -> logits[i] - highest - Math.log(sum))
                .toArray();
    }

    /** Answers of transformers, cut off at every piece of their own texts. */
    @ParameterizedTest
    @ValueSource(strings = {"pg1-mqa-fp32", "pg2-gqa"})
    void stopStringsEndAnswersHoweverTheyAreWritten(String checkpoint) {
        PaliGemmaPipeline pipeline = pipeline(Map.of("checkpoint", checkpoint));
        List<GenerationRequest> requests = new ArrayList<>();
        List<String> expected = new ArrayList<>();
        for (Golden.Request each : Golden.of(checkpoint).requests().subList(0, 3)) {
            for (int length : new int[] {1, 2, 5, 9}) {
                int from = Math.max(0, each.text().length() / 2 - length);
                String stop = each.text().substring(from, Math.min(each.text().length(), from + length));
                requests.add(each.toGenerationRequest().toBuilder()
                        .stop("never written", stop)
                        .build());
                expected.add(each.text().substring(0, each.text().indexOf(stop)));
            }
        }

        List<GenerationResult> batch = pipeline.generateAll(requests, 3);

        for (int i = 0; i < requests.size(); i++) {
            GenerationResult result = pipeline.generate(requests.get(i));
            assertThat(result.text()).isEqualTo(expected.get(i));
            assertThat(result.finishReason()).isEqualTo(FinishReason.STOP_STRING);
            assertThat(pipeline.tokenizer().decode(result.tokenIds(), true)).startsWith(expected.get(i));
            GenerationResult whole =
                    pipeline.generate(requests.get(i).toBuilder().stop().build());
            assertThat(Arrays.copyOf(whole.tokenIds(), result.tokens().size())).isEqualTo(result.tokenIds());
            // What ended the answer is one or more of the next tokens.
            double sum = 0;
            List<Double> sums = new ArrayList<>(List.of(0.0));
            for (double each : whole.logProbabilities()) {
                sum += each;
                sums.add(sum);
            }
            assertThat(sums.subList(result.tokens().size(), sums.size()))
                    .anySatisfy(each -> assertThat(result.totalLogProbability()).isCloseTo(each, within(5e-5)));
            assertThat(batch.get(i).text()).isEqualTo(expected.get(i));
            assertThat(batch.get(i).tokenIds()).isEqualTo(result.tokenIds());
            assertThat(batch.get(i).finishReason()).isEqualTo(FinishReason.STOP_STRING);
            StringBuilder streamed = new StringBuilder();
            List<GeneratedToken> tokens = new ArrayList<>();
            try (AnswerStream stream = pipeline.stream(requests.get(i))) {
                while (stream.hasNext()) {
                    TextPiece piece = stream.next();
                    streamed.append(piece.text());
                    piece.token().ifPresent(tokens::add);
                    assertThat(expected.get(i)).startsWith(streamed);
                }
                assertThat(stream.result().text()).isEqualTo(expected.get(i));
            }
            assertThat(streamed).hasToString(expected.get(i));
            assertThat(tokens.stream().mapToInt(GeneratedToken::id).toArray()).isEqualTo(result.tokenIds());
        }
    }

    private static int[] toArray(List<Integer> ids) {
        return ids.stream().mapToInt(Integer::intValue).toArray();
    }

    private static double[] toDoubles(List<Double> numbers) {
        return numbers.stream().mapToDouble(Double::doubleValue).toArray();
    }
}
