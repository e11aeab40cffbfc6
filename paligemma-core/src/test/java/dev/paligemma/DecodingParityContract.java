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

import dev.paligemma.engine.contract.ContractLedger;
import dev.paligemma.engine.contract.TestedEngine;
import dev.paligemma.generation.AnswerScore;
import dev.paligemma.generation.BeamAnswer;
import dev.paligemma.generation.BeamSearch;
import dev.paligemma.generation.FinishReason;
import dev.paligemma.generation.GenerationRequest;
import dev.paligemma.generation.GenerationResult;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

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

    private static int[] toArray(List<Integer> ids) {
        return ids.stream().mapToInt(Integer::intValue).toArray();
    }

    private static double[] toDoubles(List<Double> numbers) {
        return numbers.stream().mapToDouble(Double::doubleValue).toArray();
    }
}
