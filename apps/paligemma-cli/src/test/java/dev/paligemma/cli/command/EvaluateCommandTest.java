package dev.paligemma.cli.command;

import static dev.paligemma.cli.Outcome.assertRefused;
import static dev.paligemma.cli.Outcome.parsed;
import static dev.paligemma.cli.Outcome.run;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.paligemma.cli.Outcome;
import dev.paligemma.tiny.TinyModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EvaluateCommandTest {
    private static final String TRUTH = """
            {"images": [{"id": 1, "width": 20, "height": 10}], "categories": [{"id": 3, "name": "cat"}], "annotations": [
             {"id": 1, "image_id": 1, "category_id": 3, "bbox": [2, 2, 5, 5], "area": 25,
              "segmentation": {"size": [10, 20], "counts": [22, 5, 173]}}]}
            """;

    @TempDir
    Path folder;

    private String write(String name, String text) throws IOException {
        return Files.writeString(folder.resolve(name), text).toString();
    }

    private String questions() throws IOException {
        Files.copy(TinyModel.picture(), folder.resolve("scene.png"));
        return write("questions.jsonl", """
                {"id": "a", "image": "scene.png", "prompt": "caption en", "answer": "a blue square and the word cafe"}
                {"id": "<i>b</i>", "image": "scene.png", "prompt": "ocr", "answer": "tea"}
                {"id": "c", "image": "missing.png", "prompt": "ocr", "answer": "cafe"}
                """);
    }

    @Test
    void scoresBoxesInFilesOfCoco() throws IOException {
        String truth = write("truth.json", TRUTH);
        String found =
                write("found.json", "[{\"image_id\": 1, \"category_id\": 3, \"bbox\": [2, 2, 5, 4], \"score\": 0.5}]");
        String[] args = {"evaluate", "--metric", "coco-box", "--references", truth, "--predictions", found};
        Map<String, Object> scores = parsed(args);
        assertThat(scores)
                .containsEntry("metric", "coco-box")
                .containsEntry("cases", 1L)
                .containsEntry("APl", -1.0)
                .containsKeys("score", "AP", "AR100", "categories");
        assertThat((double) scores.get("AP50")).isEqualTo(1, within(1e-9));
        assertThat(run(args).out()).contains("AP50", "0.7000");
    }

    @Test
    void scoresMasksOfRefCoco() throws IOException {
        String codes = "<seg001>".repeat(16);
        String found = write(
                "found.jsonl", "{\"id\": 1, \"answer\": \"<loc0000><loc0000><loc1023><loc1023>" + codes + " x\"}");
        String truth = write(
                "truth.jsonl",
                "{\"id\": 1, \"width\": 20, \"height\": 10, \"bbox\": [0, 0, 20, 10], \"mask\": {\"size\": [10, 20],"
                        + " \"counts\": [0, 200]}}");
        assertThat(parsed("evaluate", "--metric", "refcoco", "--references", truth, "--predictions", found))
                .containsEntry("boxAccuracy75", 1.0)
                .containsEntry("invalid", 0.0);
    }

    @Test
    void asksAModelAndGoesOn() throws IOException {
        String out = folder.resolve("run").toString();
        String[] args = {"evaluate", "--metric", "exact", "--data", questions(), "--out", out};
        Map<String, Object> scores = parsed(args);
        assertThat(scores)
                .containsEntry("cases", 3L)
                .containsEntry("failed", 1L)
                .containsEntry("score", 1 / 3.0)
                .containsKeys("low", "high");
        String report = Files.readString(folder.resolve("run/report.html"));
        assertThat(report)
                .contains(
                        "1 of them could not be asked and counts as wrong",
                        "&lt;i&gt;b&lt;/i&gt;",
                        "data:image/jpeg;base64,")
                .doesNotContain("<i>", "<script", "http:", "https:");
        assertThat(Files.readAllLines(folder.resolve("run/answers.jsonl"))).hasSize(4);

        Outcome again = run(args);
        assertRefused(again);
        assertThat(again.err()).contains("--resume", "--out");
        assertRefused(run("evaluate", "--metric", "exact", "--data", questions2(), "--out", out, "--resume"));
        assertThat(parsed("evaluate", "--metric", "exact", "--data", args[4], "--out", out, "--resume"))
                .containsEntry("score", 1 / 3.0);
    }

    private String questions2() throws IOException {
        return write("other.jsonl", "{\"image\": \"scene.png\", \"prompt\": \"ocr\", \"answer\": \"tea\"}");
    }

    @Test
    void comparesTwoRuns() throws IOException {
        String questions = questions();
        String first = folder.resolve("first").toString();
        parsed("evaluate", "--metric", "exact", "--data", questions, "--out", first);
        Map<String, Object> scores = parsed(
                "evaluate",
                "--metric",
                "exact",
                "--data",
                questions,
                "--out",
                folder.resolve("second").toString(),
                "--max-new-tokens",
                "2",
                "--compare",
                first);
        assertThat((Map<?, ?>) scores.get("comparison"))
                .isEqualTo(Map.of(
                        "with",
                        ((Map<?, ?>) scores.get("comparison")).get("with"),
                        "precision",
                        "as stored",
                        "score",
                        1 / 3.0,
                        "difference",
                        -1 / 3.0,
                        "low",
                        -1.0,
                        "high",
                        0.0,
                        "better",
                        0L,
                        "worse",
                        1L));
        assertThat(Files.readString(folder.resolve("second/report.html"))).contains("Compared with", "-0.3333");
    }

    @Test
    void saysWhatBelongsTogether() throws IOException {
        String truth = write("truth.json", TRUTH);
        for (List<String> args : List.of(
                List.of("evaluate"),
                List.of("evaluate", "--metric", "coco-box", "--references", truth),
                List.of("evaluate", "--references", truth, "--predictions", truth),
                List.of("evaluate", "--metric", "exact", "--data", truth),
                List.of("evaluate", "--data", truth, "--out", folder.toString()),
                List.of(
                        "evaluate",
                        "--metric",
                        "exact",
                        "--data",
                        truth,
                        "--predictions",
                        truth,
                        "--references",
                        truth),
                List.of("evaluate", "--metric", "coco-box", "--references", truth, "--predictions", "missing.json"))) {
            assertRefused(run(args.toArray(new String[0])));
        }
    }
}
