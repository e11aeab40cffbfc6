package dev.paligemma;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.paligemma.engine.contract.ContractLedger;
import dev.paligemma.engine.contract.TestedEngine;
import dev.paligemma.generation.GenerationRequest;
import dev.paligemma.generation.GenerationResult;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Adapters give what peft gives; for every engine in single precision. */
@ExtendWith(ContractLedger.class)
public abstract class AdapterParityContract {
    private final TestedEngine engine = TestedEngine.of(getClass());

    @ParameterizedTest
    @MethodSource("dev.paligemma.AdapterGolden#all")
    void answersAsPeftDoesWithoutMerging(AdapterGolden golden) {
        try (PaliGemmaPipeline pipeline =
                builder(golden.base()).adapter("a", golden.folder()).build()) {
            assertThat(golden.requests()).isNotEmpty();
            for (Golden.Request request : golden.requests()) {
                request.assertAnswered(pipeline.withAdapter("a").generate(request.toGenerationRequest()));
            }
        }
    }

    /** Golden adapters of one checkpoint, by name. */
    private static Map<String, AdapterGolden> together() throws IOException {
        Golden base = AdapterGolden.of("patterns").base();
        Map<String, AdapterGolden> together = new LinkedHashMap<>();
        AdapterGolden.all()
                .filter(golden -> golden.base().folder().equals(base.folder()))
                .forEach(golden -> together.put(golden.name(), golden));
        assertThat(together).hasSizeGreaterThan(3);
        return together;
    }

    private PaliGemmaPipeline open(Map<String, AdapterGolden> adapters) {
        Golden base = adapters.values().iterator().next().base();
        PipelineBuilder builder = builder(base);
        adapters.forEach((name, golden) -> builder.adapter(name, golden.folder()));
        return builder.build();
    }

    @Test
    void switchesBetweenAdaptersThatAreLoadedTogether() throws IOException {
        Map<String, AdapterGolden> adapters = together();
        Golden base = adapters.values().iterator().next().base();
        try (PaliGemmaPipeline pipeline = open(adapters)) {
            assertThat(pipeline.adapters()).containsExactlyElementsOf(adapters.keySet());
            for (int turn = 0; turn < 2; turn++) {
                for (AdapterGolden golden : adapters.values()) {
                    Golden.Request request = golden.requests().get(0);
                    request.assertAnswered(pipeline.generate(request.toGenerationRequest().toBuilder()
                            .adapter(golden.name())
                            .build()));
                }
                for (Golden.Request request : base.requests()) {
                    request.assertAnswered(pipeline.generate(request.toGenerationRequest()));
                }
            }
        }
    }

    @Test
    void requestsOfSeveralAdaptersShareABatch() throws IOException {
        Map<String, AdapterGolden> adapters = together();
        Golden base = adapters.values().iterator().next().base();
        List<Golden.Request> expected = new ArrayList<>();
        List<GenerationRequest> requests = new ArrayList<>();
        for (AdapterGolden golden : adapters.values()) {
            golden.requests().forEach(request -> {
                expected.add(request);
                requests.add(request.toGenerationRequest().toBuilder()
                        .adapter(golden.name())
                        .build());
            });
            expected.add(base.requests().get(0));
            requests.add(base.requests().get(0).toGenerationRequest());
        }
        try (PaliGemmaPipeline pipeline = open(adapters)) {
            List<GenerationResult> results = pipeline.generateAll(requests, 3);
            for (int i = 0; i < results.size(); i++) {
                expected.get(i).assertAnswered(results.get(i));
            }
        }
    }

    @Test
    void imagesEncodedWithAnAdapterOfTheEncoderBelongToIt() {
        AdapterGolden golden = AdapterGolden.of("projections");
        Golden.Request request = golden.requests().get(0);
        try (PaliGemmaPipeline pipeline =
                builder(golden.base()).adapter("a", golden.folder()).build()) {
            GenerationRequest plain = request.toGenerationRequest();
            PaliGemmaPipeline adapted = pipeline.withAdapter("a");
            request.assertAnswered(adapted.generate(
                    plain.toBuilder().images(adapted.encode(request.images())).build()));
            GenerationRequest mixed = plain.toBuilder()
                    .images(pipeline.encode(request.images()))
                    .adapter("a")
                    .build();
            assertThatThrownBy(() -> pipeline.generate(mixed))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("the images were encoded without an adapter, the request is to be answered with adapter"
                            + " 'a', and one of the two changes the image encoder");
        }
    }

    @Test
    void aViewSharesTheModelAndClosesNothing() {
        AdapterGolden golden = AdapterGolden.of("projections");
        Golden.Request request = golden.requests().get(0);
        PaliGemmaPipeline pipeline =
                builder(golden.base()).adapter("a", golden.folder()).build();
        PaliGemmaPipeline view = pipeline.withAdapter("a");
        try (pipeline) {
            assertThat(view.constraints()).isSameAs(pipeline.constraints());
            try (PaliGemmaPipeline closed = pipeline.withAdapter("a")) {
                request.assertAnswered(closed.generate(request.toGenerationRequest()));
            }
            request.assertAnswered(view.generate(request.toGenerationRequest()));
            pipeline.generate(request.toGenerationRequest());
        }
        assertThatThrownBy(() -> view.generate(request.toGenerationRequest()))
                .isInstanceOf(IllegalStateException.class);
    }

    @Test
    void refusesAnAdapterThatWasNotLoaded() {
        AdapterGolden golden = AdapterGolden.of("projections");
        try (PaliGemmaPipeline pipeline =
                builder(golden.base()).adapter("a", golden.folder()).build()) {
            GenerationRequest request = golden.requests().get(0).toGenerationRequest().toBuilder()
                    .adapter("b")
                    .build();
            assertThatThrownBy(() -> pipeline.generate(request))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("no adapter 'b'")
                    .hasMessageContaining("[a]");
            assertThatThrownBy(() -> pipeline.withAdapter("b")).isInstanceOf(IllegalArgumentException.class);
        }
    }

    private PipelineBuilder builder(Golden base) {
        return PaliGemmaPipeline.builder()
                .checkpoint(base.folder())
                .engine(engine.engine())
                .precision(engine.precision());
    }
}
