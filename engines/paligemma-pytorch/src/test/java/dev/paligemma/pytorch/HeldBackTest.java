package dev.paligemma.pytorch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paligemma.AdapterGolden;
import dev.paligemma.Golden;
import dev.paligemma.PaliGemmaPipeline;
import dev.paligemma.engine.Precision;
import dev.paligemma.engine.contract.TestedEngine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Checkpoints and adapters that are not stored here answer as transformers and peft do, on every engine: those in the folders
 * {@code golden} and, if it is there, {@code adapters} of the folder that the system property {@code heldback} names. {@code
 * src/reference/README.md} says how to make them.
 */
@EnabledIfSystemProperty(
        named = HeldBackTest.PROPERTY,
        matches = ".+",
        disabledReason = "only with -D" + HeldBackTest.PROPERTY + "=FOLDER, see src/reference/README.md")
class HeldBackTest {
    static final String PROPERTY = "heldback";

    private static final double TOLERANCE = 2e-4;

    /** Those that are held to what transformers computes. */
    private static final List<TestedEngine> ENGINES = Arrays.stream(TestedEngine.values())
            .filter(engine -> engine.precision() == Precision.FLOAT32)
            .toList();

    static Stream<Arguments> checkpoints() throws IOException {
        return Golden.in(folder("golden"))
                .flatMap(golden -> ENGINES.stream().map(engine -> Arguments.of(golden, engine)));
    }

    static Stream<Arguments> adapters() throws IOException {
        Path folder = folder("adapters");
        if (!Files.exists(folder)) {
            return Stream.empty();
        }
        return AdapterGolden.in(folder, folder("golden"))
                .flatMap(golden -> ENGINES.stream().map(engine -> Arguments.of(golden, engine)));
    }

    private static Path folder(String name) {
        return Path.of(System.getProperty(PROPERTY), name);
    }

    @ParameterizedTest
    @MethodSource("checkpoints")
    void checkpointsAnswerAsInTransformers(Golden golden, TestedEngine engine) {
        assertThat(golden.requests()).isNotEmpty();
        try (PaliGemmaPipeline pipeline = golden.load(engine)) {
            golden.requests()
                    .forEach(request ->
                            request.assertAnswered(pipeline.generate(request.toGenerationRequest()), TOLERANCE));
        }
    }

    @ParameterizedTest(allowZeroInvocations = true)
    @MethodSource("adapters")
    void adaptersAnswerAsInPeft(AdapterGolden golden, TestedEngine engine) {
        assertThat(golden.requests()).isNotEmpty();
        try (PaliGemmaPipeline pipeline = PaliGemmaPipeline.builder()
                .checkpoint(golden.base().folder())
                .engine(engine.engine())
                .precision(engine.precision())
                .adapter("a", golden.folder())
                .build()) {
            golden.requests()
                    .forEach(request -> request.assertAnswered(
                            pipeline.withAdapter("a").generate(request.toGenerationRequest()), TOLERANCE));
        }
    }
}
