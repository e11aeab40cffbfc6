package dev.paligemma;

import static java.util.stream.Collectors.groupingBy;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.paligemma.constraint.TokenConstraint;
import dev.paligemma.engine.contract.ContractLedger;
import dev.paligemma.engine.contract.TestedEngine;
import dev.paligemma.generation.AnswerScore;
import dev.paligemma.generation.AnswerStream;
import dev.paligemma.generation.BeamSearch;
import dev.paligemma.generation.GenerationRequest;
import dev.paligemma.generation.GenerationResult;
import dev.paligemma.generation.RequestException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Adapters with tokens of their own, and with embeddings of another size than the base's, give what peft gives; for every
 * engine in single precision. {@code src/reference/resized/make_goldens.py} made the files.
 */
@ExtendWith(ContractLedger.class)
public abstract class ResizedAdapterContract {
    private final TestedEngine engine = TestedEngine.of(getClass());

    @TempDir
    private Path temporary;

    @ParameterizedTest
    @MethodSource("dev.paligemma.AdapterGolden#resized")
    void answersAsPeftDoesOnceMerged(AdapterGolden golden) {
        Path merged = temporary.resolve("merged");
        Checkpoints.merge(golden.base().folder(), golden.folder(), merged);
        try (PaliGemmaPipeline pipeline = builder(merged).build()) {
            for (Golden.Request request : golden.requests()) {
                request.assertAnswered(pipeline.generate(request.toGenerationRequest()));
            }
        }
    }

    @Test
    void answersWithAdaptersOfMlxTogether() throws IOException {
        List<AdapterGolden> adapters = AdapterGolden.mlx().toList();
        assertThat(adapters).hasSize(5);
        try (PaliGemmaPipeline pipeline = open(adapters)) {
            for (AdapterGolden golden : adapters) {
                Golden.Request request = golden.requests().get(0);
                request.assertAnswered(pipeline.generate(with(request, golden.name())));
            }
        }
    }

    static Stream<List<AdapterGolden>> byBase() throws IOException {
        return AdapterGolden.resized()
                .collect(groupingBy(golden -> golden.base().folder()))
                .values()
                .stream();
    }

    @ParameterizedTest
    @MethodSource("byBase")
    void answersAsPeftDoesBesideOthers(List<AdapterGolden> adapters) {
        Golden.Request plain = adapters.get(0).base().requests().get(0);
        List<Golden.Request> expected = new ArrayList<>();
        List<GenerationRequest> requests = new ArrayList<>();
        try (PaliGemmaPipeline pipeline = open(adapters)) {
            for (AdapterGolden golden : adapters) {
                for (Golden.Request request : golden.requests()) {
                    request.assertAnswered(pipeline.withAdapter(golden.name()).generate(request.toGenerationRequest()));
                    expected.add(request);
                    requests.add(with(request, golden.name()));
                }
                plain.assertAnswered(pipeline.generate(plain.toGenerationRequest()));
                expected.add(plain);
                requests.add(plain.toGenerationRequest());
            }
            List<GenerationResult> results = pipeline.generateAll(requests, 3);
            for (int i = 0; i < results.size(); i++) {
                expected.get(i).assertAnswered(results.get(i));
            }
        }
    }

    @Test
    void everyWayToAnAnswerHasTheTokensOfTheAdapter() throws IOException {
        Map<String, AdapterGolden> all = new LinkedHashMap<>();
        AdapterGolden.resized().forEach(golden -> all.put(golden.name(), golden));
        AdapterGolden tokens = all.get("tokens");
        AdapterGolden plain = all.get("plain");
        Golden.Request request = tokens.requests().get(0);
        GenerationRequest asked = with(request, "tokens");
        try (PaliGemmaPipeline pipeline = open(List.of(tokens, plain))) {
            PaliGemmaPipeline view = pipeline.withAdapter("tokens");
            assertThat(view.tokenizer().idOf("<s_total>")).hasValue(1601);
            assertThat(pipeline.tokenizer().idOf("<s_total>")).isEmpty();
            assertThat(pipeline.tokenizer(asked)).isSameAs(view.tokenizer());
            assertThat(pipeline.withAdapter("plain").tokenizer()).isSameAs(pipeline.tokenizer());

            StringBuilder streamed = new StringBuilder();
            try (AnswerStream stream = pipeline.stream(asked)) {
                stream.forEachRemaining(piece -> streamed.append(piece.text()));
                assertThat(streamed).hasToString(request.text());
            }
            assertThat(pipeline.search(asked, BeamSearch.of(1)).get(0).answer().text())
                    .isEqualTo(request.text());
            AnswerScore score =
                    pipeline.score(asked, List.of("<s_total>F", "cat")).get(0);
            assertThat(score.generation().tokenIds()).startsWith(1601);

            TokenConstraint constraint = view.constraints().matching("<s_total>cat</s_total>");
            assertThat(pipeline.generate(
                                    asked.toBuilder().constraint(constraint).build())
                            .tokenIds())
                    .startsWith(1601)
                    .endsWith(1602);
            assertThatThrownBy(() -> pipeline.generate(request.toGenerationRequest().toBuilder()
                            .constraint(constraint)
                            .build()))
                    .isInstanceOf(RequestException.class)
                    .hasMessageContaining("the constraint was made for");
            assertThatThrownBy(() -> view.generate(request.toGenerationRequest().toBuilder()
                            .constraint(pipeline.constraints().oneOf(List.of("cat")))
                            .build()))
                    .isInstanceOf(RequestException.class)
                    .hasMessageContaining("withAdapter(\"tokens\")");
        }
    }

    private static GenerationRequest with(Golden.Request request, String adapter) {
        return request.toGenerationRequest().toBuilder().adapter(adapter).build();
    }

    private PaliGemmaPipeline open(List<AdapterGolden> adapters) {
        PipelineBuilder builder = builder(adapters.get(0).base().folder());
        adapters.forEach(golden -> builder.adapter(golden.name(), golden.folder()));
        return builder.build();
    }

    private PipelineBuilder builder(Path checkpoint) {
        return PaliGemmaPipeline.builder()
                .checkpoint(checkpoint)
                .engine(engine.engine())
                .precision(engine.precision());
    }
}
