package dev.paligemma;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.paligemma.constraint.TokenConstraint;
import dev.paligemma.detection.DetectionOptions;
import dev.paligemma.detection.DetectionResult;
import dev.paligemma.detection.SegmentationResult;
import dev.paligemma.generation.AnswerScore;
import dev.paligemma.generation.AnswerStream;
import dev.paligemma.generation.FinishReason;
import dev.paligemma.generation.GenerationRequest;
import dev.paligemma.generation.GenerationResult;
import dev.paligemma.generation.Sampling;
import dev.paligemma.task.Task;
import dev.paligemma.task.TaskAnswer;
import dev.paligemma.task.Tasks;
import dev.paligemma.vision.RgbImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TasksTest {
    private static final Golden GOLDEN = Golden.of("pg2-gqa");
    private static final Probe PROBE = new Probe();
    private static final List<String> LABELS = List.of("cat", "dog");
    private static final Task<GenerationResult> QUESTION = Tasks.answer("en", "is the door open?");
    private static final List<String> ANSWERS = List.of("yes", "no", "a cat");

    private static PaliGemmaPipeline pipeline;
    private static RgbImage image;
    private static Path file;

    @BeforeAll
    static void load(@TempDir Path folder) throws IOException {
        pipeline = ProbedEngineProvider.load(GOLDEN, PROBE, 2);
        image = GOLDEN.requests().get(0).images().get(0);
        file = folder.resolve("picture.png");
        ImageIO.write(image.toBufferedImage(), "png", file.toFile());
    }

    @AfterAll
    static void close() {
        pipeline.close();
    }

    /** Boxes, which an untrained model writes under a constraint only, and of many kinds only at random. */
    private static <R> Task<R> forced(Task<R> task, TokenConstraint constraint) {
        return task.with(request -> request.constraint(constraint)
                .sampling(Sampling.temperature(1).seed(8))
                .maxNewTokens(60));
    }

    private static Task<DetectionResult> boxes() {
        return forced(Tasks.detect(LABELS), pipeline.constraints().detections(LABELS));
    }

    @Test
    void everyTaskByNameTakesAPictureOrItsFile() {
        assertThat(pipeline.caption(file)).isEqualTo(pipeline.caption(image));
        assertThat(pipeline.caption(image)).isEqualTo(pipeline.caption(image, "en"));
        assertThat(pipeline.caption(file, "fr")).isEqualTo(pipeline.caption(image, "fr"));
        assertThat(pipeline.answer(file, "what?")).isEqualTo(pipeline.answer(image, "en", "what?"));
        assertThat(pipeline.answer(file, "fr", "quoi?")).isEqualTo(text("answer fr quoi?"));
        assertThat(pipeline.ocr(file)).isEqualTo(pipeline.ocr(image));
        DetectionOptions options = DetectionOptions.defaults();
        assertThat(pipeline.detect(file, "cat").rawText())
                .isEqualTo(pipeline.detect(image, "cat").rawText())
                .isEqualTo(pipeline.detect(file, List.of("cat"), options).rawText());
        assertThat(pipeline.segment(file, "cat").answer().rawText())
                .isEqualTo(pipeline.segment(image, "cat").answer().rawText())
                .isEqualTo(
                        pipeline.segment(file, List.of("cat"), options).answer().rawText());
        assertThat(pipeline.score(file, QUESTION, ANSWERS))
                .extracting(AnswerScore::logProbability)
                .isEqualTo(pipeline.score(image, QUESTION, ANSWERS).stream()
                        .map(AnswerScore::logProbability)
                        .toList());
        try (var things = pipeline.streamDetections(file, "cat")) {
            things.forEachRemaining(thing -> {});
            assertThat(things.result().rawText())
                    .isEqualTo(pipeline.detect(image, "cat").rawText());
        }
    }

    private static String text(String prompt) {
        return pipeline.generate(GenerationRequest.of(image, prompt)).text();
    }

    @Test
    void typedResultsCarryTheWholeAnswer() {
        GenerationResult answer =
                pipeline.generate(boxes().request().image(image).build());

        DetectionResult found = pipeline.run(boxes(), image);
        assertThat(found.detections())
                .isNotEmpty()
                .allSatisfy(box -> assertThat(box.codes()
                                .orElseThrow()
                                .toBox(DetectionOptions.defaults().locationScale()))
                        .isEqualTo(box.box()));
        assertThat(found.generation().tokens()).isEqualTo(answer.tokens());
        assertThat(found.generation().finishReason()).isEqualTo(answer.finishReason());
        assertThat(found.generation().timings().decodeMs()).isPositive();

        SegmentationResult shapes = pipeline.run(
                forced(Tasks.segment(LABELS), pipeline.constraints().segments(LABELS)), image);
        assertThat(shapes.generation()).isSameAs(shapes.answer().generation());
        assertThat(shapes.segments().get(0).detection().hasMask()).isTrue();
        assertThat(shapes.segments())
                .as("without the weights of the decoder")
                .allSatisfy(each -> assertThat(each.mask()).isEmpty());
    }

    @Test
    void scoresCarryTheAnswersAsIfTheModelHadWrittenThem() {
        List<AnswerScore> scores = pipeline.score(image, QUESTION, List.of("a cat", ""));

        assertThat(scores.get(0).generation().text()).isEqualTo("a cat");
        assertThat(scores.get(1).generation().tokens()).isEmpty();
        assertThat(scores).allSatisfy(score -> {
            assertThat(score.generation().totalLogProbability()).isCloseTo(score.logProbability(), within(1e-9));
            assertThat(score.generation().finishReason()).isEqualTo(FinishReason.EOS);
        });
    }

    @Test
    void aTaskOfGivenAnswersReadsTheLikeliestOne() {
        Task<String> choice = new Task<>() {
            @Override
            public GenerationRequest.Builder request() {
                return QUESTION.request();
            }

            @Override
            public List<String> givenAnswers() {
                return ANSWERS;
            }

            @Override
            public String read(TaskAnswer answer) {
                assertThat(answer.scores()).extracting(AnswerScore::answer).isEqualTo(ANSWERS);
                return answer.text();
            }
        };
        String likeliest = Collections.max(
                        pipeline.score(image, QUESTION, ANSWERS),
                        Comparator.comparingDouble(AnswerScore::logProbability))
                .answer();

        assertThat(pipeline.run(choice, image)).isEqualTo(likeliest);
        assertThat(pipeline.runAll(choice.map(String::length), List.of(image, image), 2))
                .containsOnly(likeliest.length());
    }

    @Test
    void manyPicturesAreAnsweredAsOne() {
        RgbImage other = GOLDEN.requests().get(1).images().get(0);

        List<DetectionResult> results = pipeline.runAll(boxes(), List.of(image, other, image), 2);

        assertThat(results)
                .extracting(DetectionResult::rawText)
                .containsExactly(
                        pipeline.run(boxes(), image).rawText(),
                        pipeline.run(boxes(), other).rawText(),
                        pipeline.run(boxes(), image).rawText());
    }

    @Test
    void answersOfSamplesAndStreamsAreReadByTasks() {
        GenerationRequest request = boxes().request().image(image).build();
        String expected = pipeline.run(boxes(), request).rawText();

        GenerationResult sample = pipeline.generateSeveral(request, 2).get(0);
        assertThat(pipeline.read(boxes(), request, sample).rawText()).isEqualTo(expected);
        try (AnswerStream stream = pipeline.stream(request)) {
            stream.forEachRemaining(piece -> {});
            assertThat(pipeline.read(boxes(), request, stream.result()).rawText())
                    .isEqualTo(expected);
        }
    }

    @Test
    void optionsOfATaskCountAndThoseOfTheRequestCountMore() {
        Task<GenerationResult> brief = Tasks.ocr().with(request -> request.maxNewTokens(2));

        assertThat(pipeline.run(brief, image).tokens()).hasSize(2);
        assertThat(pipeline.run(
                                brief,
                                brief.request().image(image).maxNewTokens(1).build())
                        .tokens())
                .hasSize(1);
        assertThatThrownBy(() -> Tasks.ocr().with(request -> request.maxNewTokens(0)))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void boxesOfSeveralPicturesAreRefusedBeforeAnythingRuns() {
        int before = PROBE.encodings();
        assertThatThrownBy(() -> pipeline.run(Tasks.segment("cat"), image, image))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("one image, got 2");
        assertThatThrownBy(() -> pipeline.streamDetections(
                        Tasks.detect("cat"),
                        GenerationRequest.builder()
                                .images(List.of(image, image))
                                .build()))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> pipeline.run(Tasks.ocr(), new RgbImage[0]))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Tasks.score(QUESTION, List.of())).isInstanceOf(IllegalArgumentException.class);
        assertThat(PROBE.encodings()).isEqualTo(before);
    }
}
