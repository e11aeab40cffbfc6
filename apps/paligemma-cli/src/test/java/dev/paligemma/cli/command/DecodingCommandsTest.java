package dev.paligemma.cli.command;

import static dev.paligemma.cli.Outcome.assertRefused;
import static dev.paligemma.cli.Outcome.parsed;
import static dev.paligemma.cli.Outcome.run;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.paligemma.cli.Main;
import dev.paligemma.cli.Outcome;
import dev.paligemma.tiny.TinyModel;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class DecodingCommandsTest {
    @Test
    void textIsPrintedPieceByPiece() {
        List<String> seen = new ArrayList<>();
        StringWriter out = new StringWriter() {
            @Override
            public void flush() {
                seen.add(toString());
            }
        };

        int exitCode = Main.run(new String[] {"caption"}, new PrintWriter(out), new PrintWriter(new StringWriter()));

        assertThat(exitCode).isZero();
        assertThat(out).hasToString(TinyModel.CAPTION + System.lineSeparator());
        assertThat(seen).hasSizeGreaterThan(3).first().asString().isNotBlank().hasSizeLessThan(10);
        assertThat(seen).allSatisfy(text -> assertThat(out.toString()).startsWith(text));
    }

    @Test
    void theSameSeedGivesTheSameText() throws IOException {
        String[] wild = {"caption", "--sample", "20", "--seed", "1", "--max-new-tokens", "20"};

        assertThat(run(wild)).isEqualTo(run(wild));
        assertThat(run(wild).out().strip()).isNotEqualTo(TinyModel.CAPTION);
        assertThat(run("caption", "--sample", "20", "--top-k", "1")).isEqualTo(run("caption"));
        assertThat(run("caption", "--sample", "20", "--top-p", "1e-9")).isEqualTo(run("caption"));
        assertThat(run("caption", "--sample", "20", "--min-p", "1")).isEqualTo(run("caption"));
        assertThat(parsed("caption", "--sample", "20", "--seed", "1")).containsKey("finishReason");
    }

    @Test
    void aSearchPrintsTheBestAnswer() throws IOException {
        assertThat(run("caption", "--beams", "3")).isEqualTo(run("caption"));

        Map<String, Object> json = parsed("caption", "--beams", "3");
        List<Map<String, Object>> answers = objects(json);
        assertThat(json).containsEntry("text", TinyModel.CAPTION);
        assertThat(answers)
                .hasSize(3)
                .first()
                .satisfies(best -> assertThat(best)
                        .containsEntry("text", TinyModel.CAPTION)
                        .containsEntry("tokenIds", Objects.requireNonNull(json.get("tokenIds"))));
        assertThat(answers)
                .extracting(answer -> (Double) answer.get("score"))
                .isSortedAccordingTo((a, b) -> Double.compare(b, a));
    }

    @Test
    void choicesAreTheOnlyAnswers() throws IOException {
        assertThat(run("caption", "--choices", "yes, no").out().strip()).isIn("yes", "no");
        Map<String, Object> json = parsed("caption", "--choices", TinyModel.CAPTION, "--choices", "no");
        assertThat(json).containsEntry("text", TinyModel.CAPTION);
        assertThat((Double) json.get("keptMass")).isBetween(0.5, 1.0);
    }

    @Test
    void aRegularExpressionIsMatched() {
        assertThat(run("caption", "--regex", "[A-Z]{3}-\\d{2}").out().strip()).matches("[A-Z]{3}-\\d{2}");
    }

    @Test
    void aRequestThatTakesTooLongIsGivenUp() {
        Outcome late = run("caption", "--timeout", "0.001");

        assertThat(late.exitCode()).as(late.err()).isEqualTo(1);
        assertThat(late.out()).isEmpty();
        assertThat(late.err()).hasLineCount(1).startsWith("paligemma: ").contains("1 ms");
        assertThat(run("caption", "--timeout", "600")).isEqualTo(run("caption"));
    }

    @Test
    void anAnswerEndsBeforeAStopString() throws IOException {
        String beginning = TinyModel.CAPTION.substring(0, TinyModel.CAPTION.indexOf(" and"));

        assertThat(run("caption", "--stop", "never", "--stop", " and t").out().strip())
                .isEqualTo(beginning);
        assertThat(parsed("caption", "--stop", " and")).containsEntry("finishReason", "stop_string");
        assertThat(parsed("caption", "--stop", " and")).containsEntry("text", beginning);
        assertThat(run("caption", "--stop", "never")).isEqualTo(run("caption"));
    }

    @Test
    @SuppressWarnings("unchecked")
    void theLikeliestTokensStandBesideTheWrittenOnes() throws IOException {
        Map<String, Object> json = parsed("caption", "--top-logprobs", "3");
        List<List<Map<String, Object>>> places =
                (List<List<Map<String, Object>>>) Objects.requireNonNull(json.get("topLogprobs"));
        List<?> ids = (List<?>) Objects.requireNonNull(json.get("tokenIds"));
        List<?> logprobs = (List<?>) Objects.requireNonNull(json.get("logprobs"));

        assertThat(places).hasSameSizeAs(ids);
        for (int i = 0; i < places.size(); i++) {
            assertThat(places.get(i))
                    .hasSize(3)
                    .allSatisfy(each -> assertThat(each).containsOnlyKeys("id", "token", "logprob"));
            assertThat(places.get(i).get(0)).containsEntry("id", ids.get(i)).containsEntry("logprob", logprobs.get(i));
        }
        assertThat(parsed("caption")).doesNotContainKey("topLogprobs");
        assertThat(parsed("caption", "--top-logprobs", "0")).doesNotContainKey("topLogprobs");
    }

    @Test
    void quietChangesNothingButProgress() {
        assertThat(run("caption", "--quiet")).isEqualTo(run("caption"));
        assertThat(run("--quiet", "caption")).isEqualTo(run("caption"));
    }

    @Test
    void answersAreWeighed() throws IOException {
        Map<String, Object> json = parsed("score", "caption en", "a red circle", TinyModel.CAPTION);

        List<Map<String, Object>> answers = objects(json);
        assertThat(answers)
                .extracting(answer -> answer.get("answer"))
                .containsExactly(TinyModel.CAPTION, "a red circle");
        assertThat((Double) answers.get(0).get("share")).isGreaterThan(0.9);
        assertThat(answers.stream()
                        .mapToDouble(answer -> (Double) answer.get("share"))
                        .sum())
                .isCloseTo(1, within(1e-9));
        double written = ((List<?>) Objects.requireNonNull(parsed("caption").get("logprobs")))
                .stream().mapToDouble(value -> (Double) value).sum();
        assertThat((Double) answers.get(0).get("logProbability")).isCloseTo(written, within(0.01));
        List<String> table = run("score", "caption en", "a red circle", TinyModel.CAPTION)
                .out()
                .lines()
                .toList();
        assertThat(table).hasSize(3).first().isEqualTo("log-probability  share    answer");
        assertThat(table.get(1)).matches("-0\\.\\d{4} +[01]\\.\\d{4}   " + TinyModel.CAPTION);
    }

    static Stream<List<String>> badUsage() {
        return Stream.of(
                List.of("caption", "--sample", "0"),
                List.of("caption", "--sample", "NaN"),
                List.of("caption", "--sample", "1", "--top-k", "0"),
                List.of("caption", "--sample", "1", "--top-p", "1.5"),
                List.of("caption", "--sample", "1", "--min-p", "-1"),
                List.of("caption", "--sample", "1", "--beams", "2"),
                List.of("caption", "--top-k", "5"),
                List.of("caption", "--seed", "5"),
                List.of("caption", "--beams", "0"),
                List.of("caption", "--beams", "1000"),
                List.of("caption", "--repetition-penalty", "0"),
                List.of("caption", "--stop", ""),
                List.of("caption", "--stop", "x".repeat(300)),
                List.of("caption", "--stop", "x", "--beams", "2"),
                List.of("caption", "--top-logprobs", "2"),
                List.of("caption", "--top-logprobs", "21", "--json"),
                List.of("caption", "--top-logprobs", "-1", "--json"),
                List.of("caption", "--timeout", "0"),
                List.of("caption", "--timeout", "-1"),
                List.of("caption", "--regex", "("),
                List.of("caption", "--regex", "a", "--choices", "a,b"),
                List.of("score", "caption en", "twice", "twice"));
    }

    @ParameterizedTest
    @MethodSource
    void badUsage(List<String> args) {
        assertRefused(run(args.toArray(new String[0])));
    }

    @SuppressWarnings("unchecked")
    private static List<Map<String, Object>> objects(Map<String, Object> json) {
        return (List<Map<String, Object>>) Objects.requireNonNull(json.get("answers"));
    }
}
