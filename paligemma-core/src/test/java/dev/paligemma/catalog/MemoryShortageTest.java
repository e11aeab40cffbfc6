package dev.paligemma.catalog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.paligemma.Golden;
import dev.paligemma.checkpoint.Checkpoint;
import dev.paligemma.checkpoint.config.PaliGemmaConfig;
import dev.paligemma.engine.Device;
import dev.paligemma.engine.EngineOptions;
import dev.paligemma.engine.Precision;
import dev.paligemma.engine.spi.EngineChoice;
import dev.paligemma.engine.spi.EngineProvider;
import dev.paligemma.network.DecoderOptions;
import dev.paligemma.network.Networks;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Memories that are not this machine's. */
class MemoryShortageTest {
    private static final long GB = 1_000_000_000;
    private static final PaliGemmaConfig PALIGEMMA2_3B = ModelSize.PALIGEMMA2_3B.config(224);
    private static final List<Precision> ALL = List.of(Precision.values());

    @ParameterizedTest
    @CsvSource({
        "8, float32 needs about 12.61 GB of memory and 8.00 GB are free; bfloat16 would fit with 6.55 GB",
        "5, float32 needs about 12.61 GB of memory and 5.00 GB are free; int8 would fit with 4.02 GB",
        "3, float32 needs about 12.61 GB of memory and 3.00 GB are free; int4 would fit with 2.58 GB",
        "2, float32 needs about 12.61 GB of memory and 2.00 GB are free; no other precision that can be used here"
                + " would fit"
    })
    void namesTheMostPrecisePrecisionThatFits(long gigabytes, String message) {
        assertThat(MemoryShortage.of(PALIGEMMA2_3B, Precision.FLOAT32, ALL, gigabytes * GB))
                .map(MemoryShortage::message)
                .contains(message);
    }

    @Test
    void namesOnlyPrecisionsThatCanBeUsed() {
        assertThat(MemoryShortage.of(
                        PALIGEMMA2_3B, Precision.FLOAT32, List.of(Precision.INT4, Precision.FLOAT32), 8 * GB))
                .map(MemoryShortage::message)
                .hasValueSatisfying(message -> assertThat(message).contains("int4 would fit"));
    }

    @Test
    void thereIsNoneWhereTheModelFitsToTheByte() {
        long needed = MemoryEstimate.of(PALIGEMMA2_3B, Precision.INT8).totalBytes();

        assertThat(MemoryShortage.of(PALIGEMMA2_3B, Precision.INT8, ALL, needed))
                .isEmpty();
        assertThat(MemoryShortage.of(PALIGEMMA2_3B, Precision.INT8, ALL, needed - 1))
                .isPresent();
    }

    @Test
    void refusesWhatIsNoShortage() {
        MemoryEstimate ten = new MemoryEstimate(Precision.FLOAT32, 10, 0, 0);

        assertThatIllegalArgumentException().isThrownBy(() -> new MemoryShortage(ten, 10, Optional.empty()));
        assertThatIllegalArgumentException().isThrownBy(() -> new MemoryShortage(ten, 9, Optional.of(ten)));
    }

    // Before loading

    private static Optional<String> warning(OptionalLong freeBytes, List<Device> asked) {
        EngineProvider provider = EngineChoice.choose("onnx", Device.CPU, Precision.FLOAT32);
        MemoryCheck check = new MemoryCheck((engine, device) -> {
            assertThat(engine).isSameAs(provider);
            asked.add(device);
            return freeBytes;
        });
        try (Checkpoint checkpoint = Networks.open(Golden.of("pg2-gqa").folder())) {
            Networks networks = Networks.record(checkpoint.config(), DecoderOptions.defaults());
            return check.warning(
                    checkpoint, networks, provider, new EngineOptions(Device.CPU, Precision.FLOAT32, 1), "onnx");
        }
    }

    @Test
    void loadingInTooLittleMemoryIsWarnedOfWithNumbers() {
        List<Device> asked = new ArrayList<>();

        assertThat(warning(OptionalLong.of(12_345_678), asked))
                .hasValueSatisfying(message -> assertThat(message)
                        .contains("pg2-gqa on cpu: float32 needs about 0.3")
                        .contains("0.01 GB are free; no other precision that can be used here would fit")
                        .endsWith("loading goes on, but may fail or be very slow")
                        .hasLineCount(1));
        assertThat(asked).containsExactly(Device.CPU);
    }

    @Test
    void loadingInEnoughOrUnknownMemoryIsNot() {
        assertThat(warning(OptionalLong.of(GB), new ArrayList<>())).isEmpty();
        assertThat(warning(OptionalLong.empty(), new ArrayList<>())).isEmpty();
    }

    @Test
    void aConvertedCheckpointHasNoOtherPrecision() {
        assertThat(MemoryShortage.of(PALIGEMMA2_3B, Precision.INT8, List.of(Precision.INT8), 3 * GB))
                .map(MemoryShortage::fitting)
                .contains(Optional.empty());
    }
}
