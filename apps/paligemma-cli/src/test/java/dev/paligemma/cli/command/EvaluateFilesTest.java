package dev.paligemma.cli.command;

import static dev.paligemma.cli.Outcome.assertRefused;
import static dev.paligemma.cli.Outcome.parsed;
import static dev.paligemma.cli.Outcome.run;
import static org.assertj.core.api.Assertions.assertThat;

import dev.paligemma.cli.Outcome;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Scores of answers that are in files, without a model. */
class EvaluateFilesTest {
    @TempDir
    Path folder;

    private String answers;
    private String references;

    @BeforeEach
    void writeFiles() throws IOException {
        answers = write(
                "answers.jsonl",
                "{\"id\": 1, \"answer\": \"a red star\"}\n{\"id\": \"b\", \"answer\": \"A Circle\"}\n");
        references = write(
                "references.jsonl",
                "{\"id\": 1, \"references\": [\"a red star\", \"the star\"]}\n{\"id\": \"b\", \"references\": [\"a circle\"]}\n");
    }

    @Test
    void printsMetricScoreAndCases() throws IOException {
        Map<String, Object> facts =
                parsed("evaluate", "--metric", "exact", "--predictions", answers, "--references", references);

        assertThat(facts.keySet()).containsExactly("metric", "score", "cases");
        assertThat(facts).containsEntry("metric", "exact").containsEntry("score", 0.5);
        assertThat(((Number) facts.get("cases")).intValue()).isEqualTo(2);
        assertThat(run("evaluate", "--metric", "exact", "--predictions", answers, "--references", references)
                        .out())
                .contains("exact", "0.5000", "2");
    }

    @Test
    void aTaskNamesItsMetric() throws IOException {
        assertThat(parsed("evaluate", "--task", "docvqa", "--predictions", answers, "--references", references))
                .containsEntry("metric", "anls-plain")
                .containsEntry("score", 1.0);
    }

    @Test
    void answersMayBeInSeveralFiles() throws IOException {
        String one = write("one.jsonl", "{\"id\": 1, \"answer\": \"a red star\"}\r\n");
        String two = write("two.jsonl", "{\"id\": \"b\", \"answer\": \"a circle\"}\r\n");

        assertThat(parsed(
                        "evaluate",
                        "--metric",
                        "exact",
                        "--predictions",
                        one,
                        "--predictions",
                        two,
                        "--references",
                        references))
                .containsEntry("score", 1.0);
    }

    @Test
    void refusesWhatIsIncompleteOrUnknown() throws IOException {
        String less = write("less.jsonl", "{\"id\": 1, \"answer\": \"a red star\"}\n");

        assertRefused(run("evaluate", "--predictions", answers, "--references", references));
        assertRefused(run("evaluate", "--metric", "cider", "--predictions", answers));
        assertRefused(run(
                "evaluate",
                "--metric",
                "cider",
                "--task",
                "cococap",
                "--predictions",
                answers,
                "--references",
                references));
        Outcome unknown = run("evaluate", "--metric", "meteor", "--predictions", answers, "--references", references);
        assertRefused(unknown);
        assertThat(unknown.err()).contains("meteor", "cider", "coco-box");
        Outcome task = run("evaluate", "--task", "snli", "--predictions", answers, "--references", references);
        assertRefused(task);
        assertThat(task.err()).contains("snli", "textvqa");
        Outcome missing = run("evaluate", "--metric", "exact", "--predictions", less, "--references", references);
        assertRefused(missing);
        assertThat(missing.err()).contains("references.jsonl, line 2", "\"b\"", "1 of 2");
    }

    private String write(String name, String text) throws IOException {
        return Files.writeString(folder.resolve(name), text).toString();
    }
}
