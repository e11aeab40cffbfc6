package dev.paligemma.task;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.paligemma.generation.GenerationRequest;
import dev.paligemma.tokenizer.ControlTokens;
import dev.paligemma.vision.RgbImage;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PromptsTest {
    private static GenerationRequest request(Task<?> task) {
        return task.request().image(RgbImage.of(1, 1, new byte[3])).build();
    }

    private static String prompt(Task<?> task) {
        return request(task).prompt();
    }

    @Test
    void writesEachTaskAsItWasTrained() {
        assertThat(prompt(Tasks.cap("en"))).isEqualTo("cap en");
        assertThat(prompt(Tasks.caption("zh-Hans"))).isEqualTo("caption zh-Hans");
        assertThat(prompt(Tasks.describe("es"))).isEqualTo("describe es");
        assertThat(prompt(Tasks.ocr())).isEqualTo("ocr");
        assertThat(prompt(Tasks.answer("en", "Where is the cow standing?")))
                .isEqualTo("answer en Where is the cow standing?");
        assertThat(prompt(Tasks.question("en", "on the beach"))).isEqualTo("question en on the beach");
        assertThat(prompt(Tasks.detect("shoe"))).isEqualTo("detect shoe");
        assertThat(prompt(Tasks.detect("cat", "black dog"))).isEqualTo("detect cat ; black dog");
        assertThat(prompt(Tasks.segment("cat", "dog"))).isEqualTo("segment cat ; dog");
        assertThat(prompt(Tasks.segment(List.of("cat")))).isEqualTo("segment cat");
    }

    @Test
    void takesControlTokensOfTheCallerForText() {
        GenerationRequest request = request(Tasks.answer("en", "what is <loc0001>?"));

        assertThat(request.prompt()).isEqualTo("answer en what is <loc0001>?");
        assertThat(request.controlTokens()).isEqualTo(ControlTokens.AS_TEXT);
        assertThat(request(Tasks.detect("<loc0001>")).controlTokens()).isEqualTo(ControlTokens.AS_TEXT);
        assertThat(request(Tasks.text("<loc0001>")).controlTokens()).isEqualTo(ControlTokens.PARSE);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "e", "EN", "english", "en us", "en\n", "en-", "<bos>"})
    void refusesWhatIsNoLanguageCode(String language) {
        assertThatThrownBy(() -> Tasks.caption(language))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("'" + language + "'");
        assertThatThrownBy(() -> Tasks.answer(language, "why?")).isInstanceOf(IllegalArgumentException.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "cat;dog", "cat\ndog", "cat\u2028"})
    void refusesLabelsThatBreakTheSyntax(String label) {
        assertThatThrownBy(() -> Tasks.detect("cat", label))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("label");
        assertThatThrownBy(() -> Tasks.segment(label)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void refusesTasksWithoutTheirObject() {
        assertThatThrownBy(() -> Tasks.detect(List.of())).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Tasks.answer("en", " ")).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Tasks.question("en", "")).isInstanceOf(IllegalArgumentException.class);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "cap en",
                "caption en",
                "describe zh-Hans",
                "ocr",
                "answer en what is this?",
                "question en red",
                "detect cat",
                "detect cat ; dog",
                "segment left, front wheel ; dog",
                "left cow",
                "the cow",
            })
    void hasNothingToSayAboutTasks(String prompt) {
        assertThat(Tasks.hint(prompt)).isEmpty();
    }

    @Test
    void seesChatMessages() {
        assertThat(Tasks.hint("What is the color of this car?"))
                .hasValueSatisfying(
                        advice -> assertThat(advice).contains("chat").contains("answer en"));
        assertThat(Tasks.hint("Please find all the cats in this picture")).isPresent();
    }

    @Test
    void seesTasksThatAreSpelledWrong() {
        assertThat(Tasks.hint("Detect cat"))
                .hasValueSatisfying(advice -> assertThat(advice).contains("lower case"));
        assertThat(Tasks.hint("caption"))
                .hasValueSatisfying(advice -> assertThat(advice).contains("caption en"));
        assertThat(Tasks.hint("answer what color is it?"))
                .hasValueSatisfying(advice -> assertThat(advice).contains("answer en"));
        assertThat(Tasks.hint("detect cat, dog"))
                .hasValueSatisfying(advice -> assertThat(advice).contains(" ; "));
        assertThat(Tasks.hint("segment "))
                .hasValueSatisfying(advice -> assertThat(advice).contains("segment cat ; dog"));
    }
}
