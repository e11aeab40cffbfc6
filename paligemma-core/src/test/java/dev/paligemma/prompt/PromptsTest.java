package dev.paligemma.prompt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.paligemma.tokenizer.ControlTokens;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PromptsTest {

    @Test
    void writesEachTaskAsItWasTrained() {
        assertThat(Prompts.cap("en").text()).isEqualTo("cap en");
        assertThat(Prompts.caption("zh-Hans").text()).isEqualTo("caption zh-Hans");
        assertThat(Prompts.describe("es").text()).isEqualTo("describe es");
        assertThat(Prompts.ocr().text()).isEqualTo("ocr");
        assertThat(Prompts.answer("en", "Where is the cow standing?").text())
                .isEqualTo("answer en Where is the cow standing?");
        assertThat(Prompts.question("en", "on the beach").text()).isEqualTo("question en on the beach");
        assertThat(Prompts.detect("shoe").text()).isEqualTo("detect shoe");
        assertThat(Prompts.detect("cat", "black dog").text()).isEqualTo("detect cat ; black dog");
        assertThat(Prompts.segment("cat", "dog").text()).isEqualTo("segment cat ; dog");
        assertThat(Prompts.segment(List.of("cat"))).isEqualTo(Prompts.segment("cat"));
    }

    @Test
    void takesControlTokensOfTheCallerForText() {
        TaskPrompt prompt = Prompts.answer("en", "what is <loc0001>?");

        assertThat(prompt).isEqualTo(new TaskPrompt("answer en what is <loc0001>?", ControlTokens.AS_TEXT));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "e", "EN", "english", "en us", "en\n", "en-", "<bos>"})
    void refusesWhatIsNoLanguageCode(String language) {
        assertThatThrownBy(() -> Prompts.caption(language))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("'" + language + "'");
        assertThatThrownBy(() -> Prompts.answer(language, "why?")).isInstanceOf(IllegalArgumentException.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "cat;dog", "cat\ndog", "cat\u2028"})
    void refusesLabelsThatBreakTheSyntax(String label) {
        assertThatThrownBy(() -> Prompts.detect("cat", label))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("label");
        assertThatThrownBy(() -> Prompts.segment(label)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void refusesTasksWithoutTheirObject() {
        assertThatThrownBy(() -> Prompts.detect(List.of())).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Prompts.answer("en", " ")).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Prompts.question("en", "")).isInstanceOf(IllegalArgumentException.class);
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
        assertThat(Prompts.hint(prompt)).isEmpty();
    }

    @Test
    void seesChatMessages() {
        assertThat(Prompts.hint("What is the color of this car?"))
                .hasValueSatisfying(
                        advice -> assertThat(advice).contains("chat").contains("answer en"));
        assertThat(Prompts.hint("Please find all the cats in this picture")).isPresent();
    }

    @Test
    void seesTasksThatAreSpelledWrong() {
        assertThat(Prompts.hint("Detect cat"))
                .hasValueSatisfying(advice -> assertThat(advice).contains("lower case"));
        assertThat(Prompts.hint("caption"))
                .hasValueSatisfying(advice -> assertThat(advice).contains("caption en"));
        assertThat(Prompts.hint("answer what color is it?"))
                .hasValueSatisfying(advice -> assertThat(advice).contains("answer en"));
        assertThat(Prompts.hint("detect cat, dog"))
                .hasValueSatisfying(advice -> assertThat(advice).contains(" ; "));
        assertThat(Prompts.hint("segment "))
                .hasValueSatisfying(advice -> assertThat(advice).contains("segment cat ; dog"));
    }
}
