package dev.paligemma.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.paligemma.tiny.TinyModel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** The client of OpenAI for Python; {@code .ci/run} installs it and says where by {@code -Dopenai.python=INTERPRETER}. */
class OpenAiPythonTest {
    private static final String PROPERTY = "openai.python";

    @Test
    void understandsTheServer() throws Exception {
        String python = System.getProperty(PROPERTY, "");
        assumeTrue(!python.isEmpty(), "no Python with the package openai was named by -D" + PROPERTY);
        try (PaliGemmaServer server = Servers.tiny().apiKey("secret").start()) {
            Process process = new ProcessBuilder(
                            python,
                            Path.of("src/test/python/openai_client.py").toString(),
                            server.address() + "/v1",
                            TinyModel.picture().toString())
                    .redirectErrorStream(true)
                    .start();
            String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

            assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();
            assertThat(said.strip()).endsWith("done");
            assertThat(process.exitValue()).as(said).isZero();
        }
    }
}
