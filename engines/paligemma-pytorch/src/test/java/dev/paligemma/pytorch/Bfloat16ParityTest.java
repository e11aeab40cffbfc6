package dev.paligemma.pytorch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.paligemma.Golden;
import dev.paligemma.PaliGemmaPipeline;
import dev.paligemma.engine.Precision;
import dev.paligemma.generation.GenerationRequest;
import dev.paligemma.generation.GenerationResult;
import dev.paligemma.vision.RgbImage;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** Whole checkpoints in bfloat16 answer as transformers does in bfloat16 ({@code src/reference/bfloat16}). */
class Bfloat16ParityTest {
    /** Transformers' own distance from float32 reaches 0.123 on these models. */
    private static final double TOLERANCE = 0.15;
    /** Closer decisions than this may fall differently in bfloat16, and then all that follows does. */
    private static final double DECIDED = 0.1;

    /** As near as two ways of rounding can be, and nearer to float32 than transformers is, which rounds activations, too. */
    @Test
    void givesNearlyTheLogProbabilitiesOfTransformers() throws URISyntaxException {
        int compared = 0;
        double error = 0;
        double errorOfTransformers = 0;
        for (Object entry : list(golden(), "cases")) {
            Map<?, ?> golden = (Map<?, ?>) entry;
            Path folder = Golden.of((String) golden.get("checkpoint")).folder();
            try (PaliGemmaPipeline pipeline = load(folder)) {
                for (Object each : list(golden, "requests")) {
                    Map<?, ?> request = (Map<?, ?>) each;
                    GenerationResult result = answer(pipeline, folder, request);
                    double[] tokens = numbers(request, "tokenIds");
                    double[] single = numbers(request, "float32");
                    double[] expected = numbers(request, "bfloat16");
                    for (int i = 0; i < decided(numbers(request, "margins")); i++) {
                        String step = folder + ", " + request.get("prompt") + ", token " + i;
                        double got = result.logProbabilities()[i];
                        assertThat(result.tokenIds()[i]).as(step).isEqualTo((int) tokens[i]);
                        assertThat(got).as(step).isCloseTo(expected[i], within(TOLERANCE));
                        compared++;
                        error += Math.abs(got - single[i]);
                        errorOfTransformers += Math.abs(expected[i] - single[i]);
                    }
                }
            }
        }

        assertThat(compared).isGreaterThan(50);
        assertThat(error).as("distance from float32 over %d tokens", compared).isBetween(1e-3, errorOfTransformers);
    }

    /** How many tokens are decided clearly, one after the other. */
    private static int decided(double[] margins) {
        int count = 0;
        while (count < margins.length && margins[count] >= DECIDED) {
            count++;
        }
        return count;
    }

    private static PaliGemmaPipeline load(Path folder) {
        return PaliGemmaPipeline.builder()
                .checkpoint(folder)
                .engine("pytorch")
                .precision(Precision.BFLOAT16)
                .build();
    }

    private static GenerationResult answer(PaliGemmaPipeline pipeline, Path folder, Map<?, ?> request) {
        return pipeline.generate(GenerationRequest.builder()
                .images(list(request, "images").stream()
                        .map(name -> RgbImage.read(folder.resolve((String) name)))
                        .toList())
                .prompt((String) Objects.requireNonNull(request.get("prompt")))
                .maxNewTokens(((Number) Objects.requireNonNull(request.get("maxNewTokens"))).intValue())
                .build());
    }

    private static Map<?, ?> golden() throws URISyntaxException {
        return Golden.readJson(Path.of(Objects.requireNonNull(Bfloat16ParityTest.class.getResource("/bfloat16.json"))
                .toURI()));
    }

    private static List<?> list(Map<?, ?> map, String key) {
        return (List<?>) Objects.requireNonNull(map.get(key), key);
    }

    private static double[] numbers(Map<?, ?> map, String key) {
        return list(map, key).stream()
                .mapToDouble(value -> ((Number) value).doubleValue())
                .toArray();
    }
}
