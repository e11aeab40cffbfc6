package dev.paligemma.pytorch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.paligemma.GenerationRequest;
import dev.paligemma.GenerationResult;
import dev.paligemma.PaliGemmaPipeline;
import dev.paligemma.engine.Precision;
import dev.paligemma.vision.RgbImage;
import java.io.IOException;
import java.io.InputStream;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Whole checkpoints answer as transformers does in the same precision ({@code src/reference/bfloat16}). */
class AnswersTest {
    /** The same as for the other engines. */
    private static final double SINGLE_TOLERANCE = 5e-5;
    /** Transformers' own distance from float32 reaches 0.123 on these models. */
    private static final double BFLOAT16_TOLERANCE = 0.15;
    /** Closer decisions than this may fall differently in bfloat16, and then all that follows does. */
    private static final double DECIDED = 0.1;

    private record Request(
            Path folder,
            List<String> images,
            String prompt,
            int maxNewTokens,
            int[] tokenIds,
            double[] single,
            double[] bfloat16,
            double[] margins) {
        /** How many tokens are decided clearly, one after the other. */
        int decided() {
            int count = 0;
            while (count < margins.length && margins[count] >= DECIDED) {
                count++;
            }
            return count;
        }
    }

    private record Case(Path folder, List<Request> requests) {
        @Override
        public String toString() {
            return String.valueOf(folder.getFileName());
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void float32GivesTheTokensAndLogProbabilitiesOfTransformers(Case golden) {
        try (PaliGemmaPipeline pipeline = load(golden, Precision.FLOAT32)) {
            for (Request request : golden.requests()) {
                GenerationResult result = answer(pipeline, request);

                assertThat(result.tokenIds()).as(request.prompt()).containsExactly(request.tokenIds());
                assertThat(result.logProbabilities())
                        .as(request.prompt())
                        .containsExactly(request.single(), within(SINGLE_TOLERANCE));
            }
        }
    }

    /** As near as two ways of rounding can be, and nearer to float32 than transformers is, which rounds activations, too. */
    @Test
    void bfloat16GivesNearlyTheLogProbabilitiesOfTransformersInBfloat16() throws IOException, URISyntaxException {
        int compared = 0;
        double error = 0;
        double errorOfTransformers = 0;
        for (Case golden : cases().toList()) {
            try (PaliGemmaPipeline pipeline = load(golden, Precision.BFLOAT16)) {
                for (Request request : golden.requests()) {
                    GenerationResult result = answer(pipeline, request);
                    for (int i = 0; i < request.decided(); i++) {
                        String step = golden + ", " + request.prompt() + ", token " + i;
                        double got = result.logProbabilities()[i];
                        assertThat(result.tokenIds()[i]).as(step).isEqualTo(request.tokenIds()[i]);
                        assertThat(got).as(step).isCloseTo(request.bfloat16()[i], within(BFLOAT16_TOLERANCE));
                        compared++;
                        error += Math.abs(got - request.single()[i]);
                        errorOfTransformers += Math.abs(request.bfloat16()[i] - request.single()[i]);
                    }
                }
            }
        }

        assertThat(compared).isGreaterThan(50);
        assertThat(error).as("distance from float32 over %d tokens", compared).isBetween(1e-3, errorOfTransformers);
    }

    private static PaliGemmaPipeline load(Case golden, Precision precision) {
        return PaliGemmaPipeline.builder()
                .checkpoint(golden.folder())
                .engine("pytorch")
                .precision(precision)
                .build();
    }

    private static GenerationResult answer(PaliGemmaPipeline pipeline, Request request) {
        return pipeline.generate(GenerationRequest.builder()
                .images(request.images().stream()
                        .map(name -> RgbImage.read(request.folder().resolve(name)))
                        .toList())
                .prompt(request.prompt())
                .maxNewTokens(request.maxNewTokens())
                .build());
    }

    static Stream<Case> cases() throws IOException, URISyntaxException {
        try (InputStream in = AnswersTest.class.getResourceAsStream("/bfloat16.json");
                JsonParser parser = new JsonFactory().createParser(in)) {
            parser.nextToken();
            List<Case> cases = new ArrayList<>();
            for (Map<?, ?> entry : maps(value(parser), "cases")) {
                Path folder = Path.of(
                        Objects.requireNonNull(AnswersTest.class.getResource("/golden/" + entry.get("checkpoint")))
                                .toURI());
                cases.add(new Case(
                        folder,
                        maps(entry, "requests").stream()
                                .map(request -> request(folder, request))
                                .toList()));
            }
            return cases.stream();
        }
    }

    private static Request request(Path folder, Map<?, ?> map) {
        return new Request(
                folder,
                list(map, "images").stream().map(String.class::cast).toList(),
                (String) Objects.requireNonNull(map.get("prompt")),
                ((Number) Objects.requireNonNull(map.get("maxNewTokens"))).intValue(),
                list(map, "tokenIds").stream()
                        .mapToInt(id -> ((Number) id).intValue())
                        .toArray(),
                doubles(map, "float32"),
                doubles(map, "bfloat16"),
                doubles(map, "margins"));
    }

    private static double[] doubles(Map<?, ?> map, String key) {
        return list(map, key).stream()
                .mapToDouble(value -> ((Number) value).doubleValue())
                .toArray();
    }

    private static List<Map<?, ?>> maps(Object map, String key) {
        List<Map<?, ?>> maps = new ArrayList<>();
        list((Map<?, ?>) map, key).forEach(entry -> maps.add((Map<?, ?>) entry));
        return maps;
    }

    private static List<?> list(Map<?, ?> map, String key) {
        return (List<?>) Objects.requireNonNull(map.get(key), key);
    }

    /** What begins at the parser's token, as lists, maps, texts and numbers. */
    private static Object value(JsonParser parser) throws IOException {
        return switch (parser.currentToken()) {
            case START_OBJECT -> {
                Map<String, Object> map = new LinkedHashMap<>();
                while (parser.nextToken() != JsonToken.END_OBJECT) {
                    String key = parser.currentName();
                    parser.nextToken();
                    map.put(key, value(parser));
                }
                yield map;
            }
            case START_ARRAY -> {
                List<Object> list = new ArrayList<>();
                while (parser.nextToken() != JsonToken.END_ARRAY) {
                    list.add(value(parser));
                }
                yield list;
            }
            case VALUE_STRING -> parser.getText();
            case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> parser.getNumberValue();
            default -> throw new IllegalStateException("unexpected " + parser.currentToken());
        };
    }
}
