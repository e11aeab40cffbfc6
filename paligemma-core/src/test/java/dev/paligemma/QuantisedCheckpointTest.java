package dev.paligemma;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Checkpoints that transformers saved with bitsandbytes give what it answers with the dequantised weights. */
class QuantisedCheckpointTest {
    /** The largest difference accepted between log-probabilities in single precision. */
    private static final double TOLERANCE = 5e-5;

    static Stream<Golden> goldens() throws Exception {
        return Golden.allIn("/bitsandbytes");
    }

    @ParameterizedTest
    @MethodSource("goldens")
    void generatesTheTokensAndLogProbabilitiesOfTransformers(Golden golden) {
        try (PaliGemmaPipeline pipeline = PaliGemmaPipeline.load(golden.folder())) {
            assertThat(golden.requests()).isNotEmpty();
            for (Golden.Request request : golden.requests()) {
                GenerationResult result = pipeline.generate(request.toGenerationRequest());
                assertThat(result.tokenIds())
                        .as(request.prompt())
                        .containsExactly(request.tokenIds().stream()
                                .mapToInt(Integer::intValue)
                                .toArray());
                for (int i = 0; i < request.logprobs().size(); i++) {
                    assertThat(result.logProbabilities()[i])
                            .as("log-probability %s of %s", i, request.prompt())
                            .isCloseTo(request.logprobs().get(i), within(TOLERANCE));
                }
                assertThat(result.text()).isEqualTo(request.text());
            }
        }
    }
}
