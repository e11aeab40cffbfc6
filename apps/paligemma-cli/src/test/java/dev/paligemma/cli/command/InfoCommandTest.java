package dev.paligemma.cli.command;

import static dev.paligemma.cli.Outcome.assertRefused;
import static dev.paligemma.cli.Outcome.copyOfBundledModel;
import static dev.paligemma.cli.Outcome.parsed;
import static dev.paligemma.cli.Outcome.run;
import static org.assertj.core.api.Assertions.assertThat;

import dev.paligemma.cli.JsonText;
import dev.paligemma.cli.Outcome;
import dev.paligemma.cli.RandomAdapter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What {@code info} tells about files of strangers, and that other commands refuse them with the same words. */
class InfoCommandTest {
    @TempDir
    Path folder;

    @Test
    void aModelThatRunsIsToldWithItsWriter() throws IOException {
        Map<String, Object> told = parsed("info");

        assertThat(told)
                .containsEntry("kind", "checkpoint")
                .containsEntry("runs", true)
                .containsEntry("remedy", "null");
        assertThat(told.get("writtenBy").toString()).startsWith("transformers ");
        assertThat(run("info").out())
                .contains("what it is      a checkpoint of PaliGemma 2 in Hugging Face format", "runs here       yes");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "model.safetensors | version https://git-lfs.github.com/spec/v1 | a checkpoint of PaliGemma 2 in which model.safetensors is a Git LFS pointer",
                "config.json       | version https://git-lfs.github.com/spec/v1 | a folder in which config.json is a Git LFS pointer",
                "config.json       | {\"model_type\": \"gemma3\"} | Gemma 3",
            })
    void whatCannotRunIsToldAndRefusedWithTheSameWords(String name, String content, String expected)
            throws IOException {
        Files.writeString(copyOfBundledModel(folder).resolve(name), content);

        Outcome info = run("info", "--model", folder.toString());
        Outcome caption = run("caption", "--model", folder.toString());

        assertThat(info.exitCode()).isOne();
        assertThat(info.err()).isEmpty();
        assertThat(info.out())
                .contains("what it is      " + expected, "runs here       no", "what to do      ")
                .hasLineCount(info.out().contains("written by") ? 5 : 4);
        assertRefused(caption);
        assertThat(caption.err()).contains(folder + " is " + expected, "; ");
    }

    @Test
    void tellsWhatGenerationConfigChangesAndWhatIsNotApplied() throws IOException {
        Files.writeString(
                copyOfBundledModel(folder).resolve("generation_config.json"),
                "{\"eos_token_id\": 1, \"repetition_penalty\": 1.2, \"suppress_tokens\": [7, 5], \"num_beams\": 4}");

        assertThat(run("info", "--model", folder.toString()).out())
                .contains("answers have    repetition_penalty 1.2, suppress_tokens [5, 7]")
                .contains("not applied     num_beams 4 (generation_config.json)");
    }

    @Test
    void aDamagedModelIsToldWithItsProblem() throws IOException {
        Path weights = copyOfBundledModel(folder).resolve("model.safetensors");
        byte[] bytes = Files.readAllBytes(weights);
        Files.write(weights, java.util.Arrays.copyOf(bytes, bytes.length / 2));

        Outcome info = run("info", "--model", folder.toString(), "--json");

        assertThat(info.exitCode()).isOne();
        Map<String, Object> told = JsonText.parse(info.out());
        assertThat(told).containsEntry("kind", "checkpoint").containsEntry("runs", false);
        assertThat(told.get("problem").toString()).contains("truncated file?");
    }

    /** As a Trainer leaves it. */
    @Test
    void aModelWithoutItsProcessorNeedsThatOfItsBase() throws IOException {
        copyOfBundledModel(folder);
        Files.delete(folder.resolve("preprocessor_config.json"));
        String missing = "preprocessor_config.json (processor_config.json serves as well)";

        Outcome info = run("info", "--model", folder.toString());
        assertThat(info.exitCode()).isOne();
        assertThat(info.out()).contains("without image processor settings", "copy " + missing, "parameters");
        Outcome caption = run("caption", "--model", folder.toString());
        assertRefused(caption);
        assertThat(caption.err()).contains("without image processor settings", "copy " + missing);

        Files.writeString(
                folder.resolve("processor_config.json"),
                "{\"image_processor\": {\"size\": {\"height\": 112, \"width\": 112}, \"image_seq_length\": 64}}");
        assertThat(run("info", "--model", folder.toString()).exitCode()).isZero();
        assertThat(run("caption", "--model", folder.toString()).exitCode()).isZero();
    }

    @Test
    void anAdapterIsToldAloneAndWithItsBase() throws IOException {
        String lora = RandomAdapter.write(folder.resolve("lora"), 1).toString();

        Outcome alone = run("info", "--model", lora);
        assertThat(alone.exitCode()).isOne();
        assertThat(alone.out())
                .contains(
                        "for a model that it does not name",
                        "not alone",
                        "give this folder as its adapter with --adapter");

        Outcome both = run("info", "--adapter", lora);
        assertThat(both.exitCode()).as(both.err()).isZero();
        assertThat(both.out()).containsPattern("fits the model  yes, it changes \\d+ modules");

        Outcome none = run("info", "--adapter", folder.toString());
        assertThat(none.exitCode()).isOne();
        assertThat(none.out()).contains("a folder around a model");
    }

    @Test
    @DisabledOnOs(OS.WINDOWS)
    void aLinkThatLeadsNowhereIsTold() throws IOException {
        Path link = Files.createSymbolicLink(folder.resolve("link"), folder.resolve("gone"));

        Outcome info = run("info", "--model", link.toString());

        assertThat(info.exitCode()).isOne();
        assertThat(info.out()).contains("a link to something that is not there: " + folder.resolve("gone"));
    }

    @Test
    void whatIsNotThereIsRefused() {
        assertRefused(run("info", "--model", folder.resolve("none").toString()));
        assertRefused(run("info", "--model", folder.toString(), "--revision", "main"));
    }

    @Test
    void aPictureOrATextIsToldToBeOne() throws IOException {
        for (String[] each : List.of(
                new String[] {"cat.png", "\u0089PNG\r\n", "a picture (PNG)"},
                new String[] {"a.txt", "hello", "a text file"})) {
            Path file = Files.write(
                    folder.resolve(each[0]), each[1].getBytes(java.nio.charset.StandardCharsets.ISO_8859_1));

            assertThat(run("info", "--model", file.toString()).out()).contains("what it is      " + each[2]);
        }
    }
}
