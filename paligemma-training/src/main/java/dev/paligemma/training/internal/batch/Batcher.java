package dev.paligemma.training.internal.batch;

import dev.paligemma.checkpoint.config.TextConfig;
import dev.paligemma.engine.graph.ElementType;
import dev.paligemma.engine.spi.HostTensor;
import dev.paligemma.engine.training.TrainingBatch;
import dev.paligemma.network.GemmaDecoder;
import dev.paligemma.network.internal.RotaryAngles;
import dev.paligemma.tokenizer.Prompt;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.util.List;
import java.util.Map;

/**
 * Examples to what a training program of {@link GemmaDecoder} takes: the rows of all examples one after the other, without
 * padding, each with positions of its own. Immutable; thread-safe if what gives the images is.
 */
public final class Batcher {
    /** The position of the first token, as in a request; transformers counts from 1. */
    private static final int FIRST_POSITION = 1;

    private final int pairs;
    private final RotaryAngles rotary;
    private final ImageInput images;

    /** Makes batches for a decoder. */
    public Batcher(TextConfig config, ImageInput images) {
        this.pairs = config.sizes().headDim() / 2;
        this.rotary =
                new RotaryAngles(config.sizes().headDim(), config.attention().ropeTheta());
        this.images = images;
    }

    /**
     * One batch.
     *
     * @param examples at least one
     * @param shares of the update that this batch is, or is a part of
     * @param noise from which dropout draws
     */
    public TrainingBatch batch(List<TokenisedExample> examples, LossShares shares, long noise) {
        Rows rows = new Rows(examples);
        int imageRow = 0;
        int textRow = rows.imageRows;
        int row = 0;
        for (TokenisedExample example : examples) {
            Prompt prompt = example.prompt();
            int[] ids = prompt.tokenIds();
            int[] suffix = example.suffix();
            int image = 0;
            for (int at = 0; at < ids.length; ) {
                if (image < prompt.imageCount() && at == prompt.imageOffsets()[image]) {
                    for (int i = 0; i < prompt.tokensPerImage(); i++) {
                        rows.order.put(imageRow++);
                    }
                    at += prompt.tokensPerImage();
                    image++;
                } else {
                    rows.text(ids[at++], textRow++);
                }
            }
            for (int i = 0; i < suffix.length - 1; i++) {
                rows.text(suffix[i], textRow++);
            }
            float factor = shares.factor(example);
            for (int i = 0; i < suffix.length; i++) {
                rows.target(suffix[i], row + ids.length - 1L + i, factor);
            }
            rotary.write(FIRST_POSITION, example.rows(), rows.cos, rows.sin);
            row += example.rows();
        }
        HostTensor pictures =
                images.of(examples.stream().map(TokenisedExample::example).toList());
        return new TrainingBatch(
                rows.inputs(images.name(), pictures),
                rows.targetTensor,
                rows.factorTensor,
                examples.stream().map(TokenisedExample::sequence).toList(),
                noise);
    }

    /** The tensors of a batch while they are filled. */
    private final class Rows {
        final int imageRows;
        final HostTensor idTensor;
        final HostTensor orderTensor;
        final HostTensor endTensor;
        final HostTensor cosTensor;
        final HostTensor sinTensor;
        final HostTensor targetTensor;
        final HostTensor factorTensor;
        final LongBuffer ids;
        final LongBuffer order;
        final LongBuffer ends;
        final LongBuffer targets;
        final FloatBuffer factors;
        final FloatBuffer cos;
        final FloatBuffer sin;

        Rows(List<TokenisedExample> examples) {
            long total = examples.stream().mapToLong(TokenisedExample::rows).sum();
            long wanted = examples.stream().mapToLong(TokenisedExample::targets).sum();
            long pictured = examples.stream()
                    .mapToLong(each -> each.prompt().imageTokens())
                    .sum();
            imageRows = Math.toIntExact(pictured);
            idTensor = HostTensor.allocate(ElementType.INT64, total - pictured);
            orderTensor = HostTensor.allocate(ElementType.INT64, total);
            endTensor = HostTensor.allocate(ElementType.INT64, wanted);
            cosTensor = HostTensor.allocate(ElementType.FLOAT32, total, pairs);
            sinTensor = HostTensor.allocate(ElementType.FLOAT32, total, pairs);
            targetTensor = HostTensor.allocate(ElementType.INT64, wanted);
            factorTensor = HostTensor.allocate(ElementType.FLOAT32, wanted);
            ids = idTensor.longs();
            order = orderTensor.longs();
            ends = endTensor.longs();
            targets = targetTensor.longs();
            factors = factorTensor.floats();
            cos = cosTensor.floats();
            sin = sinTensor.floats();
        }

        void text(int id, int place) {
            ids.put(id);
            order.put(place);
        }

        void target(int token, long end, float factor) {
            targets.put(token);
            ends.put(end);
            factors.put(factor);
        }

        Map<String, HostTensor> inputs(String imageInput, HostTensor pictures) {
            return Map.of(
                    imageInput,
                    pictures,
                    GemmaDecoder.TOKEN_IDS,
                    idTensor,
                    GemmaDecoder.ORDER,
                    orderTensor,
                    GemmaDecoder.ENDS,
                    endTensor,
                    GemmaDecoder.ROTARY_COS,
                    cosTensor,
                    GemmaDecoder.ROTARY_SIN,
                    sinTensor);
        }
    }
}
