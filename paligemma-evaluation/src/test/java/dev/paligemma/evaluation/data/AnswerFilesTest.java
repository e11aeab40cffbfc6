package dev.paligemma.evaluation.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.paligemma.evaluation.metric.Case;
import dev.paligemma.evaluation.metric.EvaluationException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AnswerFilesTest {
    private static final String REFERENCES =
            "{\"id\": 1, \"references\": [\"a cat\"]}\n{\"id\": \"x\", \"references\": [\"b\", \"c\"]}\n";
    private static final String ANSWERS = "{\"id\": \"x\", \"answer\": \"b\"}\n{\"id\": 1, \"answer\": \"\"}\n";

    @TempDir
    Path folder;

    @Test
    void casesAreInTheOrderOfTheReferences() throws IOException {
        assertThat(read(ANSWERS, REFERENCES))
                .containsExactly(new Case("1", "", List.of("a cat")), new Case("x", "b", List.of("b", "c")));
    }

    @Test
    void marksEndsOfLinesBlankLinesAndOtherMembersDoNotMatter() throws IOException {
        String windows = "\uFEFF" + ANSWERS.replace("\n", "\r\n\r\n").replace("\"answer\"", "\"time\": 3, \"answer\"");

        assertThat(read(windows, REFERENCES)).isEqualTo(read(ANSWERS, REFERENCES));
        assertThat(read("{\"run\": {\"model\": \"tiny\"}}\n" + ANSWERS, REFERENCES))
                .hasSize(2);
    }

    @Test
    void answersMayBeInSeveralFiles() throws IOException {
        Path one = write("1.jsonl", ANSWERS.substring(0, ANSWERS.indexOf('\n')));
        Path two = write("2.jsonl", ANSWERS.substring(ANSWERS.indexOf('\n')));
        Path references = write("r.jsonl", REFERENCES);

        assertThat(AnswerFiles.read(List.of(one, two), references)).hasSize(2);
        assertThatThrownBy(() -> AnswerFiles.read(List.of(one, two, two), references))
                .isInstanceOf(EvaluationException.class)
                .hasMessageContainingAll("2.jsonl, line 2", "\"1\" comes twice");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '^',
            value = {
                "{'id': 1, 'answer': 'a'}|line 2: id \"x\" has no answer in |p.jsonl; 1 of 2 ids have none",
                "{'id': 1, 'answer': 'a'}N{'id': 'x', 'answer': 'a'}N{'id': 2, 'answer': 'a'}|line 3: id \"2\"|no references",
                "{'id': 1, 'answer': 'a'}N{'id': '1', 'answer': 'a'}|p.jsonl, line 2: id \"1\" comes twice|line 1",
                "{'id': 1.5, 'answer': 'a'}|line 1: id|whole number, got 1.5",
                "{'answer': 'a'}|line 1: id is missing|whole number",
                "{'id': null, 'answer': 'a'}|line 1: id|got null",
                "{'id': 1}|line 1: answer is missing|a text",
                "{'id': 1, 'answer': 3}|line 1: answer|a text in quotes, got 3",
                "{'id': 1, 'answer': NaN}|line 1|NaN",
                "{'id': 1, 'answer': 'a', 'answer': 'b'}|line 1|answer",
                "['a']|line 1|JSON object",
                "{'id': 1, 'answer': 'a'|line 1|JSON",
                "^^|p.jsonl holds no rows|\"answer\"",
                "NN  N|p.jsonl holds no rows|\"answer\""
            })
    void refusesBadAnswersAndSaysWhere(String answers, String first, String second) {
        String lines = answers.replace('\'', '"')
                .replace("NaN", "#")
                .replace('N', '\n')
                .replace("#", "NaN");

        assertThatThrownBy(() -> read(lines, REFERENCES))
                .isInstanceOf(EvaluationException.class)
                .hasMessageContaining(first)
                .hasMessageContaining(second);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{'id': 1, 'references': []}|a list of at least one text",
                "{'id': 1, 'references': 'a'}|a list of at least one text",
                "{'id': 1, 'references': ['a', 3]}|texts in quotes, got 3",
                "{'id': 1, 'references': ['a', null]}|texts in quotes, got null",
                "{'id': 1}|references is missing"
            })
    void refusesBadReferencesAndSaysWhere(String references, String message) {
        assertThatThrownBy(() -> read(ANSWERS, references.replace('\'', '"')))
                .isInstanceOf(EvaluationException.class)
                .hasMessageContainingAll("r.jsonl, line 1", message);
    }

    @Test
    void refusesWhatIsNoUtf8() throws IOException {
        Path references = write("r.jsonl", REFERENCES);
        Path broken = folder.resolve("broken.jsonl");
        Files.write(broken, "{\"id\": 1, \"answer\": \"\u00e9\"}".getBytes(StandardCharsets.ISO_8859_1));
        Path wide = folder.resolve("wide.jsonl");
        Files.write(wide, ANSWERS.getBytes(StandardCharsets.UTF_16));

        assertThatThrownBy(() -> AnswerFiles.read(List.of(broken), references))
                .isInstanceOf(EvaluationException.class)
                .hasMessageContainingAll("broken.jsonl, line 1", "UTF-8");
        assertThatThrownBy(() -> AnswerFiles.read(List.of(wide), references))
                .isInstanceOf(EvaluationException.class)
                .hasMessageContaining("UTF-16");
        assertThatThrownBy(() -> AnswerFiles.read(List.of(folder.resolve("none")), references))
                .isInstanceOf(EvaluationException.class)
                .hasMessageContaining("does not exist");
    }

    private List<Case> read(String answers, String references) throws IOException {
        return AnswerFiles.read(List.of(write("p.jsonl", answers)), write("r.jsonl", references));
    }

    private Path write(String name, String text) throws IOException {
        return Files.writeString(folder.resolve(name), text);
    }
}
