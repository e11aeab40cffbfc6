package dev.paligemma.catalog;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paligemma.checkpoint.config.PaliGemmaConfig;
import dev.paligemma.engine.Precision;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Parameter counts are those of the published checkpoints; peaks are those of {@code docs/benchmarks.md}. */
class MemoryEstimateTest {
    private static PaliGemmaConfig released(String model, int pixels) {
        ModelSize size = switch (model) {
            case "pg1-3b" -> ModelSize.PALIGEMMA_3B;
            case "pg2-3b" -> ModelSize.PALIGEMMA2_3B;
            case "pg2-10b" -> ModelSize.PALIGEMMA2_10B;
            case "pg2-28b" -> ModelSize.PALIGEMMA2_28B;
            default -> throw new IllegalArgumentException(model);
        };
        return size.config(pixels);
    }

    @ParameterizedTest
    @CsvSource({
        "pg1-3b,  224,  2_923_466_480", "pg1-3b,  448,  2_924_351_216", "pg1-3b,  896,  2_927_890_160",
        "pg2-3b,  224,  3_032_242_416", "pg2-3b,  448,  3_033_127_152", "pg2-3b,  896,  3_036_666_096",
        "pg2-10b, 224,  9_662_638_832", "pg2-10b, 448,  9_663_523_568", "pg2-10b, 896,  9_667_062_512",
        "pg2-28b, 224, 27_650_487_024", "pg2-28b, 448, 27_651_371_760", "pg2-28b, 896, 27_654_910_704"
    })
    void float32TakesFourBytesForEachParameter(String model, int pixels, String parameters) {
        assertThat(MemoryEstimate.of(released(model, pixels), Precision.FLOAT32).weightBytes())
                .isEqualTo(4 * Long.parseLong(parameters.replace("_", "")));
    }

    @ParameterizedTest
    @CsvSource({"pg1-3b, 9216", "pg2-3b, 53248", "pg2-10b, 172032", "pg2-28b, 188416"})
    void keysAndValuesAreKeptForEveryRow(String model, long numbersPerRow) {
        assertThat(MemoryEstimate.of(released(model, 224), Precision.INT8).cacheBytes())
                .isEqualTo((256 + 16 + 128) * numbersPerRow * 4);
        assertThat(MemoryEstimate.of(released(model, 896), Precision.FLOAT32).cacheBytes())
                .isEqualTo((4096 + 16 + 128) * numbersPerRow * 4);
    }

    /** Only biases, norms and positions are not matrices. */
    @Test
    void bfloat16TakesTwoBytesForEachParameterOfAMatrix() {
        long vision = 256 * 1152 + 1152 + 27 * (4 * 1152 + 4304 + 1152 + 4 * 1152) + 2 * 1152;
        long others = vision + 2048 + (2 * 18 + 1) * 2048;

        assertThat(MemoryEstimate.of(released("pg1-3b", 224), Precision.BFLOAT16)
                        .weightBytes())
                .isEqualTo(2 * 2_923_466_480L + 2 * others);
    }

    /** Counted by hand: a code for each weight and a scale for each 128, rows padded to whole blocks. */
    @Test
    void codesAndScalesOfThePublishedSizeAreCounted() {
        long visionPerLayer = 4 * 1152 * bytes8(1152) + 4304 * bytes8(1152) + 1152 * bytes8(4304);
        long vision = 27 * visionPerLayer + 1152 * bytes8(588) + 2048 * bytes8(1152);
        long head = 257_216 * bytes8(2048);
        long decoder8 = 18 * ((2048 + 256 + 256 + 2048 + 2 * 16_384) * bytes8(2048) + 2048 * bytes8(16_384));
        long decoder4 = 18 * ((2048 + 256 + 256 + 2048 + 2 * 16_384) * bytes4(2048) + 2048 * bytes4(16_384));
        long plain = 4L
                * (256 * 1152
                        + 1152
                        + 27 * (4 * 1152 + 4304 + 1152 + 4 * 1152)
                        + 2 * 1152
                        + 2048
                        + (2 * 18 + 1) * 2048);
        PaliGemmaConfig config = released("pg1-3b", 224);

        assertThat(MemoryEstimate.of(config, Precision.INT8).weightBytes()).isEqualTo(vision + head + decoder8 + plain);
        assertThat(MemoryEstimate.of(config, Precision.INT4).weightBytes()).isEqualTo(head + decoder4 + plain);
    }

    private static long bytes8(long in) {
        long blocks = (in + 127) / 128;
        return blocks * 128 + blocks * 4;
    }

    private static long bytes4(long in) {
        long blocks = (in + 127) / 128;
        return blocks * 64 + blocks * 4;
    }

    @ParameterizedTest
    @CsvSource({
        "pg1-3b, 224, FLOAT32, 12.05", "pg1-3b, 224, INT8, 3.84", "pg1-3b, 224, INT4, 2.46",
        "pg1-3b, 448, FLOAT32, 12.45", "pg1-3b, 448, INT8, 4.28", "pg1-3b, 448, INT4, 2.89",
        "pg1-3b, 896, FLOAT32, 14.25", "pg1-3b, 896, INT8, 6.34", "pg1-3b, 896, INT4, 5.01",
        "pg2-3b, 224, FLOAT32, 12.59", "pg2-3b, 224, INT8, 4.00", "pg2-3b, 224, INT4, 2.55"
    })
    void isALittleAboveThePeaksThatWereMeasured(String model, int pixels, Precision precision, double gigabytes) {
        double estimate = MemoryEstimate.of(released(model, pixels), precision).totalBytes() / 1e9;

        assertThat(estimate / gigabytes).isBetween(1.0, 1.11);
    }

    @Test
    void theTotalIsTheSumOfItsParts() {
        assertThat(new MemoryEstimate(Precision.INT8, 1, 20, 300).totalBytes()).isEqualTo(321);
    }
}
