package dev.paligemma.cli.command;

import static dev.paligemma.cli.Outcome.parsed;
import static dev.paligemma.cli.Outcome.run;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import dev.paligemma.base.internal.Sha256;
import dev.paligemma.cli.Outcome;
import dev.paligemma.hub.FakeHub;
import dev.paligemma.tiny.TinyModel;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ValidateCommandTest {
    @TempDir
    Path folder;

    @Test
    void theBundledModelAnswersAsTransformersDoes() throws IOException {
        Map<String, Object> json = parsed("validate");

        assertThat(json)
                .containsEntry("model", "paligemma-tiny")
                .containsEntry("asPublished", 4L)
                .containsEntry("differ", 0L)
                .containsEntry("notRun", 0L);
    }

    @Test
    void aModelOfTheHubIsComparedWithItsRecipe() throws IOException {
        Path picture = TinyModel.picture();
        String sha = Sha256.of(TinyModel.folder().resolve("config.json"));
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/scene.png", exchange -> {
            exchange.sendResponseHeaders(200, Files.size(picture));
            Files.copy(picture, exchange.getResponseBody());
            exchange.close();
        });
        server.start();
        String address = "http://127.0.0.1:" + server.getAddress().getPort();
        try (FakeHub hub = FakeHub.serving(TinyModel.folder())) {
            String files = "{\"name\": \"config.json\", \"sha256\": \"" + sha + "\"}";
            Outcome right = validate(hub, files, check(address + "/scene.png", TinyModel.CAPTION));
            assertThat(right.exitCode()).as(right.out() + right.err()).isZero();
            assertThat(right.out()).contains("as published", TinyModel.CAPTION, "2 as published, 0 differ, 0 not run");

            Outcome other = validate(hub, files, check(address + "/scene.png", "a cow on the beach"));
            assertThat(other.exitCode()).isEqualTo(3);
            assertThat(other.out()).contains("DIFFERS", "expected a cow on the beach", "got      " + TinyModel.CAPTION);

            Outcome otherFile =
                    validate(hub, files.replace(sha, "0".repeat(64)), check(address + "/scene.png", TinyModel.CAPTION));
            assertThat(otherFile.exitCode()).isEqualTo(3);
            assertThat(otherFile.out()).contains("DIFFERS", "config.json", "got      " + sha);

            Outcome missing = validate(hub, files, check(address + "/gone.png", TinyModel.CAPTION));
            assertThat(missing.exitCode()).isEqualTo(1);
            assertThat(missing.out()).contains("not run", "/gone.png answers with status 404");
        } finally {
            server.stop(0);
        }
    }

    private static String check(String address, String answer) {
        return "{\"id\": \"caption\", \"pictures\": [{\"address\": \"" + address
                + "\"}], \"prompt\": \"caption en\", \"answer\": \"" + answer + "\", \"source\": \"a test\"}";
    }

    private Outcome validate(FakeHub hub, String files, String check) throws IOException {
        Path recipe = folder.resolve("recipe.json");
        Files.writeString(
                recipe, "{\"model\": \"" + FakeHub.ID + "\", \"files\": [" + files + "], \"checks\": [" + check + "]}");
        return run(
                "validate",
                "--model",
                FakeHub.ID,
                "--recipe",
                recipe.toString(),
                "--cache-dir",
                folder.resolve("cache").toString(),
                "--hub-endpoint",
                hub.address(),
                "--hub-cache",
                folder.resolve("hub").toString());
    }

    @Test
    void aModelWithoutARecipeIsRefusedWithThoseThatHaveOne() {
        Outcome outcome = run("validate", "--model", "somebody/model");

        assertThat(outcome.exitCode()).isEqualTo(2);
        assertThat(outcome.err())
                .contains("no answers of somebody/model are known")
                .contains("google/paligemma-3b-mix-224");
    }
}
