package dev.paligemma.evaluation.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.paligemma.PaliGemmaPipeline;
import dev.paligemma.detection.SegmentationResult;
import dev.paligemma.evaluation.answer.ExactMatch;
import dev.paligemma.evaluation.detection.Shape;
import dev.paligemma.evaluation.metric.EvaluationException;
import dev.paligemma.tiny.TinyModel;
import dev.paligemma.vision.RgbImage;
import dev.paligemma.vision.mask.CocoRle;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EvaluationTest {
    private static PaliGemmaPipeline pipeline;

    @TempDir
    Path folder;

    private Path file;

    @BeforeAll
    static void load() {
        pipeline = PaliGemmaPipeline.load(TinyModel.folder());
    }

    @AfterAll
    static void close() {
        pipeline.close();
    }

    @BeforeEach
    void writeQuestions() throws IOException {
        Files.copy(TinyModel.picture(), folder.resolve("scene.png"));
        Files.writeString(folder.resolve("broken.png"), "no picture");
        file = Files.writeString(folder.resolve("data.jsonl"), """
                {"id": "a", "image": "scene.png", "prompt": "caption en", "captions": ["a blue square and the word cafe"]}
                {"id": "b", "image": "scene.png", "question": "what color is the square?", "answers": ["blue"]}
                {"id": "c", "image": "broken.png", "prompt": "caption en", "references": ["", "a star"]}
                {"id": "d", "image": "missing.png", "prompt": "ocr", "references": ["cafe"]}
                {"id": "e", "image": "scene.png", "prompt": "ocr", "answer": "tea"}
                """);
    }

    private EvaluationData data() {
        return EvaluationData.file(file).prompt("answer en {question}").read();
    }

    private Evaluation.Builder evaluation() {
        return Evaluation.builder(data(), Measure.of(new ExactMatch()))
                .output(folder.resolve("out"))
                .setting("model", "tiny")
                .together(2);
    }

    @Test
    void whatCannotBeReadIsACaseThatIsWrong() {
        List<String> progress = new ArrayList<>();
        EvaluationRun run = evaluation()
                .listener((done, before, failed, total) -> progress.add(done + " " + failed + " " + total))
                .build()
                .run(pipeline);
        assertThat(run.scores().cases()).isEqualTo(5);
        assertThat(run.scores().score()).isEqualTo(0.4);
        assertThat(run.failed()).isEqualTo(2);
        assertThat(run.answers().get(2).error().orElseThrow()).contains("broken.png");
        assertThat(run.answers().get(3).error().orElseThrow()).contains("missing.png");
        assertThat(run.interval().low()).isBetween(0.0, 0.4);
        assertThat(run.interval().high()).isBetween(0.4, 1.0);
        assertThat(progress).containsExactly("0 0 5", "2 0 5", "4 2 5", "5 2 5");
    }

    @Test
    void goesOnAfterATornLine() throws IOException {
        EvaluationRun whole = evaluation().build().run(pipeline);
        Path answers = folder.resolve("out/answers.jsonl");
        List<String> lines = Files.readAllLines(answers);
        // Two answers, a third without its end: as a process leaves it that is killed.
        String torn =
                String.join("\n", lines.subList(0, 3)) + "\n" + lines.get(3).substring(0, 9);
        Files.writeString(answers, torn);
        List<Integer> before = new ArrayList<>();
        Evaluation again = evaluation()
                .resume(true)
                .listener((done, earlier, failed, total) -> before.add(earlier))
                .build();
        assertThat(again.finished()).isEmpty();
        assertThat(again.run(pipeline).answers()).isEqualTo(whole.answers());
        assertThat(before).containsOnly(2);
        assertThat(Files.readAllLines(answers)).isEqualTo(lines);
        assertThat(again.finished().orElseThrow().answers()).isEqualTo(whole.answers());
    }

    @Test
    void beginsAnewIfNotEvenTheFirstLineIsWhole() throws IOException {
        Files.createDirectories(folder.resolve("out"));
        Files.writeString(folder.resolve("out/answers.jsonl"), "{\"run\":{\"mod");
        assertThat(evaluation().resume(true).build().run(pipeline).scores().cases())
                .isEqualTo(5);
    }

    @Test
    void refusesAnotherRun() throws IOException {
        evaluation().build().run(pipeline);
        assertThatThrownBy(() -> evaluation().build().run(pipeline))
                .isInstanceOf(EvaluationException.class)
                .hasMessageContaining("resume(...)");
        assertThatThrownBy(() -> evaluation()
                        .resume(true)
                        .setting("model", "other")
                        .build()
                        .run(pipeline))
                .isInstanceOf(EvaluationException.class)
                .hasMessageContaining("another model: expected other, got tiny");
        Files.writeString(
                file, "\n{\"image\": \"x.png\", \"prompt\": \"ocr\", \"answer\": \"\"}\n", StandardOpenOption.APPEND);
        assertThatThrownBy(() -> evaluation().resume(true).build().run(pipeline))
                .isInstanceOf(EvaluationException.class)
                .hasMessageContaining("another data");
    }

    @Test
    void comparesTwoRuns() {
        EvaluationRun one = evaluation().build().run(pipeline);
        Evaluation second =
                evaluation().output(folder.resolve("second")).maxNewTokens(1).build();
        Comparison comparison = Comparison.of(second.run(pipeline), second.other(folder.resolve("out")), 0);
        assertThat(comparison.second().answers()).isEqualTo(one.answers());
        assertThat(comparison.difference()).isEqualTo(0.2);
        assertThat(comparison.better()).isEqualTo(1);
        assertThat(comparison.worse()).isZero();
        assertThat(comparison.interval().low()).isZero();
    }

    @Test
    void scoresBoxesAndMasks() throws IOException {
        RgbImage picture = RgbImage.read(TinyModel.picture());
        SegmentationResult found = pipeline.segment(picture, "blue square");
        CocoRle mask = found.segments().get(0).rle().orElseThrow();
        Files.writeString(file, """
                {"id": "a", "image": "scene.png", "prompt": "segment blue square", "width": %d, "height": %d, "boxes": [\
                {"label": "blue square", "mask": {"size": [%2$d, %1$d], "counts": "%s"}}]}
                """.formatted(
                        picture.width(), picture.height(), mask.compressed().replace("\\", "\\\\")));
        for (Shape shape : Shape.values()) {
            EvaluationRun run = Evaluation.builder(data(), Measure.ofThings(shape))
                    .output(folder.resolve(shape.name()))
                    .build()
                    .run(pipeline);
            assertThat(run.answers().get(0).found()).hasSize(1);
            assertThat(run.scores().parts().get("AP50")).isCloseTo(1, within(1e-9));
            Evaluation finished = Evaluation.builder(data(), Measure.ofThings(shape))
                    .output(folder.resolve(shape.name()))
                    .resume(true)
                    .build();
            assertThat(finished.finished().orElseThrow().answers()).isEqualTo(run.answers());
        }
    }

    @Test
    void refusesAPictureOfAnotherSizeThanItsMasks() throws IOException {
        Files.writeString(file, """
                {"id": "a", "image": "scene.png", "prompt": "segment star", "width": 2, "height": 2, "mask": {"size": [2, 2], \
                "counts": [0, 4]}}
                """);
        Evaluation referred = Evaluation.builder(
                        data(), Measure.ofReferred(pipeline.maskCodec().orElseThrow()))
                .build();
        assertThatThrownBy(() -> referred.run(pipeline))
                .isInstanceOf(EvaluationException.class)
                .hasMessageContaining("expected 2x2");
    }

    @Test
    void refusesQuestionsThatTheMetricCannotScore() {
        Evaluation boxes =
                Evaluation.builder(data(), Measure.ofThings(Shape.BOX)).build();
        assertThatThrownBy(() -> boxes.run(pipeline))
                .isInstanceOf(EvaluationException.class)
                .hasMessageContaining("question a has no boxes");
    }
}
