package dev.paligemma.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SuggestionsTest {
    private static final List<String> KNOWN = List.of(
            "caption",
            "answer",
            "segment",
            "score",
            "--image",
            "--images",
            "--top-k",
            "--top-p",
            "--language",
            "--sample");

    @ParameterizedTest
    @CsvSource({
        "captoin, caption",
        "Caption, caption",
        "capton, caption",
        "awnser, answer",
        "seg, segment",
        "--top_k, --top-k",
        "--topk, --top-k",
        "-language, --language",
        "--lang, --language",
        "--temperature, --sample",
        "vqa, answer"
    })
    void theClosestComesFirst(String typed, String meant) {
        assertThat(Suggestions.of(typed, KNOWN)).first().isEqualTo(meant);
    }

    @Test
    void nothingIsBetterThanSomethingElse() {
        assertThat(Suggestions.of("paint", KNOWN)).isEmpty();
        assertThat(Suggestions.of("--nope", KNOWN)).isEmpty();
        assertThat(Suggestions.of("", KNOWN)).isEmpty();
    }

    @Test
    void theMessageNamesThem() {
        assertThat(Outcome.run("captoin", "a.jpg", "b.jpg").err())
                .isEqualTo("paligemma: there is no command 'captoin'; did you mean caption?; see 'paligemma --help'"
                        + System.lineSeparator());
        assertThat(Outcome.run("caption", "--imgae=cat.jpg").err())
                .startsWith("paligemma: Unknown option: '--imgae'; did you mean --image");
        assertThat(Outcome.run("cat.jpg").err()).contains("as in 'paligemma caption cat.jpg'");
        assertThat(Outcome.run("--image", "cat.jpg").err()).contains("as in 'paligemma caption --image'");
        assertThat(Outcome.run("paint").err()).doesNotContain("mean");
    }
}
