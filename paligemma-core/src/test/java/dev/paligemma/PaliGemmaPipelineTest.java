package dev.paligemma;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.paligemma.checkpoint.config.CheckpointException;
import dev.paligemma.engine.Device;
import dev.paligemma.engine.EngineException;
import dev.paligemma.engine.Precision;
import dev.paligemma.generation.FinishReason;
import dev.paligemma.generation.GenerationRequest;
import dev.paligemma.generation.GenerationResult;
import dev.paligemma.generation.RequestException;
import dev.paligemma.generation.Timings;
import dev.paligemma.network.DecoderOptions;
import dev.paligemma.tokenizer.ControlTokens;
import dev.paligemma.tokenizer.TokenizerException;
import dev.paligemma.vision.RgbImage;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.api.parallel.Resources;

class PaliGemmaPipelineTest {
    private static final Golden GOLDEN = Golden.of("pg2-gqa");
    private static PaliGemmaPipeline pipeline;

    @BeforeAll
    static void load() {
        pipeline = PaliGemmaPipeline.builder()
                .checkpoint(GOLDEN.folder())
                .maxConcurrentRequests(8)
                .build();
    }

    @AfterAll
    static void close() {
        pipeline.close();
    }

    @Test
    void typedTasksAskWithTheirPromptSyntax() {
        RgbImage image = image();
        assertThat(pipeline.caption(image)).isEqualTo(generate("caption en"));
        assertThat(pipeline.caption(image, "fr")).isEqualTo(generate("caption fr"));
        assertThat(pipeline.answer(image, "what is this?")).isEqualTo(generate("answer en what is this?"));
        assertThat(pipeline.ocr(image)).isEqualTo(generate("ocr"));
    }

    @Test
    void controlTokensInAQuestionArePlainText() {
        GenerationRequest asText = GenerationRequest.builder()
                .image(image())
                .prompt("answer en <loc0001><image>?")
                .controlTokens(ControlTokens.AS_TEXT)
                .build();
        assertThat(pipeline.answer(image(), "<loc0001><image>?"))
                .isEqualTo(pipeline.generate(asText).text());
        assertThat(pipeline.generate(asText).promptTokenIds().length)
                .isGreaterThan(pipeline.generate(GenerationRequest.of(image(), "answer en <loc0001>?"))
                        .promptTokenIds()
                        .length);
    }

    @Test
    void languageMustBeACode() {
        assertThatThrownBy(() -> pipeline.caption(image(), "en\n<image>"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("language");
    }

    @Test
    void stopsAtTheLimitAndCountsTimings() {
        GenerationResult result = pipeline.generate(GenerationRequest.builder()
                .image(image())
                .prompt("caption en")
                .maxNewTokens(3)
                .build());
        assertThat(result.tokenIds()).hasSize(3);
        assertThat(Arrays.stream(result.logProbabilities()).boxed()).hasSize(3).allMatch(value -> value <= 0);
        assertThat(result.finishReason()).isEqualTo(FinishReason.LENGTH);
        Timings timings = result.timings();
        assertThat(List.of(timings.preprocessMs(), timings.visionMs(), timings.prefillMs(), timings.decodeMs()))
                .allMatch(ms -> ms > 0);
    }

    @Test
    void aLongAnswerGrowsItsCachesWithoutChangingItsBeginning() {
        GenerationRequest.Builder request =
                GenerationRequest.builder().image(image()).prompt("detect cat ; dog");
        int[] few = pipeline.generate(request.maxNewTokens(8).build()).tokenIds();
        int[] many = pipeline.generate(request.maxNewTokens(600).build()).tokenIds();
        assertThat(many).startsWith(few);
    }

    @Test
    void eightThreadsGetWhatOneGets() throws InterruptedException, ExecutionException {
        List<String> expected = GOLDEN.requests().stream()
                .map(request -> pipeline.generate(request.toGenerationRequest()).text())
                .toList();
        ExecutorService executor = Executors.newFixedThreadPool(8);
        try {
            List<Future<List<String>>> futures = new ArrayList<>();
            for (int thread = 0; thread < 8; thread++) {
                int offset = thread;
                futures.add(executor.submit(() -> {
                    List<String> texts = new ArrayList<>();
                    for (int i = 0; i < 3 * GOLDEN.requests().size(); i++) {
                        int index = (offset + i) % GOLDEN.requests().size();
                        texts.add(index
                                + pipeline.generate(GOLDEN.requests().get(index).toGenerationRequest())
                                        .text());
                    }
                    return texts;
                }));
            }
            for (Future<List<String>> future : futures) {
                for (String text : future.get()) {
                    assertThat(text.substring(1)).isEqualTo(expected.get(text.charAt(0) - '0'));
                }
            }
        } finally {
            executor.shutdownNow();
        }
    }

    @Test
    void aPromptThatIsTooLongIsRefusedAndThePipelineStaysUsable() {
        String before = generate("caption en");
        assertThatThrownBy(() -> generate("a!".repeat(50_000)))
                .isInstanceOf(RequestException.class)
                .hasMessageContaining("too long")
                .hasMessageContaining("at most 8192");
        assertThat(generate("caption en")).isEqualTo(before);
    }

    @Test
    void markersMustMatchImages() {
        assertThatThrownBy(() -> generate("<image> <image> compare"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("2")
                .hasMessageContaining("1");
    }

    @Test
    void requestsAreCheckedWhereTheyAreMade() {
        GenerationRequest.Builder builder = GenerationRequest.builder();
        assertThatThrownBy(() -> builder.maxNewTokens(0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("got 0");
        assertThatThrownBy(() -> builder.maxNewTokens(-1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(builder::build)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("image");
    }

    @Test
    @ResourceLock(Resources.SYSTEM_PROPERTIES)
    void theEngineIsThatOfTheProgramOrElseOfTheProperty() {
        assertThat(engineOf(PaliGemmaPipeline.builder(), null)).isEqualTo("onnx");
        assertThat(engineOf(PaliGemmaPipeline.builder(), "recording")).isEqualTo("recording");
        assertThat(engineOf(PaliGemmaPipeline.builder().engine("auto"), "recording"))
                .isEqualTo("onnx");
        assertThatThrownBy(() -> engineOf(PaliGemmaPipeline.builder(), "abacus"))
                .isInstanceOf(EngineException.class)
                .hasMessageContaining("paligemma.engine")
                .hasMessageContaining("abacus");
    }

    private static String engineOf(PipelineBuilder builder, @Nullable String property) {
        if (property != null) {
            System.setProperty(PipelineBuilder.ENGINE_PROPERTY, property);
        }
        try (PaliGemmaPipeline pipeline = builder.checkpoint(GOLDEN.folder()).build()) {
            return pipeline.info().engine();
        } finally {
            System.clearProperty(PipelineBuilder.ENGINE_PROPERTY);
        }
    }

    @Test
    void builderRefusesWhatItCannotDo() {
        PipelineBuilder builder = PaliGemmaPipeline.builder();
        assertThatThrownBy(builder::build).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> builder.engine("abacus"))
                .isInstanceOf(EngineException.class)
                .hasMessageContaining("abacus")
                .hasMessageContaining("onnx");
        assertThatThrownBy(() -> builder.threads(0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> builder.maxConcurrentRequests(0)).isInstanceOf(IllegalArgumentException.class);
        builder.checkpoint(GOLDEN.folder()).engine("onnx");
        assertThatThrownBy(() -> builder.precision(Precision.BFLOAT16).build())
                .isInstanceOf(EngineException.class)
                .hasMessageContaining("bfloat16");
        assertThatThrownBy(() -> builder.precision(Precision.FLOAT32)
                        .device(Device.cuda(0))
                        .build())
                .isInstanceOf(EngineException.class)
                .hasMessageContaining("cuda:0");
    }

    @Test
    void withoutTheWindowAnAnswerIsThatOfACheckpointWithoutOne(@TempDir Path temp) throws IOException {
        Golden golden = Golden.of("pg2-window");
        Path wide = copyWithout(golden.folder(), temp.resolve("wide"), "config.json");
        String config = Files.readString(golden.folder().resolve("config.json"));
        assertThat(config).contains("\"sliding_window\": 10");
        Files.writeString(
                wide.resolve("config.json"), config.replace("\"sliding_window\": 10", "\"sliding_window\": 4096"));
        GenerationRequest request = golden.requests().get(0).toGenerationRequest();
        try (PaliGemmaPipeline off = PaliGemmaPipeline.builder()
                        .checkpoint(golden.folder())
                        .decoderOptions(DecoderOptions.defaults().withoutSlidingWindow())
                        .build();
                PaliGemmaPipeline none = PaliGemmaPipeline.load(wide);
                PaliGemmaPipeline on = PaliGemmaPipeline.load(golden.folder())) {
            assertThat(off.generate(request).tokenIds())
                    .isEqualTo(none.generate(request).tokenIds())
                    .isNotEqualTo(on.generate(request).tokenIds());
        }
    }

    @Test
    void aClosedPipelineRefusesRequests() {
        PaliGemmaPipeline closed = PaliGemmaPipeline.load(GOLDEN.folder());
        closed.close();
        closed.close();
        assertThatThrownBy(() -> closed.caption(image()))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("closed");
    }

    @Test
    void closingDuringARequestEndsItWithoutHarm() throws InterruptedException {
        PaliGemmaPipeline closing = PaliGemmaPipeline.load(GOLDEN.folder());
        List<Throwable> failures = new ArrayList<>();
        Thread worker = new Thread(() -> {
            try {
                while (true) {
                    closing.caption(image());
                }
            } catch (IllegalStateException e) {
                failures.add(e);
            }
        });
        worker.start();
        Thread.sleep(100);
        closing.close();
        worker.join(30_000);
        assertThat(failures).hasSize(1);
    }

    @Test
    void filesThatAreMissingAreNamed(@TempDir Path temp) throws IOException {
        assertThatThrownBy(() -> PaliGemmaPipeline.load(temp.resolve("nowhere")))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining("nowhere");
        for (String name : List.of("config.json", "model.safetensors")) {
            Path folder = copyWithout(temp.resolve("no-" + name), name);
            assertThatThrownBy(() -> PaliGemmaPipeline.load(folder))
                    .isInstanceOf(CheckpointException.class)
                    .hasMessageContaining(name);
        }
        Path noTokenizer = copyWithout(temp.resolve("no-tokenizer"), "tokenizer.json");
        assertThatThrownBy(() -> PaliGemmaPipeline.load(noTokenizer))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining("without tokenizer")
                .hasMessageContaining("copy tokenizer.json from its base model");
        Files.writeString(noTokenizer.resolve("tokenizer.model"), "not one");
        assertThatThrownBy(() -> PaliGemmaPipeline.load(noTokenizer))
                .isInstanceOf(TokenizerException.class)
                .hasMessageContaining("tokenizer.model, byte 0");
        Path noProcessor = copyWithout(temp.resolve("no-processor"), "preprocessor_config.json");
        assertThatThrownBy(() -> PaliGemmaPipeline.load(noProcessor))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining("preprocessor_config.json");
    }

    @Test
    void aResolutionThatDoesNotFitTheWeightsIsRefused(@TempDir Path temp) throws IOException {
        Path folder = copyWithout(temp.resolve("resolution"), "preprocessor_config.json");
        String config = Files.readString(GOLDEN.folder().resolve("preprocessor_config.json"));
        Files.writeString(
                folder.resolve("preprocessor_config.json"), config.replaceAll("(\"(height|width)\": )\\d+", "$1224"));
        assertThatThrownBy(() -> PaliGemmaPipeline.load(folder))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining("224");
    }

    @Test
    void foldersSavedByTransformers5HaveOneProcessorFile(@TempDir Path temp) throws IOException {
        Path folder = copyWithout(temp.resolve("transformers5"), "preprocessor_config.json");
        String settings = Files.readString(GOLDEN.folder().resolve("preprocessor_config.json"));
        Files.writeString(
                folder.resolve("processor_config.json"),
                "{\"image_processor\": " + settings + ", \"processor_class\": \"PaliGemmaProcessor\"}");
        try (PaliGemmaPipeline saved = PaliGemmaPipeline.load(folder)) {
            assertThat(saved.caption(image())).isEqualTo(pipeline.caption(image()));
        }
    }

    @Test
    void truncatedWeightsAreRefused(@TempDir Path temp) throws IOException {
        Path folder = copyWithout(temp.resolve("truncated"), "");
        try (FileChannel channel = FileChannel.open(folder.resolve("model.safetensors"), StandardOpenOption.WRITE)) {
            channel.truncate(channel.size() - 100);
        }
        assertThatThrownBy(() -> PaliGemmaPipeline.load(folder))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining("model.safetensors");
    }

    private static RgbImage image() {
        return GOLDEN.requests().get(0).images().get(0);
    }

    private static String generate(String prompt) {
        return pipeline.generate(GenerationRequest.of(image(), prompt)).text();
    }

    private static Path copyWithout(Path target, String excluded) throws IOException {
        return copyWithout(GOLDEN.folder(), target, excluded);
    }

    private static Path copyWithout(Path source, Path target, String excluded) throws IOException {
        Files.createDirectories(target);
        try (Stream<Path> files = Files.list(source)) {
            for (Path file : files.toList()) {
                if (!file.getFileName().toString().equals(excluded)) {
                    Files.copy(file, target.resolve(file.getFileName()));
                }
            }
        }
        return target;
    }
}
