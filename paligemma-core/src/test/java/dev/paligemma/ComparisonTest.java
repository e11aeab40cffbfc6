package dev.paligemma;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;
import static org.assertj.core.api.Assertions.within;

import dev.paligemma.generation.Agreement;
import dev.paligemma.generation.ComparedRequest;
import dev.paligemma.generation.Comparison;
import dev.paligemma.generation.GenerationRequest;
import dev.paligemma.generation.GenerationResult;
import dev.paligemma.network.DecoderOptions;
import dev.paligemma.vision.RgbImage;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;

/** Two pipelines side by side. */
class ComparisonTest {
    private static final DecoderOptions UNCAPPED = DecoderOptions.defaults().withoutFinalSoftcap();
    private static final DecoderOptions WITHOUT_WINDOW =
            DecoderOptions.defaults().withoutSlidingWindow();

    @Test
    void divergenceIsThatOfTheReferencesLogits() {
        // The other pipeline does not soft-cap its logits, so both sides follow from what transformers recorded.
        Golden golden = Golden.of("pg2-softcap");
        Golden.Request request = golden.requests().get(0);
        double expected = 0;
        for (String name : List.of("prefill.logits", "decode0.logits")) {
            float[] capped = Objects.requireNonNull(golden.tensor(name));
            float[] logits = new float[capped.length];
            for (int i = 0; i < logits.length; i++) {
                double share = capped[i] / 5;
                logits[i] = (float) (5 * 0.5 * Math.log((1 + share) / (1 - share)));
            }
            expected += divergence(softmax(capped), softmax(logits));
        }
        try (PaliGemmaPipeline reference = PaliGemmaPipeline.load(golden.folder());
                PaliGemmaPipeline other = load(golden, UNCAPPED)) {
            Comparison comparison = reference.compare(other, request.images(), List.of(request.prompt()), 2);

            assertThat(comparison.total().positions()).isEqualTo(2);
            assertThat(comparison.total().meanKl()).isCloseTo(expected / 2, within(1e-4));
            assertThat(comparison.total().meanKl()).isGreaterThan(1e-2);
            assertThat(comparison.total().tokenAgreement()).isEqualTo(1);
            assertThat(comparison.sameAnswers()).isEqualTo(1);
        }
    }

    @Test
    void bothFollowTheReferencesTokens() {
        Golden golden = Golden.of("pg2-window");
        try (PaliGemmaPipeline reference = PaliGemmaPipeline.load(golden.folder());
                PaliGemmaPipeline other = load(golden, WITHOUT_WINDOW)) {
            Golden.Request request = golden.requests().get(2);
            Comparison comparison = reference.compare(other, request.images(), List.of(request.prompt()), 16);

            ComparedRequest compared = comparison.requests().get(0);
            GenerationResult own = other.generate(request.toGenerationRequest());
            assertThat(compared.referenceText()).isEqualTo(request.text());
            assertThat(compared.otherText()).isEqualTo(own.text()).isNotEqualTo(request.text());
            assertThat(compared.sameAnswer()).isFalse();
            assertThat(comparison.sameAnswers()).isZero();
            assertThat(compared.agreement().positions()).isEqualTo(16);
            int common = 0;
            while (own.tokenIds()[common] == request.tokenIds().get(common)) {
                common++;
            }
            assertThat(compared.agreement().sameTokens()).isBetween((long) common, 15L);
            assertThat(compared.agreement().meanKl()).isGreaterThan(0);
        }
    }

    @Test
    void endOfSequenceIsAPositionToo() {
        Golden golden = Golden.of("pg1-mqa-fp32");
        Golden.Request request = golden.requests().get(0);
        assertThat(request.finishReason()).isEqualTo("eos");
        try (PaliGemmaPipeline reference = PaliGemmaPipeline.load(golden.folder());
                PaliGemmaPipeline other = PaliGemmaPipeline.load(golden.folder())) {
            Agreement agreement = reference
                    .compare(other, request.images(), List.of(request.prompt()))
                    .total();
            // One file mapped twice, so both have their weights at the same alignment.
            assertThat(agreement)
                    .isEqualTo(new Agreement(
                            request.tokenIds().size() + 1, request.tokenIds().size() + 1, 0, 0, 0));
        }
    }

    @Test
    void asksEveryPromptAboutEveryImage() {
        Golden golden = Golden.of("pg2-gqa");
        List<RgbImage> images = List.of(image(golden, 0), image(golden, 1));
        try (PaliGemmaPipeline pipeline = PaliGemmaPipeline.load(golden.folder())) {
            Comparison comparison = pipeline.compare(pipeline, images, List.of("caption en", "ocr"), 4);

            assertThat(comparison.requests())
                    .extracting(ComparedRequest::image, ComparedRequest::prompt)
                    .containsExactly(tuple(0, "caption en"), tuple(0, "ocr"), tuple(1, "caption en"), tuple(1, "ocr"));
            for (ComparedRequest compared : comparison.requests()) {
                GenerationRequest request = GenerationRequest.builder()
                        .image(images.get(compared.image()))
                        .prompt(compared.prompt())
                        .maxNewTokens(4)
                        .build();
                assertThat(compared.referenceText())
                        .isEqualTo(pipeline.generate(request).text());
                assertThat(compared.sameAnswer()).isTrue();
            }
            assertThat(comparison.total().totalKl()).isZero();
        }
    }

    @Test
    void modelsOfOtherSizesCanBeCompared() {
        Golden golden = Golden.of("pg2-gqa");
        try (PaliGemmaPipeline reference = PaliGemmaPipeline.load(golden.folder());
                PaliGemmaPipeline other =
                        PaliGemmaPipeline.load(Golden.of("pg1-mqa-fp32").folder())) {
            Comparison comparison = reference.compare(other, List.of(image(golden, 0)), List.of("caption en"), 8);
            assertThat(comparison.total().tokenAgreement()).isLessThan(1);
            assertThat(comparison.total().meanKl()).isGreaterThan(0.1);
        }
    }

    @Test
    void modelsOfAnotherVocabularyAreRefused() {
        Golden golden = Golden.of("pg2-gqa");
        try (PaliGemmaPipeline reference = PaliGemmaPipeline.load(golden.folder());
                PaliGemmaPipeline other =
                        PaliGemmaPipeline.load(Golden.of("pg2-fewer-rows").folder())) {
            assertThatThrownBy(() -> reference.compare(other, List.of(image(golden, 0)), List.of("caption en")))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("vocabulary")
                    .hasMessageContaining("1664")
                    .hasMessageContaining("1600");
        }
    }

    @Test
    void emptyListsAndLimitsAreRefused() {
        Golden golden = Golden.of("pg2-gqa");
        List<RgbImage> images = List.of(image(golden, 0));
        try (PaliGemmaPipeline pipeline = PaliGemmaPipeline.load(golden.folder())) {
            assertThatThrownBy(() -> pipeline.compare(pipeline, List.of(), List.of("ocr")))
                    .isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> pipeline.compare(pipeline, images, List.of()))
                    .isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> pipeline.compare(pipeline, images, List.of("ocr"), 0))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("got 0");
        }
    }

    @Test
    void closedPipelinesAreRefusedOnBothSides() {
        Golden golden = Golden.of("pg2-gqa");
        PaliGemmaPipeline closed = PaliGemmaPipeline.load(golden.folder());
        closed.close();
        List<RgbImage> images = List.of(image(golden, 0));
        try (PaliGemmaPipeline open = PaliGemmaPipeline.load(golden.folder())) {
            assertThatThrownBy(() -> open.compare(closed, images, List.of("ocr")))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("closed");
            assertThatThrownBy(() -> closed.compare(open, images, List.of("ocr")))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("closed");
            assertThat(open.compare(open, images, List.of("ocr"), 2).sameAnswers())
                    .isEqualTo(1);
        }
    }

    @Test
    void pipelinesOfOneSlotMayBeComparedInBothDirectionsAtOnce()
            throws InterruptedException, ExecutionException, TimeoutException {
        Golden golden = Golden.of("pg2-gqa");
        List<RgbImage> images = List.of(image(golden, 0), image(golden, 1));
        List<String> prompts = List.of("caption en", "ocr", "detect cat");
        ExecutorService executor = Executors.newFixedThreadPool(3);
        try (PaliGemmaPipeline one = withOneSlot(golden);
                PaliGemmaPipeline other = withOneSlot(golden)) {
            List<Callable<Comparison>> work = List.of(
                    () -> one.compare(other, images, prompts, 4),
                    () -> other.compare(one, images, prompts, 4),
                    () -> one.compare(one, images, prompts, 4));
            List<Future<Comparison>> running =
                    work.stream().map(executor::submit).toList();
            for (Future<Comparison> future : running) {
                assertThat(future.get(60, TimeUnit.SECONDS).sameAnswers()).isEqualTo(1);
            }
        } finally {
            executor.shutdownNow();
        }
    }

    private static PaliGemmaPipeline withOneSlot(Golden golden) {
        return PaliGemmaPipeline.builder()
                .checkpoint(golden.folder())
                .maxConcurrentRequests(1)
                .build();
    }

    private static PaliGemmaPipeline load(Golden golden, DecoderOptions options) {
        return PaliGemmaPipeline.builder()
                .checkpoint(golden.folder())
                .decoderOptions(options)
                .build();
    }

    private static RgbImage image(Golden golden, int request) {
        return golden.requests().get(request).images().get(0);
    }

    private static double[] softmax(float[] logits) {
        double[] exponentials = new double[logits.length];
        double sum = 0;
        for (int i = 0; i < logits.length; i++) {
            exponentials[i] = Math.exp(logits[i]);
            sum += exponentials[i];
        }
        for (int i = 0; i < logits.length; i++) {
            exponentials[i] /= sum;
        }
        return exponentials;
    }

    private static double divergence(double[] p, double[] q) {
        double sum = 0;
        for (int i = 0; i < p.length; i++) {
            sum += p[i] * Math.log(p[i] / q[i]);
        }
        return sum;
    }
}
