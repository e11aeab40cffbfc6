package dev.paligemma;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paligemma.engine.Precision;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Adapters on weights in 8 and 4 bits do what they do on those in single precision, which equals peft. */
class AdapterPrecisionTest {
    /** Nats per token; measured are at most 0.021. See {@link SmallPrecisionContract} for models without adapters. */
    private static final double INT8_DIVERGENCE = 0.05;

    /** Nats per token; measured are at most 0.18. */
    private static final double INT4_DIVERGENCE = 0.4;

    @TempDir
    Path cache;

    @ParameterizedTest
    @ValueSource(strings = {"projections", "patterns", "dora", "bias-all", "embedding", "head", "saved-projector"})
    void followsFloat32(String name) {
        AdapterGolden golden = AdapterGolden.of(name);
        try (PaliGemmaPipeline reference = open(golden, Precision.FLOAT32);
                PaliGemmaPipeline int8 = open(golden, Precision.INT8);
                PaliGemmaPipeline int4 = open(golden, Precision.INT4)) {
            Golden.Request input = golden.requests().get(0);
            double withAdapter8 = input.divergence(reference.withAdapter("a"), int8.withAdapter("a"));
            double withAdapter4 = input.divergence(reference.withAdapter("a"), int4.withAdapter("a"));
            double without8 = input.divergence(reference.withAdapter("a"), int8);
            double without4 = input.divergence(reference.withAdapter("a"), int4);
            assertThat(withAdapter8).isBetween(Double.MIN_VALUE, INT8_DIVERGENCE);
            assertThat(withAdapter4).isBetween(Double.MIN_VALUE, INT4_DIVERGENCE);
            // Without the adapter they are 0.27 to 2.9 apart.
            assertThat(without8).isGreaterThan(5 * withAdapter8);
            assertThat(without4).isGreaterThan(5 * withAdapter4);
        }
    }

    private PaliGemmaPipeline open(AdapterGolden golden, Precision precision) {
        return PaliGemmaPipeline.builder()
                .checkpoint(golden.base().folder())
                .precision(precision)
                .cacheDirectory(cache)
                .adapter("a", golden.folder())
                .build();
    }
}
