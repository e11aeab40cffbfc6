package dev.paligemma;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.paligemma.engine.contract.ContractLedger;
import dev.paligemma.engine.contract.TestedEngine;
import java.util.Locale;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Whole checkpoints give what transformers gives. */
@ExtendWith(ContractLedger.class)
public abstract class GoldenParityContract {
    /** The largest difference accepted between log-probabilities; measured differences are below 1e-5. */
    private static final double TOLERANCE = 5e-5;

    @ParameterizedTest
    @MethodSource("dev.paligemma.Golden#all")
    void generatesTheTokensAndLogProbabilitiesOfTransformers(Golden golden) {
        try (PaliGemmaPipeline pipeline = golden.load(TestedEngine.of(getClass()))) {
            assertThat(golden.requests()).isNotEmpty();
            for (Golden.Request request : golden.requests()) {
                GenerationResult result = pipeline.generate(request.toGenerationRequest());
                assertThat(result.promptTokenIds()).containsExactly(array(request.textTokenIds()));
                assertThat(result.imageTokens()).isEqualTo(request.imageTokens());
                assertThat(result.tokenIds()).as(request.prompt()).containsExactly(array(request.tokenIds()));
                for (int i = 0; i < request.logprobs().size(); i++) {
                    assertThat(result.logProbabilities()[i])
                            .as("log-probability %s of %s", i, request.prompt())
                            .isCloseTo(request.logprobs().get(i), within(TOLERANCE));
                }
                assertThat(result.text()).isEqualTo(request.text());
                assertThat(result.finishReason().name().toLowerCase(Locale.ROOT))
                        .isEqualTo(request.finishReason());
            }
        }
    }

    private static int[] array(java.util.List<Integer> list) {
        return list.stream().mapToInt(Integer::intValue).toArray();
    }
}
