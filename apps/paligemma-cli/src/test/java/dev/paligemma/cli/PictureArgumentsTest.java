package dev.paligemma.cli;

import static dev.paligemma.cli.Outcome.assertRefused;
import static dev.paligemma.cli.Outcome.run;
import static org.assertj.core.api.Assertions.assertThat;

import dev.paligemma.tiny.TinyModel;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Pictures that were given in a way that cannot work say how it does. */
class PictureArgumentsTest {
    @TempDir
    Path folder;

    private String picture() throws IOException {
        return Files.copy(TinyModel.picture(), folder.resolve("a.png")).toString();
    }

    @ParameterizedTest
    @ValueSource(strings = {"https://example.com/x/cat.jpg", "http://10.0.0.1/a.png?x=1"})
    void anAddressIsToBeDownloadedFirst(String address) {
        Outcome outcome = run("caption", "--image", address);

        assertRefused(outcome);
        assertThat(outcome.err()).contains("'" + address + "' is an address", "curl -L -o FILE '" + address + "'");
    }

    @ParameterizedTest
    @ValueSource(strings = {"s3://bucket/a.png", "data:image/png;base64,AAAA", "file://host/a.png", "file:///%zz"})
    void otherAddressesAreNoFiles(String address) {
        Outcome outcome = run("caption", "--image", address);

        assertRefused(outcome);
        assertThat(outcome.err()).contains(address).doesNotContain("curl");
    }

    @Test
    void theAddressOfAFileIsTheFile() throws IOException {
        String address = Path.of(picture()).toUri().toString();

        assertThat(run("caption", "--image", address))
                .isEqualTo(run("caption", "--image", folder.resolve("a.png").toString()));
    }

    @Test
    void aPictureWithItsOptionAndOneWithoutAreToldApart() throws IOException {
        String picture = picture();
        String[][] commands = {
            {"caption", "--image", picture, picture},
            {"answer", "what", "--image", picture, picture},
            {"detect", "cat", "--image", picture, picture}
        };
        for (String[] command : commands) {
            Outcome outcome = run(command);

            assertRefused(outcome);
            assertThat(outcome.err())
                    .contains("both --image and '" + picture + "'")
                    .contains("for an answer about each picture leave --image out")
                    .contains("write --image before each of them");
        }
        assertThat(run("caption", picture).exitCode()).isZero();
    }

    @Test
    void whereNoPictureStandsAloneItsOptionIsNamed() throws IOException {
        String picture = picture();

        Outcome outcome = run("verify", "--image", picture, picture);

        assertRefused(outcome);
        assertThat(outcome.err()).contains("--image FIRST --image " + picture);
    }

    @Test
    void webpNamesThePlugin() throws IOException {
        Path webp = folder.resolve("a.webp");
        Files.write(webp, "RIFF\20\0\0\0WEBPVP8 \4\0\0\0\0\0\0\0".getBytes(StandardCharsets.ISO_8859_1));

        Outcome outcome = run("caption", "--image", webp.toString());

        assertRefused(outcome);
        assertThat(outcome.err()).contains("WEBP", "org.sejda.imageio:webp-imageio");
    }
}
