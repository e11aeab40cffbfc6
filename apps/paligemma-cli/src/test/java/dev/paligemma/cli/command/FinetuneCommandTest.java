package dev.paligemma.cli.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.paligemma.cli.JsonText;
import dev.paligemma.cli.Outcome;
import dev.paligemma.tiny.TinyModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FinetuneCommandTest {
    @TempDir
    Path folder;

    private Path data;

    @BeforeEach
    void writeExamples() throws IOException {
        data = folder.resolve("data");
        List<String> lines = List.of(
                line("caption en", "a blue square and the word cafe"),
                line("detect blue square", "<loc0100><loc0200><loc0500><loc0600> blue square"),
                line("answer en what word is written?", "tea"));
        for (String split : List.of("train", "valid")) {
            Path part = Files.createDirectories(data.resolve(split));
            Files.copy(TinyModel.picture(), part.resolve("scene.png"));
            Files.write(part.resolve("annotations.jsonl"), lines);
        }
    }

    private static String line(String prefix, String suffix) {
        return "{\"image\": \"scene.png\", \"prefix\": \"" + prefix + "\", \"suffix\": \"" + suffix + "\"}";
    }

    private Outcome finetune(String... more) {
        List<String> args = new ArrayList<>(List.of("finetune", "--data", data.toString(), "--threads", "1", "-q"));
        args.addAll(List.of(more));
        return Outcome.run(args.toArray(new String[0]));
    }

    private Map<String, Object> trained(String out, String... more) throws IOException {
        List<String> args = new ArrayList<>(List.of("--out", folder.resolve(out).toString(), "--json"));
        args.addAll(List.of("--learning-rate", "1e-3", "--schedule", "constant", "--batch", "2", "--order", "given"));
        args.addAll(List.of(more));
        Outcome outcome = finetune(args.toArray(new String[0]));
        assertThat(outcome.exitCode()).as(outcome.err()).isZero();
        return JsonText.parse(
                outcome.out().lines().reduce((first, last) -> last).orElseThrow());
    }

    @Test
    void tellsLossesAndWritesAnAdapterThatAnswers() throws IOException {
        Map<String, Object> told = trained(
                "out",
                "--lora",
                "2",
                "--steps",
                "2",
                "--metrics",
                "loss,box-iou",
                "--warmup",
                "0",
                "--accumulate",
                "2");

        assertThat(numbers(told, "losses")).hasSize(2).allMatch(loss -> loss > 0);
        assertThat(numbers(told, "gradientNorms")).hasSize(2).allMatch(norm -> norm > 0);
        assertThat(numbers(told, "learningRates")).containsExactly(1e-3, 1e-3);
        assertThat(told.get("best").toString()).contains("update=2", "loss=", "boxIou=");
        Path adapter = Path.of((String) told.get("adapter"));
        assertThat(names(adapter))
                .contains(
                        "README.md",
                        "adapter_config.json",
                        "adapter_model.safetensors",
                        "checkpoint-000002",
                        "loss.svg",
                        "metrics.csv",
                        "validation.csv");
        Outcome answer = Outcome.run(
                "caption", "--adapter", adapter.toString(), TinyModel.picture().toString());
        assertThat(answer.exitCode()).as(answer.err()).isZero();
    }

    @Test
    void aRunThatIsResumedGoesOnWhereItWas() throws IOException {
        trained("resumed", "--lora", "2", "--steps", "2");
        Map<String, Object> resumed = trained("resumed", "--lora", "2", "--steps", "4", "--resume");
        Map<String, Object> whole = trained("whole", "--lora", "2", "--steps", "4");

        assertThat(numbers(resumed, "losses").stream().mapToDouble(x -> x).toArray())
                .containsExactly(
                        numbers(whole, "losses").stream().mapToDouble(x -> x).toArray(), within(1e-5));
    }

    @Test
    void weightsAsAWholeBecomeACheckpoint() throws IOException {
        Map<String, Object> told = trained("out", "--train", "attention", "--steps", "1", "--warmup", "0");

        Path checkpoint = Path.of((String) told.get("adapter"));
        assertThat(names(checkpoint)).contains("config.json", "model.safetensors", "tokenizer.json");
        Outcome answer = Outcome.run(
                "caption", "--model", checkpoint.toString(), TinyModel.picture().toString());
        assertThat(answer.exitCode()).as(answer.err()).isZero();
    }

    @Test
    void showsExamplesAndPlansWithoutTraining() {
        assertThat(finetune("--show", "1").out())
                .contains("caption en", "64 image rows, <bos>", "<eos>", "rows 0 to 67 see each other");
        Outcome plan = finetune("--dry-run", "--steps", "5");
        assertThat(plan.out()).contains("updates         5", "trained numbers 65536", "estimated");
        assertThat(finetune("--dry-run", "--json").out()).contains("\"totalBytes\":");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--lora 0                        | --lora: rank must be from 1 to 4096, got 0",
                "--lora 4 --train attention      | --lora is for --train lora, not for --train attention",
                "--lora 4 --init-adapter x       | --init-adapter goes on with an adapter as it is",
                "--steps 2 --epochs 1            | --steps and --epochs both say how long the run is",
                "--clip much                     | --clip: expected a number or off, got 'much'",
                "--clip -1                       | --clip: clip must be above 0, got -1.0",
                "--warmup 2.5                    | --warmup: expected a whole number of updates",
                "--dropout 1                     | --dropout: dropout must be from 0 on and below 1, got 1.0",
                "--train attention --dora        | --dora: this is a setting of LoRA",
                "--optimizer sgd --beta1 0.5     | --beta1: this is a setting of AdamW",
                "--metrics beauty                | --metrics: there is no metric 'beauty'",
                "--loss mean                     | expected one of per-token, per-example, got 'mean'",
                "--show 0                        | --show must be at least 1, got 0",
                "--targets nonsense              | the target \"nonsense\" names no module",
                "--metrics mask-iou              | none of the examples held out has a mask",
                "--new-tokens nonsense           | the tokenizer has no token \"nonsense\"",
                "--max-tokens 50                 | at most 50 are allowed, and nothing is cut off",
                "--init-adapter nowhere          | there is no folder nowhere",
            })
    void whatCannotBeIsToldByTheNameOfTheOption(String options, String message) {
        List<String> args =
                new ArrayList<>(List.of("--out", folder.resolve("out").toString()));
        args.addAll(List.of(options.split(" ")));

        Outcome outcome = finetune(args.toArray(new String[0]));

        Outcome.assertRefused(outcome);
        assertThat(outcome.err()).contains(message);
        assertThat(folder.resolve("out")).doesNotExist();
    }

    @Test
    void aFolderThatIsInUseOrMissingIsRefused() throws IOException {
        Files.createFile(Files.createDirectories(folder.resolve("full")).resolve("thesis.txt"));

        Outcome full = finetune("--out", folder.resolve("full").toString());
        Outcome missing = finetune();

        Outcome.assertRefused(full);
        assertThat(full.err()).contains("is not empty, it holds thesis.txt");
        Outcome.assertRefused(missing);
        assertThat(missing.err()).contains("Missing required option: '--out=DIR'");
    }

    @Test
    void aBadLineIsAnErrorUnlessItMayBeLeftOut() throws IOException {
        Path lines = data.resolve("train/annotations.jsonl");
        Files.writeString(lines, Files.readString(lines) + "{\"image\": \"scene.png\", \"prefix\": 3}\n");

        Outcome refused = finetune("--dry-run");
        Outcome skipped = finetune("--dry-run", "--skip-bad-lines");

        Outcome.assertRefused(refused);
        assertThat(refused.err()).contains("line 4");
        assertThat(skipped.out()).contains("examples        3");
    }

    private static List<Double> numbers(Map<String, Object> json, String name) {
        return ((List<?>) json.get(name))
                .stream().map(each -> ((Number) each).doubleValue()).toList();
    }

    private static List<String> names(Path folder) throws IOException {
        try (Stream<Path> entries = Files.list(folder)) {
            return entries.map(path -> path.getFileName().toString()).toList();
        }
    }
}
