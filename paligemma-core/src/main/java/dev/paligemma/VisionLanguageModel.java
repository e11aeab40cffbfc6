package dev.paligemma;

import dev.paligemma.engine.EngineException;
import dev.paligemma.engine.checkpoint.Checkpoint;
import dev.paligemma.engine.checkpoint.PaliGemmaConfig;
import dev.paligemma.engine.graph.ElementType;
import dev.paligemma.engine.spi.DecodingState;
import dev.paligemma.engine.spi.Engine;
import dev.paligemma.engine.spi.HostTensor;
import dev.paligemma.engine.spi.Program;
import dev.paligemma.gemma.GemmaDecoder;
import dev.paligemma.gemma.RotaryAngles;
import dev.paligemma.gemma.VisionGraph;
import dev.paligemma.tokenizer.Prompt;
import dev.paligemma.vision.PixelValues;
import dev.paligemma.vision.SiglipEncoder;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * The two programs of a loaded model and how data flows through them: pixels to image embeddings, and a prompt with
 * those to logits, token by token. Immutable and thread-safe.
 */
final class VisionLanguageModel implements AutoCloseable {
    /** The position of the first token; transformers counts from 1. Only differences matter to the result. */
    private static final int FIRST_POSITION = 1;

    private final PaliGemmaConfig config;
    private final RotaryAngles rotary;
    private final Program vision;
    private final Program decoder;

    VisionLanguageModel(Engine engine, Checkpoint checkpoint, Networks networks) {
        this.config = checkpoint.config();
        this.rotary = new RotaryAngles(config.text().headDim(), config.text().ropeTheta());
        this.vision = engine.compile(networks.vision(), checkpoint);
        try {
            this.decoder = engine.compile(networks.decoder(), checkpoint);
        } catch (RuntimeException e) {
            vision.close();
            throw e;
        }
    }

    /** Encodes images, one after the other: {@code float32[images * N, D]}. */
    HostTensor encode(List<PixelValues> images) {
        int patches = config.vision().patches();
        int side = config.vision().imageSize();
        HostTensor embeddings = HostTensor.allocate(
                ElementType.FLOAT32,
                (long) images.size() * patches,
                config.text().hiddenSize());
        HostTensor pixels = HostTensor.allocate(ElementType.FLOAT32, 1, 3, side, side);
        for (int image = 0; image < images.size(); image++) {
            images.get(image).copyTo(pixels.floats());
            vision.run(
                    Map.of(SiglipEncoder.PIXEL_VALUES, pixels),
                    Map.of(VisionGraph.IMAGE_EMBEDDINGS, embeddings.rows(image * patches, patches)));
        }
        return embeddings;
    }

    /** Starts a sequence of about that many written tokens. */
    Sequence start(int expectedTokens) {
        return new Sequence(decoder.newState(expectedTokens));
    }

    @Override
    public void close() {
        decoder.close();
        vision.close();
    }

    /** One sequence being written. Confined to one thread. */
    final class Sequence implements AutoCloseable {
        private final DecodingState state;
        private final HostTensor logits =
                HostTensor.allocate(ElementType.FLOAT32, 1, config.text().vocabSize());
        private final HostTensor bestToken = HostTensor.allocate(ElementType.INT64, 1);
        private final HostTensor bestLogProbability = HostTensor.allocate(ElementType.FLOAT32, 1);
        /** What a run of one written token takes, made once and filled anew for each token. */
        private final HostTensor nextToken = HostTensor.allocate(ElementType.INT64, 1);

        private final Map<String, HostTensor> nextInputs = inputs(
                HostTensor.allocate(ElementType.FLOAT32, 0, config.text().hiddenSize()),
                nextToken,
                HostTensor.ofLongs(0),
                1);

        private Sequence(DecodingState state) {
            this.state = state;
        }

        /** Runs images and prompt; what follows them can be asked for until the next run. */
        void prefill(Prompt prompt, HostTensor imageEmbeddings) {
            int rows = prompt.length();
            run(inputs(imageEmbeddings, toTensor(prompt.textTokenIds()), order(prompt), rows), rows);
        }

        /** Runs one written token; what follows it can be asked for until the next run. */
        void next(int token) {
            nextToken.longs().put(token);
            run(nextInputs, 1);
        }

        /** The logits of the token after the last run, {@code float32[V]}; overwritten by the next run. */
        FloatBuffer logits() {
            return logits.floats();
        }

        /**
         * The most likely token after the last run; the lowest id among equals.
         *
         * @throws EngineException if a logit is not a number or none is finite, as after an overflow in the network
         */
        int bestToken() {
            bestLogProbability();
            return (int) bestToken.longs().get(0);
        }

        /**
         * The natural logarithm of the probability of {@link #bestToken}.
         *
         * @throws EngineException if a logit is not a number or none is finite, as after an overflow in the network
         */
        double bestLogProbability() {
            return Logits.requireNumber(bestLogProbability.floats().get(0));
        }

        private void run(Map<String, HostTensor> inputs, int rows) {
            HostTensor cos = Objects.requireNonNull(inputs.get(GemmaDecoder.ROTARY_COS));
            HostTensor sin = Objects.requireNonNull(inputs.get(GemmaDecoder.ROTARY_SIN));
            rotary.write(FIRST_POSITION + state.length(), rows, cos.floats(), sin.floats());
            state.run(
                    inputs,
                    Map.of(
                            GemmaDecoder.LOGITS, logits,
                            GemmaDecoder.BEST_TOKEN, bestToken,
                            GemmaDecoder.BEST_LOG_PROBABILITY, bestLogProbability));
        }

        @Override
        public void close() {
            state.close();
        }
    }

    /** The decoder's inputs for that many rows, with room for their rotary angles. */
    private Map<String, HostTensor> inputs(HostTensor images, HostTensor tokenIds, HostTensor order, int rows) {
        int pairs = config.text().headDim() / 2;
        return Map.of(
                GemmaDecoder.IMAGE_EMBEDDINGS, images,
                GemmaDecoder.TOKEN_IDS, tokenIds,
                GemmaDecoder.ORDER, order,
                GemmaDecoder.ROTARY_COS, HostTensor.allocate(ElementType.FLOAT32, rows, pairs),
                GemmaDecoder.ROTARY_SIN, HostTensor.allocate(ElementType.FLOAT32, rows, pairs));
    }

    private static HostTensor toTensor(int[] ids) {
        HostTensor tensor = HostTensor.allocate(ElementType.INT64, ids.length);
        LongBuffer longs = tensor.longs();
        for (int id : ids) {
            longs.put(id);
        }
        return tensor;
    }

    /** For each token of the sequence, its row among first the images' and then the text's: {@code int64[T]}. */
    private static HostTensor order(Prompt prompt) {
        HostTensor tensor = HostTensor.allocate(ElementType.INT64, prompt.length());
        LongBuffer rows = tensor.longs();
        int textRow = prompt.imageTokens();
        int imageRow = 0;
        for (int offset : prompt.imageOffsets()) {
            while (rows.position() < offset) {
                rows.put(textRow++);
            }
            for (int i = 0; i < prompt.tokensPerImage(); i++) {
                rows.put(imageRow++);
            }
        }
        while (rows.hasRemaining()) {
            rows.put(textRow++);
        }
        return tensor;
    }
}
