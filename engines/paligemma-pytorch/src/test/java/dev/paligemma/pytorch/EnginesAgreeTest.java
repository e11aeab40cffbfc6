package dev.paligemma.pytorch;

import static dev.paligemma.engine.contract.TestedEngine.ONNX_FLOAT32;
import static dev.paligemma.engine.contract.TestedEngine.PYTORCH_FLOAT32;
import static dev.paligemma.engine.contract.TestedEngine.REFERENCE_FLOAT32;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.paligemma.Golden;
import dev.paligemma.PaliGemmaPipeline;
import dev.paligemma.engine.contract.TestedEngine;
import dev.paligemma.generation.AnswerScore;
import dev.paligemma.generation.BeamAnswer;
import dev.paligemma.generation.BeamSearch;
import dev.paligemma.generation.GenerationRequest;
import dev.paligemma.generation.GenerationResult;
import dev.paligemma.generation.Sampling;
import dev.paligemma.vision.RgbImage;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** All engines in single precision, asked the same: the stored requests and random ones about random images. */
class EnginesAgreeTest {
    /** Each engine alone is within 5e-5 of transformers. */
    private static final double TOLERANCE = 5e-4;

    private static final int RANDOM_REQUESTS = 8;

    private static final List<String> WORDS = List.of(
            "caption",
            "en",
            "detect",
            "cat",
            "dog",
            ";",
            "segment",
            "ocr",
            "answer",
            "what",
            "is",
            "this",
            "<loc0123>",
            "?",
            "größe",
            "猫");

    @ParameterizedTest
    @MethodSource("dev.paligemma.Golden#all")
    void giveTheSameAnswers(Golden golden) {
        List<GenerationRequest> requests = new ArrayList<>();
        golden.requests().forEach(request -> requests.add(request.toGenerationRequest()));
        int images = golden.requests().get(0).images().size();
        // Another seed for each checkpoint, the same each time.
        Random random = new Random(golden.toString().hashCode());
        for (int i = 0; i < RANDOM_REQUESTS; i++) {
            requests.add(random(random, images));
        }
        try (PaliGemmaPipeline onnx = golden.load(ONNX_FLOAT32)) {
            for (TestedEngine engine : List.of(PYTORCH_FLOAT32, REFERENCE_FLOAT32)) {
                try (PaliGemmaPipeline other = golden.load(engine)) {
                    assertThat(other.info().engine())
                            .isEqualTo(engine.engine())
                            .isNotEqualTo(onnx.info().engine());
                    assertSame(requests, onnx, other);
                }
            }
        }
    }

    private static void assertSame(
            List<GenerationRequest> requests, PaliGemmaPipeline expected, PaliGemmaPipeline got) {
        requests.forEach(request -> assertSame(request, expected.generate(request), got.generate(request)));

        assertSame(requests, expected.generateAll(requests, 4), got.generateAll(requests, 4));
        GenerationRequest last = requests.get(requests.size() - 1);
        GenerationRequest sampled =
                last.toBuilder().sampling(Sampling.temperature(1).seed(7)).build();
        assertSame(
                List.of(sampled, sampled, sampled),
                expected.generateSeveral(sampled, 3),
                got.generateSeveral(sampled, 3));
        assertSameSearch(last, expected, got);
        assertSameScores(last, expected, got);
    }

    private static void assertSame(
            List<GenerationRequest> requests, List<GenerationResult> expected, List<GenerationResult> got) {
        assertThat(got).hasSameSizeAs(requests);
        for (int i = 0; i < got.size(); i++) {
            assertSame(requests.get(i), expected.get(i), got.get(i));
        }
    }

    private static void assertSame(GenerationRequest request, GenerationResult expected, GenerationResult got) {
        assertThat(got.tokenIds()).as(request.prompt()).containsExactly(expected.tokenIds());
        assertThat(got.logProbabilities())
                .as(request.prompt())
                .containsExactly(expected.logProbabilities(), within(TOLERANCE));
        assertThat(got.finishReason()).isEqualTo(expected.finishReason());
    }

    private static void assertSameSearch(GenerationRequest request, PaliGemmaPipeline first, PaliGemmaPipeline other) {
        List<BeamAnswer> expected = first.search(request, BeamSearch.of(3));
        List<BeamAnswer> got = other.search(request, BeamSearch.of(3));
        assertThat(got).hasSameSizeAs(expected);
        for (int i = 0; i < got.size(); i++) {
            assertSame(request, expected.get(i).answer(), got.get(i).answer());
            assertThat(got.get(i).score()).isCloseTo(expected.get(i).score(), within(TOLERANCE));
        }
    }

    private static void assertSameScores(GenerationRequest request, PaliGemmaPipeline first, PaliGemmaPipeline other) {
        List<String> answers = List.of("cat", "a dog", "what is this?");
        List<AnswerScore> expected = first.score(request, answers);
        List<AnswerScore> got = other.score(request, answers);
        for (int i = 0; i < answers.size(); i++) {
            // A sum over some tokens.
            assertThat(got.get(i).logProbability()).isCloseTo(expected.get(i).logProbability(), within(5 * TOLERANCE));
            assertThat(got.get(i).share()).isCloseTo(expected.get(i).share(), within(TOLERANCE));
        }
    }

    private static GenerationRequest random(Random random, int images) {
        List<RgbImage> pictures = new ArrayList<>();
        for (int i = 0; i < images; i++) {
            int width = 1 + random.nextInt(80);
            int height = 1 + random.nextInt(80);
            byte[] rgb = new byte[3 * width * height];
            random.nextBytes(rgb);
            pictures.add(RgbImage.of(width, height, rgb));
        }
        List<String> words = random.ints(1 + random.nextInt(8), 0, WORDS.size())
                .mapToObj(WORDS::get)
                .toList();
        return GenerationRequest.builder()
                .images(pictures)
                .prompt(String.join(" ", words))
                .maxNewTokens(1 + random.nextInt(16))
                .build();
    }
}
