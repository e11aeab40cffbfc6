package dev.paligemma;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.paligemma.RecordingEngineProvider.Compiled;
import dev.paligemma.checkpoint.config.CheckpointException;
import dev.paligemma.checkpoint.convert.ConversionException;
import dev.paligemma.checkpoint.convert.ConversionListener;
import dev.paligemma.checkpoint.convert.ConversionProgress;
import dev.paligemma.engine.EngineException;
import dev.paligemma.engine.Precision;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Which weights an engine is given; the engine of these tests computes nothing. */
class ConvertedWeightsTest {
    private static final Path ORIGINAL = Golden.of("pg2-gqa").folder();

    @TempDir
    Path temp;

    private final List<ConversionProgress> heard = new ArrayList<>();

    @BeforeEach
    void forget() {
        RecordingEngineProvider.COMPILED.clear();
    }

    @Test
    void originalRunsAsItIsUnlessAskedOtherwise() {
        ModelInfo info = build(builder(ORIGINAL));

        assertThat(info.options().precision()).isEqualTo(Precision.FLOAT32);
        assertThat(RecordingEngineProvider.COMPILED)
                .containsExactly(
                        new Compiled("vision", ORIGINAL, Precision.FLOAT32),
                        new Compiled("decoder", ORIGINAL, Precision.FLOAT32));
        assertThat(cache()).doesNotExist();
    }

    @Test
    void firstLoadConvertsIntoTheCacheAndLaterLoadsUseIt() {
        ModelInfo info = build(builder(ORIGINAL).precision(Precision.INT8));

        assertThat(info.folder()).isEqualTo(ORIGINAL);
        assertThat(info.options().precision()).isEqualTo(Precision.INT8);
        List<Compiled> first = List.copyOf(RecordingEngineProvider.COMPILED);
        assertThat(first).extracting(Compiled::graph).containsExactly("vision", "decoder");
        assertThat(first).allSatisfy(compiled -> {
            assertThat(compiled.folder()).startsWith(cache());
            assertThat(compiled.stored()).isEqualTo(Precision.INT8);
        });
        assertThat(heard).first().extracting(ConversionProgress::bytesDone).isEqualTo(0L);
        assertThat(heard).last().satisfies(last -> {
            assertThat(last.source()).isEqualTo(ORIGINAL);
            assertThat(last.precision()).isEqualTo(Precision.INT8);
            assertThat(last.bytesDone()).isEqualTo(last.bytesTotal());
        });

        forget();
        heard.clear();
        build(builder(ORIGINAL).precision(Precision.INT8));
        assertThat(RecordingEngineProvider.COMPILED).isEqualTo(first);
        assertThat(heard).isEmpty();
    }

    @Test
    void convertedFolderStandsForItselfAndRunsInItsPrecision() throws IOException {
        Path original = copyOfOriginal("original");
        Path made = temp.resolve("made");
        Checkpoints.convert(original, Precision.INT8, made, heard::add);
        assertThat(heard).isNotEmpty();
        heard.clear();
        deleteFolder(original);
        Path moved = Files.move(made, temp.resolve("moved"));

        for (PipelineBuilder builder : List.of(builder(moved), builder(moved).precision(Precision.INT8))) {
            forget();
            ModelInfo info = build(builder);
            assertThat(info.folder()).isEqualTo(moved);
            assertThat(info.options().precision()).isEqualTo(Precision.INT8);
            assertThat(RecordingEngineProvider.COMPILED)
                    .containsExactly(
                            new Compiled("vision", moved, Precision.INT8),
                            new Compiled("decoder", moved, Precision.INT8));
        }
        assertThat(heard).isEmpty();
        assertThat(cache()).doesNotExist();
    }

    @Test
    void convertedFolderRunsInNoOtherPrecision() {
        Path made = temp.resolve("made");
        Checkpoints.convert(ORIGINAL, Precision.INT4, made, ConversionListener.NONE);

        for (Precision other : List.of(Precision.FLOAT32, Precision.INT8)) {
            assertThatThrownBy(() -> builder(made).precision(other).build())
                    .isInstanceOf(CheckpointException.class)
                    .hasMessageContainingAll(made.toString(), "int4", other.toString());
        }
        assertThat(RecordingEngineProvider.COMPILED).isEmpty();
    }

    @Test
    void anEngineThatDoesNotKnowAPrecisionRefusesBeforeAnythingIsConverted() {
        assertThatThrownBy(() -> builder(ORIGINAL).precision(Precision.INT4).build())
                .isInstanceOf(EngineException.class)
                .hasMessageContaining("int4");
        assertThat(heard).isEmpty();
        assertThat(cache()).doesNotExist();
    }

    @Test
    void aCacheThatCannotBeWrittenIsNamed() throws IOException {
        Path file = Files.writeString(temp.resolve("file"), "not a folder");
        assertThatThrownBy(() -> builder(ORIGINAL)
                        .precision(Precision.INT8)
                        .cacheDirectory(file)
                        .build())
                .isInstanceOf(ConversionException.class)
                .hasMessageContaining(file.toString());
    }

    @Test
    void anExceptionOfTheListenerEndsTheLoad() {
        PipelineBuilder builder = builder(ORIGINAL).precision(Precision.INT8).onConversion(progress -> {
            throw new UnsupportedOperationException("enough");
        });
        assertThatThrownBy(builder::build).hasStackTraceContaining("enough");
        assertThat(RecordingEngineProvider.COMPILED).isEmpty();
    }

    @ParameterizedTest
    @EnumSource(
            value = Precision.class,
            names = {"FLOAT32", "BFLOAT16"})
    void onlySmallPrecisionsAreConvertedFor(Precision precision) {
        Path made = temp.resolve("made");
        assertThatThrownBy(() -> Checkpoints.convert(ORIGINAL, precision, made, ConversionListener.NONE))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(precision.toString());
        assertThat(made).doesNotExist();
    }

    @Test
    void filesThatDoNotBelongTogetherAreNotConverted() throws IOException {
        Path original = copyOfOriginal("original");
        Path settings = original.resolve("preprocessor_config.json");
        Files.writeString(settings, Files.readString(settings).replaceAll("(\"(height|width)\": )\\d+", "$1224"));
        Path made = temp.resolve("made");
        assertThatThrownBy(() -> Checkpoints.convert(original, Precision.INT8, made, ConversionListener.NONE))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining("224");
        assertThat(made).doesNotExist();
    }

    private PipelineBuilder builder(Path checkpoint) {
        return PaliGemmaPipeline.builder()
                .engine(RecordingEngineProvider.NAME)
                .checkpoint(checkpoint)
                .cacheDirectory(cache())
                .onConversion(heard::add);
    }

    private static ModelInfo build(PipelineBuilder builder) {
        try (PaliGemmaPipeline pipeline = builder.build()) {
            return pipeline.info();
        }
    }

    private Path cache() {
        return temp.resolve("cache");
    }

    private Path copyOfOriginal(String name) throws IOException {
        Path target = Files.createDirectory(temp.resolve(name));
        try (Stream<Path> files = Files.list(ORIGINAL)) {
            for (Path file : files.toList()) {
                Files.copy(file, target.resolve(file.getFileName()));
            }
        }
        return target;
    }

    private static void deleteFolder(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
        }
        Files.delete(folder);
    }
}
