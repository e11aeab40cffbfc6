package dev.paligemma.training.internal.batch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.paligemma.checkpoint.config.PaliGemmaConfig;
import dev.paligemma.engine.graph.ElementType;
import dev.paligemma.engine.spi.HostTensor;
import dev.paligemma.engine.training.SequenceRows;
import dev.paligemma.engine.training.TrainingBatch;
import dev.paligemma.network.GemmaDecoder;
import dev.paligemma.network.Networks;
import dev.paligemma.network.internal.RotaryAngles;
import dev.paligemma.tiny.TinyModel;
import dev.paligemma.training.data.Example;
import dev.paligemma.training.data.LossAverage;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class BatcherTest {
    private static final int WIDTH = 3;
    private static final PaliGemmaConfig CONFIG = config();

    private static PaliGemmaConfig config() {
        try (var checkpoint = Networks.open(TinyModel.folder())) {
            return checkpoint.config();
        }
    }

    /** Rows that tell which picture they are of. */
    private static final ImageInput IMAGES = new ImageInput() {
        @Override
        public String name() {
            return "rows";
        }

        @Override
        public HostTensor of(List<Example> examples) {
            long pictures =
                    examples.stream().mapToLong(each -> each.pictures().size()).sum();
            return HostTensor.allocate(ElementType.FLOAT32, pictures * ProcessorGolden.IMAGE_TOKENS, WIDTH);
        }
    };

    private static List<TokenisedExample> tokenised(List<ProcessorGolden> goldens) {
        TrainingTokens tokens = ProcessorGolden.tokens();
        return goldens.stream().map(golden -> tokens.encode(golden.example())).toList();
    }

    private static TrainingBatch batch(List<TokenisedExample> examples, LossAverage average) {
        return new Batcher(CONFIG.text(), IMAGES).batch(examples, LossShares.of(average, examples), 17);
    }

    @Test
    void rowsOfAllExamplesAreThoseOfTheProcessorWithoutPadding() {
        List<ProcessorGolden> goldens = ProcessorGolden.all();
        TrainingBatch batch = batch(tokenised(goldens), LossAverage.PER_TOKEN);
        long[] ids = longs(batch.inputs().get(GemmaDecoder.TOKEN_IDS));
        long[] order = longs(batch.inputs().get(GemmaDecoder.ORDER));
        long[] ends = longs(batch.inputs().get(GemmaDecoder.ENDS));
        long[] targets = longs(batch.targets());
        int imageRows = (int) batch.inputs().get("rows").shape()[0];
        int row = 0;
        int target = 0;
        int image = 0;
        for (int e = 0; e < goldens.size(); e++) {
            ProcessorGolden golden = goldens.get(e);
            int[] expected = golden.ids();
            for (int i = 0; i < expected.length - 1; i++, row++) {
                if (order[row] < imageRows) {
                    assertThat(order[row]).isEqualTo(image++);
                    assertThat(expected[i])
                            .isEqualTo(ProcessorGolden.tokenizer().imageId());
                } else {
                    assertThat(ids[(int) order[row] - imageRows]).isEqualTo(expected[i]);
                }
                if (golden.labels()[i + 1] != ProcessorGolden.NO_LOSS) {
                    assertThat(ends[target]).isEqualTo(row);
                    assertThat(targets[target++]).isEqualTo(golden.labels()[i + 1]);
                }
            }
            SequenceRows sequence = batch.sequences().get(e);
            assertThat(sequence.rows()).isEqualTo(expected.length - 1);
        }
        assertThat(row).isEqualTo(order.length).isEqualTo(batch.rows());
        assertThat(target).isEqualTo(targets.length).isEqualTo(ends.length);
        assertThat(image).isEqualTo(imageRows);
        assertThat(ids).hasSize(row - imageRows);
        assertThat(batch.noise()).isEqualTo(17);
    }

    @Test
    void positionsBeginAgainWithEachExample() {
        List<TokenisedExample> examples = tokenised(ProcessorGolden.all().subList(0, 2));
        TrainingBatch batch = batch(examples, LossAverage.PER_TOKEN);
        int pairs = CONFIG.text().sizes().headDim() / 2;
        FloatBuffer cos = FloatBuffer.allocate(batch.rows() * pairs);
        FloatBuffer sin = FloatBuffer.allocate(batch.rows() * pairs);
        RotaryAngles angles = new RotaryAngles(
                CONFIG.text().sizes().headDim(), CONFIG.text().attention().ropeTheta());
        examples.forEach(each -> angles.write(1, each.rows(), cos, sin));
        assertThat(floats(batch.inputs().get(GemmaDecoder.ROTARY_COS))).isEqualTo(cos.array());
        assertThat(floats(batch.inputs().get(GemmaDecoder.ROTARY_SIN))).isEqualTo(sin.array());
    }

    @Test
    void factorsOfAnUpdateAddUpToOneHoweverItIsSplit() {
        List<TokenisedExample> examples = tokenised(ProcessorGolden.all());
        for (LossAverage average : LossAverage.values()) {
            float[] whole = floats(batch(examples, average).factors());
            LossShares shares = LossShares.of(average, examples);
            Batcher batcher = new Batcher(CONFIG.text(), IMAGES);
            List<Float> parts = new ArrayList<>();
            for (int from = 0; from < examples.size(); from += 4) {
                List<TokenisedExample> part = examples.subList(from, Math.min(examples.size(), from + 4));
                for (float factor : floats(batcher.batch(part, shares, 0).factors())) {
                    parts.add(factor);
                }
            }
            double sum = 0;
            for (int i = 0; i < whole.length; i++) {
                assertThat(parts.get(i)).isEqualTo(whole[i]);
                sum += whole[i];
            }
            assertThat(parts).hasSize(whole.length);
            assertThat(sum).isCloseTo(1, within(1e-6));
        }
        int tokens = examples.stream().mapToInt(TokenisedExample::targets).sum();
        assertThat(floats(batch(examples, LossAverage.PER_TOKEN).factors())).containsOnly(1f / tokens);
        assertThat(floats(batch(examples, LossAverage.PER_EXAMPLE).factors())[0])
                .isEqualTo((float)
                        (1.0 / (examples.size() * (double) examples.get(0).targets())));
    }

    private static long[] longs(HostTensor tensor) {
        long[] values = new long[tensor.longs().remaining()];
        tensor.longs().get(values);
        return values;
    }

    private static float[] floats(HostTensor tensor) {
        float[] values = new float[tensor.floats().remaining()];
        tensor.floats().get(values);
        return values;
    }
}
