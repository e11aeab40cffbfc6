package dev.paligemma.langchain4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.langchain4j.agent.tool.ToolSpecification;
import dev.langchain4j.agent.tool.ToolSpecifications;
import dev.paligemma.langchain4j.PaliGemmaTools.Thing;
import dev.paligemma.tiny.TinyModel;
import dev.paligemma.vision.RgbImage;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class PaliGemmaToolsTest {
    private final PaliGemmaTools tools =
            PaliGemmaTools.of(TinyPipeline.SHARED, Map.of("sign", RgbImage.read(TinyModel.picture())));

    @Test
    void lookAtPictures() {
        assertThat(tools.caption("sign", "en")).isEqualTo(TinyModel.CAPTION);
        assertThat(tools.readText("sign")).isEqualTo(TinyModel.WORD);
        assertThat(tools.answer("sign", "what word is written?")).isEqualTo(TinyModel.WORD);
        List<Thing> things = tools.detect("sign", List.of("word"));
        assertThat(things).hasSize(1);
        assertThat(things.get(0).label()).isEqualTo("word");
        assertThat(things.get(0).confidence()).isBetween(0.0, 1.0);
        assertThat(things.get(0).right()).isGreaterThan(things.get(0).left());
        assertThat(things.get(0).bottom()).isGreaterThan(things.get(0).top());
    }

    @Test
    void aPictureIsOnlyWhatTheApplicationGives() {
        assertThatThrownBy(() -> tools.caption(TinyModel.picture().toString(), "en"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("there is no picture \"/")
                .hasMessageEndingWith("; there are [sign]");

        List<String> asked = new ArrayList<>();
        PaliGemmaTools looking = PaliGemmaTools.of(TinyPipeline.SHARED, name -> {
            asked.add(name);
            return Optional.empty();
        });
        assertThatThrownBy(() -> looking.readText("../secret"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("there is no picture \"../secret\"");
        assertThat(asked).containsExactly("../secret");
    }

    @Test
    void sayWhatTheyAreFor() {
        List<ToolSpecification> specifications = ToolSpecifications.toolSpecificationsFrom(tools);

        assertThat(specifications.stream().map(ToolSpecification::name))
                .containsExactlyInAnyOrder(
                        "detect_things_in_picture",
                        "read_text_in_picture",
                        "caption_picture",
                        "answer_question_about_picture");
        assertThat(specifications).allSatisfy(each -> {
            assertThat(each.description()).isNotBlank();
            assertThat(each.parameters().required()).contains("picture");
        });
    }
}
