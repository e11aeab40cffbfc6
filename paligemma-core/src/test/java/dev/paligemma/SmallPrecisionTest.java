package dev.paligemma;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paligemma.engine.Precision;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Whole checkpoints in int8 and int4 stay close to float32, which equals transformers. The weights are random and the
 * matrices narrow, which is harder than a trained model: differences cancel out less.
 */
class SmallPrecisionTest {
    /** Nats per token; measured are at most 0.006. */
    private static final double INT8_DIVERGENCE = 0.02;

    /** Nats per token; measured are at most 0.17. Unrelated models are several nats apart. */
    private static final double INT4_DIVERGENCE = 0.4;

    @TempDir
    Path cache;

    @ParameterizedTest
    @ValueSource(strings = {"pg1-gqa-bf16", "pg1-minimal-fp16", "pg1-mqa-fp32", "pg2-softcap", "pg2-window"})
    void followsFloat32(String name) {
        Golden golden = Golden.of(name);
        try (PaliGemmaPipeline reference = PaliGemmaPipeline.load(golden.folder())) {
            assertThat(divergence(golden, reference, Precision.INT8)).isBetween(Double.MIN_VALUE, INT8_DIVERGENCE);
            assertThat(divergence(golden, reference, Precision.INT4)).isBetween(Double.MIN_VALUE, INT4_DIVERGENCE);
        }
    }

    private double divergence(Golden golden, PaliGemmaPipeline reference, Precision precision) {
        try (PaliGemmaPipeline other = PaliGemmaPipeline.builder()
                .checkpoint(golden.folder())
                .precision(precision)
                .cacheDirectory(cache)
                .build()) {
            return reference
                    .compare(
                            other,
                            golden.requests().get(0).images().subList(0, 1),
                            List.of("caption en", "detect cat ; dog"),
                            12)
                    .total()
                    .meanKl();
        }
    }
}
