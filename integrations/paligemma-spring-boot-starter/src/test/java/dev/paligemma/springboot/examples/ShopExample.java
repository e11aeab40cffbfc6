package dev.paligemma.springboot.examples;

import dev.paligemma.PaliGemmaPipeline;
import dev.paligemma.detection.Detection;
import dev.paligemma.springai.PaliGemmaChatModel;
import dev.paligemma.vision.RgbImage;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.http.MediaType;
import org.springframework.util.MimeTypeUtils;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.multipart.MultipartFile;

/** Examples of docs/spring.md: a shop that answers questions about uploaded pictures. */
@SpringBootApplication
public class ShopExample {
    // region spring-questions
    @RestController
    static class Questions {
        private final ChatClient chat;

        Questions(ChatClient.Builder builder) {
            this.chat = builder.build();
        }

        @PostMapping(path = "/questions", produces = MediaType.TEXT_PLAIN_VALUE)
        String answer(@RequestParam MultipartFile picture, @RequestParam String question) {
            return chat.prompt()
                    .user(user -> user.text("answer en {question}")
                            .param("question", question)
                            .media(MimeTypeUtils.IMAGE_PNG, picture.getResource()))
                    .call()
                    .content();
        }
    }
    // endregion

    // region spring-things
    @RestController
    static class Things {
        record Thing(String label, double confidence, int left, int top, int right, int bottom) {}

        private final PaliGemmaPipeline pipeline;

        Things(PaliGemmaPipeline pipeline) {
            this.pipeline = pipeline;
        }

        @PostMapping("/things")
        List<Thing> find(@RequestParam MultipartFile picture, @RequestParam List<String> label) throws IOException {
            try (InputStream in = picture.getInputStream()) {
                return pipeline.detect(RgbImage.read(in), label.toArray(String[]::new)).detections().stream()
                        .map(Things::thing)
                        .toList();
            }
        }

        private static Thing thing(Detection found) {
            return new Thing(
                    found.label(),
                    found.confidence(),
                    found.pixels().left(),
                    found.pixels().top(),
                    found.pixels().right(),
                    found.pixels().bottom());
        }
    }
    // endregion

    // region spring-boxes
    static List<Detection> detections(ChatClient chat, MultipartFile picture) {
        ChatResponse response = chat.prompt()
                .user(user ->
                        user.text("detect word ; blue square").media(MimeTypeUtils.IMAGE_PNG, picture.getResource()))
                .call()
                .chatResponse();
        return response == null ? List.of() : PaliGemmaChatModel.detections(response);
    }
    // endregion
}
