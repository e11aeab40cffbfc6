package dev.paligemma.langchain4j;

import dev.langchain4j.data.message.ImageContent;
import dev.langchain4j.data.message.TextContent;
import dev.langchain4j.data.message.UserMessage;
import dev.paligemma.PaliGemmaPipeline;
import dev.paligemma.tiny.TinyModel;

/** The bundled model, loaded once for all tests. */
final class TinyPipeline {
    static final PaliGemmaPipeline SHARED = PaliGemmaPipeline.builder()
            .checkpoint(TinyModel.folder())
            .threads(2)
            .build();

    private TinyPipeline() {}

    /** A prompt about the bundled picture. */
    static UserMessage about(String prompt) {
        return UserMessage.from(picture(), TextContent.from(prompt));
    }

    static ImageContent picture() {
        return ImageContent.from(TinyModel.picture(), "image/png");
    }
}
