package dev.paligemma.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.paligemma.tiny.TinyModel;
import dev.paligemma.vision.RgbImage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs every {@code curl} of docs/server.md as it stands there, but for the port. */
class DocumentedCommandsTest {
    private static final Path PAGE = Path.of("../../docs/server.md");
    private static final Pattern BLOCK = Pattern.compile("```sh\\n(.*?)```", Pattern.DOTALL);

    @BeforeAll
    static void needsCurl() throws Exception {
        boolean there = false;
        try {
            there = new ProcessBuilder("curl", "--version")
                            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                            .start()
                            .waitFor()
                    == 0;
        } catch (IOException e) {
            // Not installed.
        }
        assumeTrue(there, "curl is not installed");
    }

    @Test
    void everyCurlOfTheDocumentationWorks(@TempDir Path folder) throws Exception {
        Files.copy(TinyModel.picture(), folder.resolve("scene.png"));
        List<String> answers = new ArrayList<>();
        try (PaliGemmaServer server = Servers.tiny().start()) {
            Matcher blocks = BLOCK.matcher(Files.readString(PAGE));
            while (blocks.find()) {
                String command = blocks.group(1);
                if (command.contains("curl")) {
                    answers.add(run(
                            command.replace(
                                    "http://localhost:8080", server.address().toString()),
                            folder));
                }
            }
        }
        assertThat(answers).hasSizeGreaterThan(7);
        assertThat(String.join("\n", answers))
                .contains(
                        "\"content\":\"" + TinyModel.CAPTION + "\"",
                        "\"text\":\"" + TinyModel.CAPTION + "\"",
                        "\"label\":\"blue square\"",
                        "\"polygons\":[[",
                        "\"scores\":[",
                        "event: detection\n",
                        "paligemma_model_loaded");
        assertThat(RgbImage.read(folder.resolve("found.png")).width()).isEqualTo(448);
    }

    private static String run(String command, Path folder) throws Exception {
        Path out = Files.createTempFile(folder, "answer", ".txt");
        Process process = new ProcessBuilder("sh", "-c", command)
                .directory(folder.toFile())
                .redirectOutput(out.toFile())
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).as(command).isTrue();
        String answer = Files.readString(out, StandardCharsets.UTF_8);
        assertThat(process.exitValue()).as(command).isZero();
        assertThat(answer).as(command).doesNotContain("\"error\"");
        return answer;
    }
}
