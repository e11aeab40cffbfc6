package dev.paligemma;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.paligemma.checkpoint.internal.safetensors.SafeTensorsFile;
import dev.paligemma.engine.contract.TestedEngine;
import dev.paligemma.engine.weights.TensorInfo;
import dev.paligemma.generation.GenerationRequest;
import dev.paligemma.generation.GenerationResult;
import dev.paligemma.vision.RgbImage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The stored checkpoints with what transformers computes on them; {@code src/reference/README.md} describes the files.
 *
 * @param folder the checkpoint, with {@code golden.json} and {@code golden.safetensors}
 * @param requests what was asked and answered
 */
public record Golden(Path folder, List<Request> requests) {
    /** The largest difference accepted between log-probabilities; measured differences are below 1e-5. */
    private static final double TOLERANCE = 5e-5;

    /**
     * One request and its recorded result.
     *
     * @param images the pictures
     * @param prompt the user's prompt
     * @param maxNewTokens the limit
     * @param textTokenIds the prompt's tokens without images
     * @param imageTokens how many places the images take
     * @param tokenIds generated tokens
     * @param logprobs of each of them
     * @param uncappedLogprobs the same without the final soft-cap; empty if the checkpoint has none
     * @param text decoded
     * @param finishReason {@code eos} or {@code length}
     */
    public record Request(
            List<RgbImage> images,
            String prompt,
            int maxNewTokens,
            List<Integer> textTokenIds,
            int imageTokens,
            List<Integer> tokenIds,
            List<Double> logprobs,
            List<Double> uncappedLogprobs,
            String text,
            String finishReason) {

        /** The same as a request to a pipeline. */
        public GenerationRequest toGenerationRequest() {
            return GenerationRequest.builder()
                    .images(images)
                    .prompt(prompt)
                    .maxNewTokens(maxNewTokens)
                    .build();
        }

        /** Fails unless a result is the recorded one, up to rounding in single precision. */
        void assertAnswered(GenerationResult result) {
            assertAnswered(result, TOLERANCE);
        }

        /** Fails unless a result is the recorded one, its log-probabilities up to a difference. */
        public void assertAnswered(GenerationResult result, double tolerance) {
            assertThat(result.promptTokenIds()).containsExactly(array(textTokenIds));
            assertThat(result.imageTokens()).isEqualTo(imageTokens);
            assertThat(result.tokenIds()).as(prompt).containsExactly(array(tokenIds));
            assertLogProbabilities(result, logprobs, tolerance);
            assertThat(result.text()).isEqualTo(text);
            assertThat(result.finishReason().name().toLowerCase(Locale.ROOT)).isEqualTo(finishReason);
        }

        /** Fails unless a result is the recorded one with the probabilities that it has without the final soft-cap. */
        void assertAnsweredUncapped(GenerationResult result) {
            assertThat(result.tokenIds()).as(prompt).containsExactly(array(tokenIds));
            assertThat(uncappedLogprobs).hasSameSizeAs(logprobs);
            assertLogProbabilities(result, uncappedLogprobs, TOLERANCE);
        }

        private void assertLogProbabilities(GenerationResult result, List<Double> expected, double tolerance) {
            for (int i = 0; i < expected.size(); i++) {
                assertThat(result.logProbabilities()[i])
                        .as("log-probability %s of %s", i, prompt)
                        .isCloseTo(expected.get(i), within(tolerance));
            }
        }

        private static int[] array(List<Integer> list) {
            return list.stream().mapToInt(Integer::intValue).toArray();
        }

        /** How far a pipeline is from another one on the first image of the request, in nats per token. */
        double divergence(PaliGemmaPipeline reference, PaliGemmaPipeline other) {
            return reference
                    .compare(other, images.subList(0, 1), List.of("caption en", "detect cat ; dog"), 12)
                    .total()
                    .meanKl();
        }
    }

    /**
     * Compares what two runs gave, however deep in it the numbers lie: the same up to rounding.
     *
     * <p>No library promises equal bits where addresses, threads, or the room in a cache may differ: MKL, below PyTorch, adds
     * up in another order at another alignment. Equal bits are asserted only of what Java alone computes, and of ONNX
     * Runtime on the same shapes and weights at the same alignment: its products copy what they read into blocks of their
     * own.
     */
    static void assertSame(@Nullable Object got, @Nullable Object expected) {
        Comparator<Double> rounded = (a, b) -> Math.abs(a - b) <= TOLERANCE ? 0 : Double.compare(a, b);
        assertThat(got)
                .usingRecursiveComparison()
                .withComparatorForType(rounded, Double.class)
                .isEqualTo(expected);
    }

    private static final Map<String, Path> ROOTS = new ConcurrentHashMap<>();

    /** All stored cases. */
    public static Stream<Golden> all() throws IOException {
        return allIn("/golden");
    }

    /** Those whose weights are quantised. */
    public static Stream<Golden> bitsandbytes() throws IOException {
        return allIn("/golden-bitsandbytes");
    }

    private static Stream<Golden> allIn(String resource) throws IOException {
        return in(root(resource));
    }

    /** All cases in a folder. */
    public static Stream<Golden> in(Path root) throws IOException {
        try (Stream<Path> folders = Files.list(root)) {
            return folders.sorted().map(Golden::read).toList().stream();
        }
    }

    /** The case of a name. */
    public static Golden of(String name) {
        return read(root("/golden").resolve(name));
    }

    /** Loads the checkpoint with an engine in its precision. */
    public PaliGemmaPipeline load(TestedEngine engine) {
        return load(engine, folder);
    }

    /** Loads a checkpoint with an engine in its precision. */
    static PaliGemmaPipeline load(TestedEngine engine, Path checkpoint) {
        return PaliGemmaPipeline.builder()
                .checkpoint(checkpoint)
                .engine(engine.engine())
                .precision(engine.precision())
                .build();
    }

    /** A tensor of {@code golden.safetensors}, or null if it is not recorded. */
    public float @Nullable [] tensor(String name) {
        Path file = folder.resolve("golden.safetensors");
        TensorInfo info = SafeTensorsFile.read(file).tensors().get(name);
        if (info == null) {
            return null;
        }
        try (FileChannel channel = FileChannel.open(file)) {
            ByteBuffer bytes = ByteBuffer.allocate((int) info.byteLength()).order(ByteOrder.LITTLE_ENDIAN);
            while (bytes.hasRemaining() && channel.read(bytes, info.offset() + bytes.position()) >= 0) {}
            float[] values = new float[(int) info.elementCount()];
            bytes.flip().asFloatBuffer().get(values);
            return values;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public String toString() {
        return folder.getFileName().toString();
    }

    /**
     * The folder of a resource of this module. Engines map weight files, which they cannot do inside an archive, so those
     * are copied out.
     */
    public static Path root(String resource) {
        return ROOTS.computeIfAbsent(resource, Golden::find);
    }

    private static Path find(String resource) {
        try {
            List<URL> places = Collections.list(Golden.class.getClassLoader().getResources(resource.substring(1)));
            // Another module with such a folder would hide this one, depending on the order of the class path.
            assertThat(places).as("folders of the name %s", resource).hasSize(1);
            URL url = places.get(0);
            if (!url.getProtocol().equals("jar")) {
                return Path.of(url.toURI());
            }
            try (FileSystem archive = FileSystems.newFileSystem(url.toURI(), Map.of());
                    Stream<Path> files = Files.walk(archive.getPath(resource))) {
                Path folder = Files.createTempDirectory("golden");
                folder.toFile().deleteOnExit();
                for (Path file : files.skip(1).toList()) {
                    Path copy = folder.resolve(
                            archive.getPath(resource).relativize(file).toString());
                    Files.copy(file, copy);
                    copy.toFile().deleteOnExit();
                }
                return folder;
            }
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static Golden read(Path folder) {
        return new Golden(folder, requests(readJson(folder.resolve("golden.json")), folder));
    }

    /** The object in a JSON file. */
    public static Map<?, ?> readJson(Path file) {
        try (JsonParser parser = new JsonFactory().createParser(file.toFile())) {
            parser.nextToken();
            return (Map<?, ?>) Objects.requireNonNull(value(parser));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The requests of a {@code golden.json}. */
    static List<Request> requests(Map<?, ?> root, Path pictures) {
        List<Request> requests = new ArrayList<>();
        for (Object entry : list(root, "requests")) {
            Map<?, ?> request = (Map<?, ?>) entry;
            requests.add(new Request(
                    list(request, "images").stream()
                            .map(image -> RgbImage.read(pictures.resolve((String) image)))
                            .toList(),
                    text(request, "prompt"),
                    number(request, "maxNewTokens"),
                    integers(request, "textTokenIds"),
                    number(request, "imageTokens"),
                    integers(request, "tokenIds"),
                    doubles(list(request, "logprobs")),
                    request.containsKey("uncappedLogprobs") ? doubles(list(request, "uncappedLogprobs")) : List.of(),
                    text(request, "text"),
                    text(request, "finishReason")));
        }
        return requests;
    }

    static String text(Map<?, ?> map, String key) {
        return (String) Objects.requireNonNull(map.get(key), key);
    }

    private static int number(Map<?, ?> map, String key) {
        return ((Number) Objects.requireNonNull(map.get(key), key)).intValue();
    }

    private static List<?> list(Map<?, ?> map, String key) {
        return (List<?>) Objects.requireNonNull(map.get(key), key);
    }

    private static List<Double> doubles(List<?> numbers) {
        return numbers.stream().map(value -> ((Number) value).doubleValue()).toList();
    }

    private static List<Integer> integers(Map<?, ?> map, String key) {
        return list(map, key).stream().map(value -> ((Number) value).intValue()).toList();
    }

    static @Nullable Object value(JsonParser parser) throws IOException {
        switch (parser.currentToken()) {
            case START_OBJECT -> {
                Map<String, @Nullable Object> map = new LinkedHashMap<>();
                while (parser.nextToken() != JsonToken.END_OBJECT) {
                    String key = parser.currentName();
                    parser.nextToken();
                    map.put(key, value(parser));
                }
                return map;
            }
            case START_ARRAY -> {
                List<@Nullable Object> list = new ArrayList<>();
                while (parser.nextToken() != JsonToken.END_ARRAY) {
                    list.add(value(parser));
                }
                return list;
            }
            case VALUE_STRING -> {
                return parser.getText();
            }
            case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> {
                return parser.getNumberValue();
            }
            case VALUE_TRUE, VALUE_FALSE -> {
                return parser.getBooleanValue();
            }
            case VALUE_NULL -> {
                return null;
            }
            default -> throw new IOException("unexpected " + parser.currentToken());
        }
    }
}
