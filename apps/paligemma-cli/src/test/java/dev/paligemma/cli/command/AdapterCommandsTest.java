package dev.paligemma.cli.command;

import static dev.paligemma.cli.Outcome.assertRefused;
import static dev.paligemma.cli.Outcome.parsed;
import static dev.paligemma.cli.Outcome.run;
import static org.assertj.core.api.Assertions.assertThat;

import dev.paligemma.cli.Outcome;
import dev.paligemma.cli.RandomAdapter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AdapterCommandsTest {
    @TempDir
    Path folder;

    private String adapter;

    @BeforeEach
    void writeAdapter() throws IOException {
        adapter = RandomAdapter.write(folder.resolve("lora"), 7).toString();
    }

    @Test
    void anAdapterAnswersTheSameOnAllEnginesAndMerged() throws IOException {
        Path merged = folder.resolve("merged");
        Outcome merging = run("merge", "--adapter", adapter, "--out", merged.toString());
        assertThat(merging.exitCode()).as(merging.err()).isZero();
        assertThat(merging.out()).isEqualTo(merged + System.lineSeparator());

        Object without = parsed("caption").get("tokenIds");
        Map<String, Object> onnx = parsed("caption", "--adapter", adapter);
        Map<String, Object> pytorch = parsed("caption", "--adapter", adapter, "--engine", "pytorch");
        Map<String, Object> reference = parsed("caption", "--adapter", adapter, "--engine", "reference");
        Map<String, Object> whole = parsed("caption", "--model", merged.toString());

        assertThat(onnx.get("tokenIds")).isNotEqualTo(without);
        assertThat(pytorch.get("tokenIds")).isEqualTo(onnx.get("tokenIds"));
        assertThat(reference.get("tokenIds")).isEqualTo(onnx.get("tokenIds"));
        assertThat(whole.get("tokenIds")).isEqualTo(onnx.get("tokenIds"));
    }

    @Test
    void anAdapterWorksOnSmallerWeights() throws IOException {
        Object without = parsed("caption", "--precision", "int8").get("text");

        assertThat(parsed("caption", "--precision", "int8", "--adapter", adapter)
                        .get("text"))
                .isNotEqualTo(without);
    }

    @Test
    void refusesWhatIsNoAdapter() throws IOException {
        assertRefused(run("caption", "--adapter", folder.resolve("nowhere").toString()));
        assertRefused(run("merge", "--adapter", adapter));
        Files.delete(Path.of(adapter, "adapter_model.safetensors"));
        assertRefused(run("caption", "--adapter", adapter));
        assertRefused(run(
                "merge", "--adapter", adapter, "--out", folder.resolve("merged").toString()));
        assertThat(folder.resolve("merged")).doesNotExist();
    }

    @Test
    void refusesToMergeOverSomething() throws IOException {
        Path target = Files.createDirectories(folder.resolve("target"));
        Files.writeString(target.resolve("mine.txt"), "mine");

        assertRefused(run("merge", "--adapter", adapter, "--out", target.toString()));

        assertThat(target.toFile().list()).containsExactly("mine.txt");
    }
}
