package dev.paligemma;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.paligemma.checkpoint.Checkpoint;
import dev.paligemma.engine.Precision;
import dev.paligemma.engine.weights.DType;
import dev.paligemma.engine.weights.TensorInfo;
import dev.paligemma.network.Networks;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Checkpoints that transformers saved with bitsandbytes; {@link GoldenParityContract} has what they answer. */
class QuantisedCheckpointTest {
    private static final String QUERY = "language_model.layers.0.self_attn.q_proj.weight";
    private static final String OUTPUT = "language_model.layers.0.self_attn.o_proj.weight";

    @TempDir
    private Path folder;

    private static Path checkpoint(String name) throws IOException {
        return Golden.bitsandbytes()
                .filter(golden -> golden.toString().equals(name))
                .findFirst()
                .orElseThrow()
                .folder();
    }

    @ParameterizedTest
    @CsvSource({
        "pg1-int8, BNB_INT8, BNB_INT8",
        "pg2-int8, BNB_INT8, BF16",
        "pg1-nf4, BNB_NF4, BNB_NF4",
        "pg2-nf4-nested, BNB_NF4, BNB_NF4",
        "pg1-fp4-nested, BNB_FP4, BNB_FP4"
    })
    void describesWeightsInTheirOwnShape(String name, DType query, DType output) throws IOException {
        try (Checkpoint checkpoint = Networks.open(checkpoint(name))) {
            assertThat(checkpoint.precision()).isEqualTo(Precision.FLOAT32);
            assertThat(checkpoint.unusedTensors()).isEmpty();
            assertThat(checkpoint.parameterCount())
                    .isEqualTo(checkpoint.tensors().values().stream()
                            .mapToLong(TensorInfo::elementCount)
                            .sum());
            assertThat(checkpoint.tensor(QUERY).dtype()).isEqualTo(query);
            assertThat(checkpoint.tensor(QUERY).shape()).containsExactly(40, 24);
            assertThat(checkpoint.storedTensors(QUERY)).hasSizeGreaterThan(1);
            assertThat(checkpoint.tensor(OUTPUT).dtype()).isEqualTo(output);
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> checkpoint.map(checkpoint.tensor(QUERY), 0, 1))
                    .withMessageContaining("is quantised; readFloats gives its numbers");
        }
    }

    @ParameterizedTest
    @CsvSource({"pg1-int8, INT8", "pg2-nf4-nested, INT8", "pg1-fp4-nested, INT4"})
    void isConvertedToOtherPrecisions(String name, Precision precision) throws IOException {
        Golden golden = Golden.bitsandbytes()
                .filter(one -> one.toString().equals(name))
                .findFirst()
                .orElseThrow();
        try (PaliGemmaPipeline reference = PaliGemmaPipeline.load(golden.folder());
                PaliGemmaPipeline other = inCache(golden.folder(), precision)) {
            double divergence = golden.requests().get(0).divergence(reference, other);
            assertThat(divergence).isBetween(Double.MIN_VALUE, precision == Precision.INT8 ? 0.02 : 0.4);
        }
    }

    /** Two checkpoints with the same codes are two models if their scales differ. */
    @Test
    void scalesCountForTheIdentityOfAConvertedCheckpoint() throws IOException {
        Path copy = folder.resolve("copy");
        Files.createDirectories(copy);
        try (Stream<Path> files = Files.list(checkpoint("pg1-int8"))) {
            for (Path file : files.toList()) {
                Files.copy(file, copy.resolve(file.getFileName()));
            }
        }
        inCache(checkpoint("pg1-int8"), Precision.INT8).close();
        inCache(copy, Precision.INT8).close();
        assertThat(convertedCheckpoints()).isEqualTo(1);

        TensorInfo scales;
        try (Checkpoint checkpoint = Networks.open(copy)) {
            scales = checkpoint.storedTensors(QUERY).get(1);
        }
        assertThat(scales.name()).endsWith(".SCB");
        byte[] bytes = Files.readAllBytes(scales.file());
        bytes[(int) scales.offset()] ^= 1;
        Files.write(scales.file(), bytes);
        inCache(copy, Precision.INT8).close();
        assertThat(convertedCheckpoints()).isEqualTo(2);
    }

    private PaliGemmaPipeline inCache(Path checkpoint, Precision precision) {
        return PaliGemmaPipeline.builder()
                .checkpoint(checkpoint)
                .precision(precision)
                .cacheDirectory(folder.resolve("cache"))
                .build();
    }

    private long convertedCheckpoints() throws IOException {
        try (Stream<Path> files = Files.walk(folder.resolve("cache"))) {
            return files.filter(file -> file.endsWith("model.safetensors")).count();
        }
    }
}
