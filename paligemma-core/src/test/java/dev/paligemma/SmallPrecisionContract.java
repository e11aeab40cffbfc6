package dev.paligemma;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paligemma.engine.Precision;
import dev.paligemma.engine.contract.ContractLedger;
import dev.paligemma.engine.contract.TestedEngine;
import dev.paligemma.network.DecoderOptions;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Whole checkpoints in a smaller precision stay close to float32 of the same engine, which equals transformers. The weights
 * are random and the matrices narrow, which is harder than a trained model: differences cancel out less.
 */
@ExtendWith(ContractLedger.class)
public abstract class SmallPrecisionContract {
    private final TestedEngine engine = TestedEngine.of(getClass());
    private final double largestDivergence;

    @TempDir
    Path cache;

    /**
     * Asks for a bound.
     *
     * @param largestDivergence in nats per token; unrelated models are several nats apart
     */
    protected SmallPrecisionContract(double largestDivergence) {
        this.largestDivergence = largestDivergence;
    }

    @ParameterizedTest
    @ValueSource(strings = {"pg1-gqa-bf16", "pg1-minimal-fp16", "pg1-mqa-fp32", "pg2-softcap", "pg2-window"})
    void followsFloat32(String name) {
        Golden golden = Golden.of(name);
        try (PaliGemmaPipeline reference = load(golden, Precision.FLOAT32);
                PaliGemmaPipeline other = load(golden, engine.precision())) {
            double divergence = golden.requests().get(0).divergence(reference, other);

            assertThat(divergence).isBetween(Double.MIN_VALUE, largestDivergence);
        }
    }

    @Test
    void theFinalSoftcapCanBeSwitchedOff() {
        Golden golden = Golden.of("pg2-softcap");
        DecoderOptions off = DecoderOptions.defaults().withoutFinalSoftcap();
        try (PaliGemmaPipeline reference = load(golden, Precision.FLOAT32, off);
                PaliGemmaPipeline capped = load(golden, engine.precision());
                PaliGemmaPipeline other = load(golden, engine.precision(), off)) {
            Golden.Request request = golden.requests().get(0);
            assertThat(request.divergence(reference, other)).isBetween(Double.MIN_VALUE, largestDivergence);
            // The same weights and the same precision: nothing but the cap differs.
            assertThat(request.divergence(other, capped)).isGreaterThan(0.01);
        }
    }

    private PaliGemmaPipeline load(Golden golden, Precision precision) {
        return load(golden, precision, DecoderOptions.defaults());
    }

    private PaliGemmaPipeline load(Golden golden, Precision precision, DecoderOptions options) {
        return PaliGemmaPipeline.builder()
                .decoderOptions(options)
                .checkpoint(golden.folder())
                .engine(engine.engine())
                .precision(precision)
                .cacheDirectory(cache)
                .build();
    }
}
