package dev.paligemma;

import static dev.paligemma.DecodingGolden.cases;
import static dev.paligemma.DecodingGolden.ids;
import static dev.paligemma.DecodingGolden.integer;
import static dev.paligemma.DecodingGolden.text;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.paligemma.base.internal.Json;
import dev.paligemma.checkpoint.config.CheckpointException;
import dev.paligemma.generation.BeamSearch;
import dev.paligemma.generation.FinishReason;
import dev.paligemma.generation.GenerationRequest;
import dev.paligemma.generation.GenerationResult;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What {@code generation_config.json} says, as transformers follows it; src/reference/decoding/generation_config.py. */
class GenerationConfigTest {
    @TempDir
    Path folder;

    static Stream<Map<?, ?>> recorded() {
        return cases("generation-config.json").stream();
    }

    @ParameterizedTest
    @MethodSource("recorded")
    void followsTheFileAsTransformersDoes(Map<?, ?> test) throws IOException {
        Golden golden = Golden.of(text(test, "checkpoint"));
        Golden.Request recorded = golden.requests().get(integer(test, "request"));
        GenerationRequest.Builder request =
                GenerationRequest.builder().images(recorded.images()).prompt(recorded.prompt());
        if (test.get("maxNewTokens") != null) {
            request.maxNewTokens(integer(test, "maxNewTokens"));
        }

        try (PaliGemmaPipeline pipeline = load(golden, (Map<?, ?>) test.get("fields"))) {
            int beams = integer(test, "beams");
            GenerationResult got = beams == 1
                    ? pipeline.generate(request.build())
                    : pipeline.search(request.build(), BeamSearch.of(beams))
                            .get(0)
                            .answer();

            assertThat(got.tokenIds())
                    .containsExactly(ids(test, "tokenIds").stream()
                            .mapToInt(Integer::intValue)
                            .toArray());
            assertThat(got.finishReason())
                    .isEqualTo(test.get("stopTokenId") == null ? FinishReason.LENGTH : FinishReason.EOS);
        }
    }

    @Test
    void whatARequestChoosesWinsOverTheFile() throws IOException {
        Golden golden = Golden.of("pg1-mqa-fp32");
        Golden.Request recorded = golden.requests().get(1);

        try (PaliGemmaPipeline pipeline = load(golden, Map.of("repetition_penalty", 1.3, "max_new_tokens", 3L))) {
            recorded.assertAnswered(pipeline.generate(recorded.toGenerationRequest().toBuilder()
                    .repetitionPenalty(1)
                    .build()));
        }
    }

    /** A constraint belongs to the request, so it wins where the file leaves nothing of what it allows. */
    @Test
    void aConstraintIsMetWhateverTheFileForbids() throws IOException {
        Golden golden = Golden.of("pg1-mqa-fp32");
        Golden.Request recorded = golden.requests().get(0);

        try (PaliGemmaPipeline pipeline = load(golden, Map.of("min_new_tokens", 100L))) {
            GenerationRequest request = recorded.toGenerationRequest().toBuilder()
                    .constraint(pipeline.constraints().oneOf(List.of("cat", "dog")))
                    .build();

            assertThat(pipeline.generate(request).text()).isIn("cat", "dog");
            assertThat(pipeline.search(request, BeamSearch.of(2))
                            .get(0)
                            .answer()
                            .text())
                    .isIn("cat", "dog");
        }
    }

    @Test
    void aFieldOfTheWrongKindIsNamed() {
        assertThatExceptionOfType(CheckpointException.class)
                .isThrownBy(() -> load(Golden.of("pg1-mqa-fp32"), Map.of("suppress_tokens", List.of("cat"))))
                .withMessageContaining("generation_config.json: suppress_tokens must be a list of token ids");
    }

    private PaliGemmaPipeline load(Golden golden, Map<?, ?> fields) throws IOException {
        Path copy = folder.resolve("model");
        Files.createDirectory(copy);
        try (Stream<Path> files = Files.list(golden.folder())) {
            for (Path file : files.toList()) {
                Files.copy(file, copy.resolve(file.getFileName().toString()));
            }
        }
        Map<Object, Object> all = new HashMap<>(fields);
        all.put("eos_token_id", 1L);
        Files.writeString(copy.resolve("generation_config.json"), Json.text(all, false));
        return PaliGemmaPipeline.load(copy);
    }
}
