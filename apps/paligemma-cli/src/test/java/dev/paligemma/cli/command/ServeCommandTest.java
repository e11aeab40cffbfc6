package dev.paligemma.cli.command;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paligemma.cli.Main;
import dev.paligemma.cli.Outcome;
import dev.paligemma.tiny.TinyModel;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

class ServeCommandTest {
    private static final HttpClient CLIENT = HttpClient.newHttpClient();

    @TempDir
    Path folder;

    @Test
    @DisabledOnOs(OS.WINDOWS) // there is no polite way to end a process
    void answersUntilItIsToldToEndAndFinishesWhatRuns() throws Exception {
        Path keys = Files.writeString(folder.resolve("keys"), "\nfirst\n second \n");
        Process process = start("serve", "--port", "0", "--api-key-file", keys.toString());
        try (BufferedReader out =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            URI address = URI.create(out.readLine().replace("listening on ", "") + "/v1/chat/completions");
            assertThat(out.readLine()).isEqualTo("ready");
            assertThat(ask(address, "first", "").body()).contains("\"paligemma-tiny\"", TinyModel.CAPTION);
            assertThat(ask(address, "third", "").statusCode()).isEqualTo(401);

            HttpResponse<InputStream> answer = CLIENT.send(
                    request(
                            address,
                            "second",
                            "\"stream\":true,\"structured_outputs\":{\"regex\":\"[0-9]{200}\"},\"max_tokens\":300,"),
                    BodyHandlers.ofInputStream());
            assertThat(answer.body().read()).isEqualTo('d');
            process.destroy();

            assertThat(new String(answer.body().readAllBytes(), StandardCharsets.UTF_8))
                    .endsWith("data: [DONE]\n\n");
            assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
            assertThat(process.exitValue()).isZero();
            assertThat(Files.readString(folder.resolve("err")))
                    .contains("POST /v1/chat/completions 200", "POST /v1/chat/completions 401")
                    .doesNotContain("caption", "first", "second");
        } finally {
            process.destroyForcibly();
        }
    }

    @Test
    void aModelThatCannotBeLoadedEndsItAsUsual() {
        Outcome outcome = Outcome.run(
                "serve", "--port", "0", "--model", folder.resolve("none").toString());

        assertThat(outcome.exitCode()).isEqualTo(2);
        assertThat(outcome.err()).startsWith("paligemma: there is no folder").hasLineCount(1);
    }

    @Test
    void saysWhatIsWrongWithItsOptions() throws IOException {
        Path empty = Files.writeString(folder.resolve("empty"), "\n");
        for (List<String> args : List.of(
                List.of("serve", "--port", "70000"),
                List.of("serve", "--host", "256.0.0.1"),
                List.of("serve", "--api-key-file", empty.toString()),
                List.of("serve", "--cors-origin", "example.com"),
                List.of("serve", "--allow-image-urls", "https://example.com"),
                List.of("serve", "--batch", "0"),
                List.of("serve", "--timeout", "0"),
                List.of("serve", "--max-body", "0"))) {
            Outcome.assertRefused(Outcome.run(args.toArray(new String[0])));
        }
        assertThat(Outcome.run("serve", "--host", "256.0.0.1").err())
                .contains("--host")
                .doesNotContain("(...)");
    }

    private Process start(String... args) throws IOException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
                .filter(argument -> argument.startsWith("--enable-native-access"))
                .forEach(command::add);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), Main.class.getName()));
        command.addAll(List.of(args));
        return new ProcessBuilder(command)
                .redirectError(folder.resolve("err").toFile())
                .start();
    }

    private static HttpResponse<String> ask(URI address, String key, String members) throws Exception {
        return CLIENT.send(request(address, key, members), BodyHandlers.ofString());
    }

    private static HttpRequest request(URI address, String key, String members) throws IOException {
        String picture = Base64.getEncoder().encodeToString(Files.readAllBytes(TinyModel.picture()));
        return HttpRequest.newBuilder(address)
                .header("Authorization", "Bearer " + key)
                .POST(BodyPublishers.ofString("{" + members + "\"messages\":[{\"role\":\"user\",\"content\":["
                        + "{\"type\":\"text\",\"text\":\"caption en\"},{\"type\":\"image_url\",\"image_url\":\"data:image/png;base64,"
                        + picture + "\"}]}]}"))
                .build();
    }
}
