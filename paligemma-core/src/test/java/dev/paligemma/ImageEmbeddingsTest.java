package dev.paligemma;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.paligemma.detection.DetectionResult;
import dev.paligemma.generation.BeamAnswer;
import dev.paligemma.generation.BeamSearch;
import dev.paligemma.generation.GenerationRequest;
import dev.paligemma.generation.GenerationResult;
import dev.paligemma.generation.ImageEmbeddings;
import dev.paligemma.task.Task;
import dev.paligemma.task.Tasks;
import dev.paligemma.vision.RgbImage;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ImageEmbeddingsTest {
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

    private static RgbImage image() {
        return GOLDEN.requests().get(0).images().get(0);
    }

    /** One program and the same shapes; see {@link Golden#assertSame}. */
    @ParameterizedTest
    @ValueSource(strings = {"pg1-mqa-fp32", "pg2-gqa", "pg2-two-images"})
    void answersAreThoseOfTheImagesToTheLastBit(String checkpoint) {
        Golden golden = Golden.of(checkpoint);
        try (PaliGemmaPipeline one = PaliGemmaPipeline.load(golden.folder())) {
            for (Golden.Request each : golden.requests()) {
                GenerationRequest request = each.toGenerationRequest();
                GenerationResult expected = one.generate(request);
                ImageEmbeddings images = one.encode(each.images());

                GenerationResult result =
                        one.generate(request.toBuilder().images(images).build());

                assertThat(result.tokens()).isEqualTo(expected.tokens());
                assertThat(result.totalLogProbability()).isEqualTo(expected.totalLogProbability());
                assertThat(result.text()).isEqualTo(expected.text());
                assertThat(result.imageTokens()).isEqualTo(expected.imageTokens());
            }
        }
    }

    @Test
    void imagesAreEncodedOnceForAnyNumberOfPrompts() {
        ImageEmbeddings images = pipeline.encode(image());
        int before = PROBE.encodings();
        for (String prompt : List.of("caption en", "what is this?", "")) {
            assertThat(pipeline.generate(GenerationRequest.of(images, prompt)).tokens())
                    .isNotEmpty();
        }
        assertThat(PROBE.encodings()).isEqualTo(before);
        assertThat(pipeline.generate(GenerationRequest.of(image(), "")).tokens())
                .isNotEmpty();
        assertThat(PROBE.encodings()).isEqualTo(before + 1);
    }

    @Test
    void everyKindOfRequestTakesThem() {
        GenerationRequest plain = GenerationRequest.builder()
                .image(image())
                .prompt("detect cat ; dog")
                .maxNewTokens(12)
                .build();
        GenerationRequest encoded =
                plain.toBuilder().images(pipeline.encode(image())).build();
        int before = PROBE.encodings();

        assertThat(pipeline.generateAll(List.of(encoded, encoded), 2))
                .extracting(GenerationResult::text)
                .containsOnly(pipeline.generate(plain).text());
        assertThat(pipeline.search(encoded, BeamSearch.of(2)))
                .extracting(BeamAnswer::score)
                .isEqualTo(pipeline.search(plain, BeamSearch.of(2)).stream()
                        .map(BeamAnswer::score)
                        .toList());
        assertThat(scores(encoded)).isEqualTo(scores(plain));
        Task<DetectionResult> task = Tasks.detect("cat");
        assertThat(pipeline.run(task, encoded).parts())
                .isEqualTo(pipeline.run(task, plain).parts());
        assertThat(pipeline.run(task, encoded).imageWidth()).isEqualTo(image().width());
        assertThat(pipeline.run(task, encoded).imageHeight()).isEqualTo(image().height());
        assertThat(PROBE.encodings()).as("those of the images themselves alone").isEqualTo(before + 4);
    }

    /** What does not differ from one time to the next. */
    private static List<List<Object>> scores(GenerationRequest request) {
        return pipeline.score(request, List.of("a", "b")).stream()
                .map(score -> List.<Object>of(
                        score.answer(),
                        score.logProbability(),
                        score.share(),
                        score.generation().tokens()))
                .toList();
    }

    @Test
    void otherRequestsDoNotChangeThem() {
        ImageEmbeddings images = pipeline.encode(image());
        float[] before = images.toArray();
        RgbImage other = GOLDEN.requests().get(1).images().get(0);
        for (int i = 0; i < 3; i++) {
            pipeline.generate(GenerationRequest.of(images, "caption en"));
            pipeline.generate(GenerationRequest.of(other, "caption en"));
            pipeline.encode(other);
        }
        assertThat(images.toArray()).isEqualTo(before);
    }

    @Test
    void theyKnowTheSizesOfTheImages() {
        RgbImage wide = image().resize(30, 10);
        ImageEmbeddings images = pipeline.encode(List.of(image(), wide));
        assertThat(images.count()).isEqualTo(2);
        assertThat(images.imageWidth(0)).isEqualTo(image().width());
        assertThat(images.imageHeight(0)).isEqualTo(image().height());
        assertThat(images.imageWidth(1)).isEqualTo(30);
        assertThat(images.imageHeight(1)).isEqualTo(10);
        assertThatThrownBy(() -> images.imageWidth(2)).isInstanceOf(IndexOutOfBoundsException.class);
    }

    @Test
    void imagesFollowEachOther() {
        RgbImage other = GOLDEN.requests().get(1).images().get(0);
        float[] first = pipeline.encode(image()).toArray();
        float[] second = pipeline.encode(other).toArray();
        float[] both = pipeline.encode(List.of(image(), other)).toArray();

        assertThat(first).isNotEqualTo(second);
        assertThat(both).hasSize(first.length + second.length);
        // To the bit, for images are encoded one at a time.
        assertThat(both).startsWith(first).endsWith(second);
    }

    @Test
    void thoseOfAnotherPipelineAreRefused() {
        try (PaliGemmaPipeline other = PaliGemmaPipeline.load(GOLDEN.folder())) {
            ImageEmbeddings images = other.encode(image());
            assertThatThrownBy(() -> pipeline.generate(GenerationRequest.of(images, "caption en")))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("another pipeline");
            assertThatThrownBy(() -> pipeline.stream(GenerationRequest.of(images, "caption en"))
                            .hasNext())
                    .isInstanceOf(IllegalArgumentException.class);
        }
        assertThat(PROBE.open()).isZero();
    }

    @Test
    void aClosedPipelineNeitherEncodesNorAnswers() {
        PaliGemmaPipeline closed = PaliGemmaPipeline.load(GOLDEN.folder());
        ImageEmbeddings images = closed.encode(image());
        closed.close();
        assertThatThrownBy(() -> closed.encode(image()))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("closed");
        assertThatThrownBy(() -> closed.generate(GenerationRequest.of(images, "")))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("closed");
    }

    @Test
    void thereMustBeAnImage() {
        assertThatThrownBy(() -> pipeline.encode(List.of()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("at least one image");
    }

    @Test
    void markersMustMatchTheNumberOfEncodedImages() {
        ImageEmbeddings two = pipeline.encode(List.of(image(), image()));
        assertThatThrownBy(() -> pipeline.generate(GenerationRequest.of(two, "<image> what is this?")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("2");
        GenerationRequest boxes = GenerationRequest.of(two, "detect cat");
        assertThatThrownBy(() -> pipeline.run(Tasks.detect("cat"), boxes))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("one image");
    }
}
