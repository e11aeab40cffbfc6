package dev.paligemma.cli;

import static dev.paligemma.cli.Outcome.assertRefused;
import static dev.paligemma.cli.Outcome.parsed;
import static dev.paligemma.cli.Outcome.run;
import static org.assertj.core.api.Assertions.assertThat;

import dev.paligemma.checkpoint.Checkpoint;
import dev.paligemma.engine.weights.TensorInfo;
import dev.paligemma.network.Networks;
import dev.paligemma.tiny.TinyModel;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.RandomAccessFile;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class CommandLineTest {
    private static final String UTF8_WITHOUT_LOCALE = "où 猫 😀";

    @TempDir
    Path folder;

    @Test
    void captionsTheBundledPictureWithTheBundledModel() {
        assertThat(run("caption")).isEqualTo(new Outcome(0, TinyModel.CAPTION + System.lineSeparator(), ""));
    }

    @Test
    void everyTaskIsAPromptToTheModel() throws IOException {
        assertThat(parsed("caption", "--language", "es")).containsEntry("prompt", "caption es");
        assertThat(parsed("answer", "how many?")).containsEntry("prompt", "answer en how many?");
        assertThat(parsed("answer", "--question", "how many?")).containsEntry("prompt", "answer en how many?");
        assertThat(parsed("ocr")).containsEntry("prompt", "ocr");
        assertThat(parsed("detect", "red circle", "word")).containsEntry("prompt", "detect red circle ; word");
        assertThat(parsed("generate", "--no-prompt")).containsEntry("prompt", "");
        assertThat(parsed("caption", "--style", "short")).containsEntry("prompt", "cap en");
        assertThat(parsed("caption", "--style", "long", "--language", "de")).containsEntry("prompt", "describe de");
        assertThat(parsed("segment", "red circle", "word")).containsEntry("prompt", "segment red circle ; word");
    }

    @Test
    void generateWithTheSamePromptWritesTheSame() {
        assertThat(run("generate", "--prompt", "caption en")).isEqualTo(run("caption"));
    }

    @Test
    void jsonHoldsTheFiguresBehindTheText() throws IOException {
        Map<String, Object> json = parsed("caption");

        assertThat(json)
                .containsOnlyKeys(
                        "prompt",
                        "text",
                        "tokenIds",
                        "logprobs",
                        "promptTokenIds",
                        "imageTokens",
                        "finishReason",
                        "timings")
                .containsEntry("text", TinyModel.CAPTION)
                .containsEntry("imageTokens", 64L)
                .containsEntry("finishReason", "eos");
        List<?> tokenIds = list(json, "tokenIds");
        assertThat(tokenIds).isNotEmpty().allSatisfy(id -> assertThat(id).isInstanceOf(Long.class));
        assertThat(list(json, "logprobs"))
                .hasSameSizeAs(tokenIds)
                .allSatisfy(value -> assertThat((Double) value).isLessThanOrEqualTo(0));
        assertThat(list(json, "promptTokenIds")).hasSizeGreaterThan(2);
        assertThat(json.get("timings"))
                .asInstanceOf(InstanceOfAssertFactories.map(String.class, Object.class))
                .containsOnlyKeys("loadMs", "preprocessMs", "visionMs", "prefillMs", "decodeMs")
                .allSatisfy((name, value) -> assertThat((Double) value).as(name).isGreaterThanOrEqualTo(0));
    }

    @Test
    void stopsAtTheLimit() throws IOException {
        Map<String, Object> json = parsed("caption", "--max-new-tokens", "2");

        assertThat(json).containsEntry("finishReason", "length");
        assertThat(list(json, "tokenIds")).hasSize(2);
    }

    @Test
    void optionsOfTheModelDoNotChangeWhatItWrites() {
        String model = TinyModel.folder().toString();
        String picture = TinyModel.picture().toString();

        Outcome spelled = run(
                "caption",
                "--model",
                model,
                "--image",
                picture,
                "--engine",
                "auto",
                "--device",
                "cpu",
                "--precision",
                "Float32",
                "--threads",
                "1");

        assertThat(spelled).isEqualTo(run("caption"));
    }

    @Test
    void takesSeveralPictures() throws IOException {
        String picture = TinyModel.picture().toString();

        assertThat(parsed("caption", "--image", picture, "--image", picture)).containsEntry("imageTokens", 128L);
    }

    @Test
    void tokenizesText() throws IOException {
        Map<String, Object> json = parsed("tokenize", "caption en\t<loc0001>");

        List<?> ids = list(json, "ids");
        List<?> pieces = list(json, "pieces");
        assertThat(ids).hasSameSizeAs(pieces);
        assertThat(String.join("", pieces.stream().map(String.class::cast).toList()))
                .endsWith("<loc0001>");
        assertThat(run("tokenize", "caption en").out().lines())
                .isNotEmpty()
                .allSatisfy(line -> assertThat(line).matches("\\d+\t\\S+"));
        assertThat(run("tokenize", "")).isEqualTo(new Outcome(0, "", ""));
    }

    @Test
    void everyEngineSaysTheSame() throws IOException {
        Map<String, Object> onnx = parsed("caption", "--engine", "onnx");
        for (String engine : List.of("pytorch", "reference")) {
            Map<String, Object> other = parsed("caption", "--engine", engine);
            assertThat(other.get("text")).isEqualTo(onnx.get("text"));
            assertThat(other.get("tokenIds")).isEqualTo(onnx.get("tokenIds"));
        }
    }

    @Test
    void showsFactsAboutTheModel() throws IOException {
        Outcome info = run("info");
        assertThat(info.exitCode()).isZero();
        assertThat(info.out())
                .contains("architecture    PaliGemma 2", "image           112 x 112 pixels", "engine          onnx 1.")
                .contains("main memory     ", "instructions    ", "memory          precision device  engine")
                .containsPattern("int8 +cpu +onnx +0\\.\\d\\d GB +\\d+\\.\\d\\d GB  (yes|no)");

        Map<String, Object> json = parsed("info");
        assertThat(json).containsEntry("architecture", "PaliGemma 2").containsEntry("imageTokens", 64L);
        assertThat((Long) json.get("parameters")).isBetween(1_000_000L, 10_000_000L);
        assertThat(json.get("machine"))
                .asInstanceOf(InstanceOfAssertFactories.map(String.class, Object.class))
                .containsKeys("processor", "instructions", "memory", "gpus", "nvidiaDriver")
                .containsEntry("cores", (long) Runtime.getRuntime().availableProcessors());
        assertThat(list(json, "engines"))
                .anySatisfy(engine -> assertThat(engine)
                        .asInstanceOf(InstanceOfAssertFactories.map(String.class, Object.class))
                        .containsEntry("name", "onnx")
                        .containsKeys("version", "problem")
                        .containsEntry("precisions", Map.of("cpu", List.of("float32", "int8", "int4"))));
        assertThat(list(json, "memory"))
                .hasSizeGreaterThanOrEqualTo(4)
                .allSatisfy(each -> assertThat(each)
                        .asInstanceOf(InstanceOfAssertFactories.map(String.class, Object.class))
                        .containsKeys("precision", "device", "engine", "neededBytes", "freeBytes", "fits"));
    }

    @Test
    void listsPublishedModels() throws IOException {
        Outcome models = run("models", "--size", "10b", "--resolution", "448");
        assertThat(models.exitCode()).as(models.err()).isZero();
        assertThat(models.out().lines().map(line -> line.replaceAll(" .*", "")).limit(4))
                .containsExactly("name", "google/paligemma2-10b-mix-448", "google/paligemma2-10b-pt-448", "");
        assertThat(models.out())
                .contains("1 more is fine-tuned for one task: --kind ft")
                .contains("https://ai.google.dev/gemma/terms", "HF_TOKEN");

        Map<String, Object> json = parsed("models", "--kind", "ft", "--size", "10b");
        assertThat(json).containsEntry("terms", "https://ai.google.dev/gemma/terms");
        assertThat(list(json, "models"))
                .singleElement()
                .asInstanceOf(InstanceOfAssertFactories.map(String.class, Object.class))
                .containsEntry("name", "google/paligemma2-10b-ft-docci-448")
                .containsEntry("task", "docci")
                .containsEntry("parameters", 9_663_523_568L)
                .containsEntry("page", "https://huggingface.co/google/paligemma2-10b-ft-docci-448")
                .containsKeys("neededBytes", "fits", "revisions");
    }

    @Test
    void infoCountsEveryStoredByteOfAQuantisedCheckpoint() throws IOException {
        Path quantised = Path.of("../../paligemma-core/src/test/resources/golden-bitsandbytes/pg1-nf4");
        long stored = 0;
        try (Checkpoint checkpoint = Networks.open(quantised)) {
            for (String name : checkpoint.tensors().keySet()) {
                stored += checkpoint.storedTensors(name).stream()
                        .mapToLong(TensorInfo::byteLength)
                        .sum();
            }
        }

        assertThat(parsed("info", "--model", quantised.toString())).containsEntry("weightBytes", stored);
        // Scales and tables are few bytes beside the codes; headers and what is not used are the rest of the file.
        assertThat(stored).isBetween(1L, Files.size(quantised.resolve("model.safetensors")));
    }

    @Test
    void aCacheThatCannotBeWrittenIsNamedWithItsOption() throws IOException {
        Path file = Files.writeString(folder.resolve("file"), "not a folder");

        assertThat(run("caption", "--cache-dir", file.toString()).err())
                .contains(file.toString(), "choose another folder with --cache-dir or PALIGEMMA_CACHE");
        String model = TinyModel.folder().toString();
        String picture = TinyModel.picture().toString();
        assertThat(run(
                                "caption",
                                "--model",
                                model,
                                "--image",
                                picture,
                                "--precision",
                                "int8",
                                "--cache-dir",
                                file.toString())
                        .err())
                .contains(file.toString(), "choose another one with --cache-dir or the environment variable");
    }

    @Test
    void refusesDevicesAndEnginesThatAreNotThere() {
        Outcome unknown = run("caption", "--device", "gpu");
        assertRefused(unknown);
        assertThat(unknown.err()).contains("'gpu'", "expected cpu, cuda or cuda:N");
        Outcome wrongEngine = run("caption", "--engine", "onnx", "--device", "cuda:1");
        assertRefused(wrongEngine);
        assertThat(wrongEngine.err()).contains("onnx", "cuda:1");
    }

    @Test
    void helpShowsExamplesForEveryCommand() {
        assertThat(run("--help").out()).contains("Examples:", "paligemma caption");
        for (String command : List.of(
                "generate",
                "caption",
                "answer",
                "ocr",
                "detect",
                "segment",
                "score",
                "tokenize",
                "info",
                "models",
                "convert",
                "verify")) {
            Outcome help = run(command, "--help");
            assertThat(help.exitCode()).as(command).isZero();
            assertThat(help.out()).as(command).contains("Usage: paligemma " + command, "Example");
            assertThat(help.err()).as(command).isEmpty();
        }
    }

    @Test
    void showsItsVersion() {
        Outcome version = run("--version");

        assertThat(version.exitCode()).isZero();
        assertThat(version.out()).startsWith("paligemma ").contains("Java ");
    }

    static Stream<List<String>> badUsage() {
        return Stream.of(
                List.of(),
                List.of("paint"),
                List.of("--nope"),
                List.of("caption", "--nope"),
                List.of("caption", "stray"),
                List.of("generate"),
                List.of("generate", "--prompt", ""),
                List.of("generate", "--prompt", "ocr", "--no-prompt"),
                List.of("score", " ", "yes"),
                List.of("score", "ocr", "door.jpg"),
                List.of("answer"),
                List.of("answer", "a", "--question", "b"),
                List.of("answer", " "),
                List.of("caption", "--language", "English"),
                List.of("caption", "--style", "verbose"),
                List.of("detect"),
                List.of("detect", "a ; b"),
                List.of("segment"),
                List.of("score"),
                List.of("score", "caption en"),
                List.of("tokenize"),
                List.of("caption", "--image"),
                List.of("caption", "--model", "a", "--model", "b"),
                List.of("caption", "--max-new-tokens", "0"),
                List.of("caption", "--max-new-tokens", "-1"),
                List.of("caption", "--max-new-tokens", "abc"),
                List.of("caption", "--max-new-tokens", "99999999999"),
                List.of("caption", "--threads", "0"),
                List.of("caption", "--threads", "1025"),
                List.of("caption", "--threads", "1.5"),
                List.of("caption", "--engine", "steam"),
                List.of("caption", "--precision", "float33"),
                List.of("caption", "--engine", "onnx", "--precision", "bfloat16"),
                List.of("caption", "--model", "no-such-folder"),
                List.of("info", "--model", "no-such-folder"),
                List.of("models", "--size", "7b"),
                List.of("models", "--resolution", "512"),
                List.of("models", "--kind", "chat"),
                List.of("tokenize", "text", "--model", "no-such-folder"),
                List.of("caption", "--image", "no-such-picture.png"),
                List.of("caption", "--image", "."),
                List.of("caption", "--image", "a\0b"),
                List.of("caption", "--image", ""),
                List.of("caption", "--cache-dir", ""),
                List.of("caption", "--model", ""),
                List.of("caption", "--model", " "),
                List.of("answer", "which?", "--choices", ","),
                List.of("answer", "which?", "--choices", "yes,,no"));
    }

    @ParameterizedTest
    @MethodSource
    void badUsage(List<String> args) {
        assertRefused(run(args.toArray(new String[0])));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "not a picture", "\u0089PNG\r\n\u001a\n", "P6 1 1 255 abc"})
    void refusesFilesThatAreNoPictures(String content) throws IOException {
        Path file = Files.writeString(folder.resolve("picture.png"), content, StandardCharsets.ISO_8859_1);

        Outcome refused = run("caption", "--image", file.toString());

        assertRefused(refused);
        assertThat(refused.err()).contains("picture.png");
    }

    @Test
    void namesWithControlCharactersDoNotReachTheTerminal() throws IOException {
        Path folderOfAStranger = Files.createDirectories(folder.resolve("a\u001b[31m\n\u202eb"));

        Outcome refused = run("caption", "--image", folderOfAStranger + "/x\u009b.png");
        assertRefused(refused);
        assertThat(refused.err()).contains("a\\u001b[31m").doesNotContain("\u001b", "\u009b", "\u202e");

        copyOfTheBundledModel(folderOfAStranger);
        Outcome info = run("info", "--model", folderOfAStranger.toString());
        assertThat(info.exitCode()).as(info.err()).isZero();
        assertThat(info.out()).contains("a\\u001b[31m\\u000a\\u202eb").doesNotContain("\u001b", "\u202e");
    }

    /** Whoever made the tokenizer may have put anything into a piece. */
    @Test
    void piecesWithControlCharactersDoNotReachTheTerminal() throws IOException {
        copyOfTheBundledModel(folder);
        Path tokenizer = folder.resolve("tokenizer.json");
        String json = Files.readString(tokenizer);
        int vocabulary = json.indexOf("\"vocab\"");
        // The only word with this letter is "square".
        Files.writeString(
                tokenizer,
                json.substring(0, vocabulary) + json.substring(vocabulary).replace("q", "\\u001b"));

        Outcome written = run("caption", "--model", folder.toString());
        assertThat(written.exitCode()).as(written.err()).isZero();
        assertThat(written.out()).contains("s\\u001buare").doesNotContain("\u001b");

        assertThat(parsed("caption", "--model", folder.toString()).get("text").toString())
                .contains("s\u001buare");
    }

    private static void copyOfTheBundledModel(Path to) throws IOException {
        for (String name : List.of(
                "config.json",
                "generation_config.json",
                "model.safetensors",
                "preprocessor_config.json",
                "tokenizer.json")) {
            Files.copy(TinyModel.folder().resolve(name), to.resolve(name));
        }
    }

    @Test
    void readsAPictureFromStandardInput() throws IOException {
        InputStream before = System.in;
        try (InputStream picture = Files.newInputStream(TinyModel.picture())) {
            System.setIn(picture);

            assertThat(run("caption", "--image", "-", "-q")).isEqualTo(run("caption"));
            assertRefused(run("caption", "--image", "-"));
        } finally {
            System.setIn(before);
        }
    }

    @Test
    void refusesCutPicture() throws IOException {
        byte[] picture = Files.readAllBytes(TinyModel.picture());
        Path file = Files.write(folder.resolve("cut.png"), Arrays.copyOf(picture, picture.length / 2));

        assertRefused(run("caption", "--image", file.toString()));
    }

    @Test
    void refusesCutWeights() throws IOException {
        Path model = copyOfBundledModel();
        try (RandomAccessFile weights =
                new RandomAccessFile(model.resolve("model.safetensors").toFile(), "rw")) {
            weights.setLength(weights.length() / 2);
        }

        Outcome refused = run("caption", "--model", model.toString());

        assertRefused(refused);
        assertThat(refused.err()).contains("model.safetensors");
    }

    @ParameterizedTest
    @ValueSource(strings = {"config.json", "model.safetensors", "tokenizer.json"})
    void refusesFolderWithoutOneOfItsFiles(String name) throws IOException {
        Path model = copyOfBundledModel();
        Files.delete(model.resolve(name));

        Outcome refused = run("caption", "--model", model.toString());

        assertRefused(refused);
        assertThat(refused.err()).contains(name);
    }

    @ParameterizedTest
    @ValueSource(strings = {"config.json", "tokenizer.json", "model.safetensors"})
    void refusesFolderWithABrokenFile(String name) throws IOException {
        Path model = copyOfBundledModel();
        Files.writeString(model.resolve(name), "{\"model_type\": ");

        assertRefused(run("caption", "--model", model.toString()));
    }

    @Test
    void refusesWeightsOfAnotherResolution() throws IOException {
        Path model = copyOfBundledModel();
        Path config = model.resolve("config.json");
        String changed = Files.readString(config).replaceAll("\"image_size\":\\s*112", "\"image_size\": 224");
        assertThat(changed).contains("224");
        Files.writeString(config, changed);

        Outcome refused = run("caption", "--model", model.toString());

        assertRefused(refused);
        assertThat(refused.err()).contains("position_embedding");
    }

    @Test
    void refusesPromptTooLong() {
        Outcome refused = run("generate", "--prompt", "a very long prompt ".repeat(5_264));

        assertRefused(refused);
    }

    @Test
    void debugAddsTheStackTrace() {
        Outcome plain = run("caption", "--model", "no-such-folder");
        Outcome traced = run("--debug", "caption", "--model", "no-such-folder");
        Outcome tracedToo = run("caption", "--model", "no-such-folder", "--debug");

        assertThat(List.of(traced, tracedToo)).allSatisfy(outcome -> {
            assertThat(outcome.exitCode()).isEqualTo(plain.exitCode());
            assertThat(outcome.out()).isEmpty();
            assertThat(outcome.err()).startsWith(plain.err()).contains("\tat dev.paligemma.");
        });
    }

    @Test
    void everythingElseIsExitCodeOne() {
        StringWriter err = new StringWriter();

        assertThat(Failure.report(new IllegalStateException("first\nsecond"), new PrintWriter(err, true), false))
                .isEqualTo(1);
        assertThat(Failure.report(new OutOfMemoryError("Java heap space"), new PrintWriter(err, true), false))
                .isEqualTo(1);
        assertThat(err.toString().lines())
                .containsExactly(
                        "paligemma: IllegalStateException: first second",
                        "paligemma: out of memory (Java heap space); a larger heap (java -Xmx) or a smaller model "
                                + "helps");
    }

    @Test
    void speaksUtf8WithoutALocale() throws Exception {
        ProcessBuilder builder = new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName(),
                "tokenize",
                "--json",
                UTF8_WITHOUT_LOCALE);
        builder.environment().put("LC_ALL", "C");
        Process process = builder.redirectError(folder.resolve("err").toFile()).start();

        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

        assertThat(process.waitFor()).isZero();
        assertThat(JsonText.parse(out)).containsEntry("text", UTF8_WITHOUT_LOCALE);
        assertThat(folder.resolve("err")).isEmptyFile();
    }

    private Path copyOfBundledModel() throws IOException {
        return Outcome.copyOfBundledModel(folder);
    }

    private static List<?> list(Map<String, Object> json, String name) {
        return (List<?>) Objects.requireNonNull(json.get(name), name);
    }
}
