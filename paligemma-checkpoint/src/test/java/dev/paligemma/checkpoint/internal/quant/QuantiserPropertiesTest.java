package dev.paligemma.checkpoint.internal.quant;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paligemma.engine.weights.MatrixFormat;
import java.util.Random;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;

class QuantiserPropertiesTest {
    private static final int BLOCK = MatrixFormat.BLOCK;

    @Property(tries = 300)
    void eightBitsAreWithinHalfAStep(@ForAll("rows") float[] row) {
        for (MatrixFormat format : new MatrixFormat[] {MatrixFormat.INT8_CHANNELS, MatrixFormat.INT8_BLOCKS}) {
            Quantised quantised = Quantised.of(format, row);
            for (int i = 0; i < row.length; i++) {
                float scale = quantised.scales[i / BLOCK];
                int code = quantised.codes[i] & 0xff;
                assertThat(scale).isFinite().isNotNegative();
                assertThat(code).isBetween(1, 255);
                // What is lost below the normal numbers is a weight of less than 127 times the smallest of them.
                double allowed = scale == 0 ? 127 * (double) Float.MIN_NORMAL : 0.5 * scale * (1 + 1e-4);
                assertThat(Math.abs(row[i] - (code - 128) * (double) scale)).isLessThanOrEqualTo(allowed);
                if (row[i] == 0) {
                    assertThat(code).isEqualTo(128);
                }
            }
            for (int i = row.length; i < quantised.codes.length; i++) {
                assertThat(quantised.codes[i]).as("padding").isEqualTo((byte) 128);
            }
        }
    }

    @Property(tries = 100)
    void dequantisedIsCodeTimesScale(@ForAll("rows") float[] row) {
        for (MatrixFormat format : MatrixFormat.values()) {
            Quantised quantised = Quantised.of(format, row);
            float[] values = new float[row.length + 1];
            format.dequantize(quantised.codes, 0, quantised.scales, 0, values, 1, row.length);
            for (int i = 0; i < row.length; i++) {
                int code = format == MatrixFormat.INT4_BLOCKS
                        ? quantised.nibble(i) - 8
                        : (quantised.codes[i] & 0xff) - 128;
                assertThat(values[i + 1]).isEqualTo(code * quantised.scales[i / BLOCK]);
            }
        }
    }

    @Property(tries = 300)
    void fourBitsAreNoWorseThanTheFullScale(@ForAll("rows") float[] row) {
        Quantised quantised = Quantised.of(MatrixFormat.INT4_BLOCKS, row);
        for (int block = 0; block < quantised.scales.length; block++) {
            float scale = quantised.scales[block];
            assertThat(scale).isFinite();
            double error = 0;
            double plain = 0;
            float largest = 0;
            int end = Math.min(row.length, (block + 1) * BLOCK);
            for (int i = block * BLOCK; i < end; i++) {
                largest = Math.max(largest, Math.abs(row[i]));
            }
            for (int i = block * BLOCK; i < end; i++) {
                int code = quantised.nibble(i);
                double lost = row[i] - (code - 8) * (double) scale;
                error += lost * lost;
                // Every value but the one of the largest magnitude can lose half a step, or one by the missing 8.
                double most = largest / 8.0 * (row[i] == 0 ? 0 : 1);
                plain += most * most;
                if (row[i] == 0) {
                    assertThat(code).isEqualTo(8);
                }
            }
            double flushed = 64.0 * Float.MIN_NORMAL * Float.MIN_NORMAL * BLOCK;
            assertThat(error).isLessThanOrEqualTo(plain * 1.001 + flushed);
        }
        for (int i = row.length; i < quantised.scales.length * BLOCK; i++) {
            assertThat(quantised.nibble(i)).as("padding").isEqualTo(8);
        }
    }

    /** Rows of 1 to 300 numbers of very different magnitudes, zeros among them, each row within some orders. */
    @Provide
    Arbitrary<float[]> rows() {
        Arbitrary<Float> plain = Arbitraries.floats().between(-1, 1);
        Arbitrary<Float> sparse = Arbitraries.frequencyOf(
                net.jqwik.api.Tuple.of(1, Arbitraries.just(0f)), net.jqwik.api.Tuple.of(3, plain));
        return Arbitraries.integers()
                .between(-45, 38)
                .flatMap(exponent -> sparse.array(float[].class)
                        .ofMinSize(1)
                        .ofMaxSize(300)
                        .map(row -> {
                            float factor = (float) Math.pow(10, exponent);
                            for (int i = 0; i < row.length; i++) {
                                row[i] *= factor;
                            }
                            return row;
                        }));
    }

    @Test
    void theLowerNibbleComesFirst() {
        float[] row = new float[BLOCK];
        row[0] = -8;
        row[1] = 3;
        row[2] = 5;
        row[3] = -4;

        Quantised quantised = Quantised.of(MatrixFormat.INT4_BLOCKS, row);

        assertThat(quantised.scales[0]).isEqualTo(1);
        assertThat(quantised.codes[0]).isEqualTo((byte) (11 << 4));
        assertThat(quantised.codes[1]).isEqualTo((byte) (13 + (4 << 4)));
        assertThat(quantised.codes[2]).isEqualTo((byte) 0x88);
    }

    /** The search must be worth its time: it takes more than 5 % off the error of normally distributed weights. */
    @Test
    void theSearchReducesTheError() {
        Random random = new Random(7);
        float[] row = new float[BLOCK * 500];
        for (int i = 0; i < row.length; i++) {
            row[i] = (float) random.nextGaussian();
        }
        Quantised quantised = Quantised.of(MatrixFormat.INT4_BLOCKS, row);
        double searched = 0;
        double full = 0;
        for (int start = 0; start < row.length; start += BLOCK) {
            float extreme = 0;
            for (int i = start; i < start + BLOCK; i++) {
                extreme = Math.abs(row[i]) > Math.abs(extreme) ? row[i] : extreme;
            }
            for (int i = start; i < start + BLOCK; i++) {
                double scale = extreme / -8.0;
                double plain = row[i] - Math.max(-8, Math.min(7, Math.rint(row[i] / scale))) * scale;
                double best = row[i] - (quantised.nibble(i) - 8) * (double) quantised.scales[i / BLOCK];
                full += plain * plain;
                searched += best * best;
            }
        }
        assertThat(Math.sqrt(searched / full)).isBetween(0.90, 0.95);
    }

    @Test
    void numbersThatAreNotFiniteShowInTheirScale() {
        for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
            for (MatrixFormat format : MatrixFormat.values()) {
                float[] row = new float[2 * BLOCK];
                row[5] = 1;
                row[BLOCK + 9] = bad;
                row[BLOCK + 10] = -3;

                assertThat(Quantised.of(format, row).scales[1])
                        .as("%s of %s", format, bad)
                        .matches(scale -> !Float.isFinite(scale));
            }
        }
    }

    /** Codes and scales of one row. */
    private record Quantised(byte[] codes, float[] scales) {
        static Quantised of(MatrixFormat format, float[] row) {
            int blocks = (int) MatrixFormat.blocks(row.length);
            Quantised result = new Quantised(new byte[blocks * format.codeBytes()], new float[blocks]);
            switch (format) {
                case INT8_CHANNELS -> Int8Codes.quantizeChannels(row, 0, row.length, result.codes, 0, result.scales, 0);
                case INT8_BLOCKS -> Int8Codes.quantizeBlocks(row, 0, row.length, result.codes, 0, result.scales, 0);
                case INT4_BLOCKS -> new Int4Blocks().quantize(row, 0, row.length, result.codes, 0, result.scales, 0);
            }
            return result;
        }

        int nibble(int index) {
            return (codes[index / 2] >> (4 * (index % 2))) & 15;
        }
    }
}
