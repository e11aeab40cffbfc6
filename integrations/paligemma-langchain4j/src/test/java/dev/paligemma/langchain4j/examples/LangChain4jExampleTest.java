package dev.paligemma.langchain4j.examples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.langchain4j.data.message.ImageContent;
import dev.langchain4j.data.message.TextContent;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.paligemma.PaliGemmaPipeline;
import dev.paligemma.langchain4j.examples.LangChain4jExample.Assistant;
import dev.paligemma.tiny.TinyModel;
import dev.paligemma.vision.RgbImage;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class LangChain4jExampleTest {
    private static PaliGemmaPipeline pipeline;

    @BeforeAll
    static void load() {
        pipeline = PaliGemmaPipeline.builder()
                .checkpoint(TinyModel.folder())
                .threads(2)
                .build();
    }

    @AfterAll
    static void close() {
        pipeline.close();
    }

    @Test
    void captions() {
        assertThat(LangChain4jExample.caption(pipeline, TinyModel.picture())).isEqualTo(TinyModel.CAPTION);
    }

    @Test
    void detects() {
        String printed = printed(() -> LangChain4jExample.detect(pipeline, TinyModel.picture()));

        assertThat(printed.lines()).hasSize(2).allMatch(line -> line.contains(" at PixelBox[left="));
    }

    @Test
    void streamsAndCancels() throws Exception {
        UserMessage message =
                UserMessage.from(ImageContent.from(TinyModel.picture(), "image/png"), TextContent.from("caption en"));

        ChatResponse whole = LangChain4jExample.stream(pipeline, message, 100).get(1, TimeUnit.MINUTES);
        CompletableFuture<ChatResponse> cut = LangChain4jExample.stream(pipeline, message, 2);

        assertThat(whole.aiMessage().text()).isEqualTo(TinyModel.CAPTION);
        assertThat(cut.handle((response, failure) -> cut.isCancelled()).get(1, TimeUnit.MINUTES))
                .isTrue();
    }

    @Test
    void aLanguageModelLooksAtPictures() {
        ScriptedLlm llm = new ScriptedLlm()
                .calls("read_text_in_picture", "{\"picture\": \"sign\"}")
                .calls("caption_picture", "{\"picture\": \"photo\"}")
                .calls(
                        "answer_question_about_picture",
                        "{\"picture\": \"sign\", \"question\": \"what word is written?\"}")
                .calls("detect_things_in_picture", "{\"picture\": \"sign\", \"labels\": [\"word\"]}")
                .calls("read_text_in_picture", "{\"picture\": \"/etc/passwd\"}");
        RgbImage picture = RgbImage.read(TinyModel.picture());
        Assistant assistant = LangChain4jExample.assistant(llm, pipeline, picture, picture);

        String[] results = assistant.answer("What does the sign say?").split(" \\| ");

        assertThat(llm.toolNames()).hasSize(4);
        assertThat(results).hasSize(5);
        assertThat(results[0]).isEqualTo(TinyModel.WORD);
        assertThat(results[1]).isEqualTo(TinyModel.CAPTION);
        assertThat(results[2]).isEqualTo(TinyModel.WORD);
        assertThat(results[3]).contains("\"label\"", "word", "\"confidence\"", "\"left\"");
        assertThat(results[4]).contains("there is no picture \"/etc/passwd\"; there are [photo, sign]");
    }

    private static String printed(Runnable example) {
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        PrintStream standardOut = System.out;
        System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
        try {
            example.run();
        } finally {
            System.setOut(standardOut);
        }
        return printed.toString(StandardCharsets.UTF_8);
    }
}
