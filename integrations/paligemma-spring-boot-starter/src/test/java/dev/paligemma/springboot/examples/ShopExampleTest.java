package dev.paligemma.springboot.examples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paligemma.detection.Detection;
import dev.paligemma.tiny.TinyModel;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.springframework.ai.chat.client.ChatClient;
import org.springframework.boot.SpringApplication;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.mock.web.MockMultipartFile;

class ShopExampleTest {
    private static final String BOUNDARY = "----boundary";

    @Test
    void answersQuestionsAboutUploadedPictures() throws Exception {
        try (ConfigurableApplicationContext shop = SpringApplication.run(
                ShopExample.class,
                "--paligemma.model=bundled",
                "--server.port=0",
                "--server.address=127.0.0.1",
                "--spring.main.banner-mode=off",
                "--logging.level.root=warn")) {
            String address = "http://127.0.0.1:" + shop.getEnvironment().getProperty("local.server.port");

            assertThat(post(address + "/questions", Map.of("question", "what word is written?")))
                    .isEqualTo(TinyModel.WORD);
            assertThat(post(address + "/things", Map.of("label", "word")))
                    .startsWith("[{\"")
                    .contains("\"label\":\"word\"", "\"confidence\":0.");
            assertThat(ShopExample.detections(
                            shop.getBean(ChatClient.Builder.class).build(),
                            new MockMultipartFile("picture", Files.readAllBytes(TinyModel.picture()))))
                    .extracting(Detection::label)
                    .containsExactlyInAnyOrder("word", TinyModel.THING);
        }
    }

    private static String post(String address, Map<String, String> fields) throws IOException, InterruptedException {
        ByteArrayOutputStream form = new ByteArrayOutputStream();
        for (Map.Entry<String, String> field : fields.entrySet()) {
            write(
                    form,
                    "form-data; name=\"" + field.getKey() + "\"",
                    field.getValue().getBytes(StandardCharsets.UTF_8));
        }
        write(form, "form-data; name=\"picture\"; filename=\"scene.png\"", Files.readAllBytes(TinyModel.picture()));
        form.writeBytes(("--" + BOUNDARY + "--\r\n").getBytes(StandardCharsets.US_ASCII));
        return HttpClient.newHttpClient()
                .send(
                        HttpRequest.newBuilder(URI.create(address))
                                .header("Content-Type", "multipart/form-data; boundary=" + BOUNDARY)
                                .POST(BodyPublishers.ofByteArray(form.toByteArray()))
                                .build(),
                        BodyHandlers.ofString())
                .body();
    }

    private static void write(ByteArrayOutputStream form, String disposition, byte[] content) {
        form.writeBytes(("--" + BOUNDARY + "\r\nContent-Disposition: " + disposition + "\r\n\r\n")
                .getBytes(StandardCharsets.US_ASCII));
        form.writeBytes(content);
        form.writeBytes("\r\n".getBytes(StandardCharsets.US_ASCII));
    }
}
