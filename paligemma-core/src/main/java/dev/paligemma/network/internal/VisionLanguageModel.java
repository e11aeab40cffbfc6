package dev.paligemma.network.internal;

import dev.paligemma.checkpoint.Checkpoint;
import dev.paligemma.checkpoint.config.PaliGemmaConfig;
import dev.paligemma.checkpoint.internal.adapter.AdaptableGraph;
import dev.paligemma.engine.graph.ElementType;
import dev.paligemma.engine.spi.DecodingState;
import dev.paligemma.engine.spi.Engine;
import dev.paligemma.engine.spi.HostTensor;
import dev.paligemma.engine.spi.Program;
import dev.paligemma.network.GemmaDecoder;
import dev.paligemma.network.Networks;
import dev.paligemma.network.VisionGraph;
import dev.paligemma.tokenizer.Prompt;
import dev.paligemma.vision.PixelValues;
import dev.paligemma.vision.SiglipEncoder;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/**
 * The two programs of a loaded model and how data flows through them: pixels to image embeddings, and a prompt with
 * those to logits, token by token. Immutable and thread-safe.
 */
public final class VisionLanguageModel implements AutoCloseable {
    /** The position of the first token; transformers counts from 1. Only differences matter to the result. */
    private static final int FIRST_POSITION = 1;

    private final PaliGemmaConfig config;
    private final RotaryAngles rotary;
    /** The rows of the model's own vocabulary. */
    private final int tokens;

    private final TensorPool tensors = new TensorPool();
    private final Adapters adapters;
    private final Program vision;
    private final Program decoder;

    public VisionLanguageModel(Engine engine, Checkpoint checkpoint, Adapters adapters) {
        Networks networks = adapters.networks();
        this.config = checkpoint.config();
        this.tokens = config.text().sizes().vocabSize();
        this.rotary = new RotaryAngles(
                config.text().sizes().headDim(), config.text().attention().ropeTheta());
        this.adapters = adapters;
        this.vision = engine.compile(networks.vision(), checkpoint);
        try {
            this.decoder = engine.compile(networks.decoder(), checkpoint);
        } catch (RuntimeException | Error e) {
            vision.close();
            throw e;
        }
    }

    /**
     * Encodes images, one after the other, with one of the {@link #adapters}. The listener hears before each image how
     * many are encoded; an exception of it ends this.
     *
     * @return {@code float32[images * N, D]}; a caller may {@link #release} it
     */
    public HostTensor encode(List<PixelValues> images, ActiveAdapter adapter, IntConsumer beforeEach) {
        int patches = config.vision().patches();
        int side = config.vision().imageSize();
        HostTensor embeddings = tensors.acquire(
                ElementType.FLOAT32,
                (long) images.size() * patches,
                config.text().sizes().hiddenSize());
        HostTensor pixels = tensors.acquire(ElementType.FLOAT32, 1, 3, side, side);
        Map<String, HostTensor> inputs = joined(Map.of(SiglipEncoder.PIXEL_VALUES, pixels), adapter.vision());
        for (int image = 0; image < images.size(); image++) {
            beforeEach.accept(image);
            images.get(image).copyTo(pixels.floats());
            vision.run(inputs, Map.of(VisionGraph.IMAGE_EMBEDDINGS, embeddings.rows(image * patches, patches)));
        }
        tensors.release(pixels);
        return embeddings;
    }

    /** Takes back embeddings that nobody will read any more. */
    public void release(HostTensor embeddings) {
        tensors.release(embeddings);
    }

    /** What can be chosen for {@link #encode} and {@link #start}. */
    public Adapters adapters() {
        return adapters;
    }

    /** Starts a sequence of about that many written tokens. */
    public Sequences start(int expectedTokens, ActiveAdapter adapter) {
        return new Sequences(decoder.newState(expectedTokens), adapter, List.of());
    }

    /**
     * Runs images and text behind them through the decoder of a page encoder.
     *
     * @param images {@code float32[I, D]}, perhaps of no rows; a caller may {@link #release} it afterwards
     * @param text the tokens, {@code int[X]}
     * @return {@code float32[I + X, R]}, in that order
     */
    public HostTensor rows(HostTensor images, int[] text, ActiveAdapter adapter) {
        int rows = Math.toIntExact(images.shape()[0] + text.length);
        Inputs inputs = new Inputs(
                images,
                HostTensor.ofLongs(Arrays.stream(text).asLongStream().toArray()),
                HostTensor.ofLongs(LongStream.range(0, rows).toArray()),
                null,
                rows,
                adapter);
        inputs.place(FIRST_POSITION, rows);
        int width = Objects.requireNonNull(config.pageRows()).width();
        HostTensor result = HostTensor.allocate(ElementType.FLOAT32, rows, width);
        decoder.run(inputs.byName, Map.of(GemmaDecoder.ROWS, result));
        return result;
    }

    /**
     * Puts sequences that have run their prompts together, so that one run serves all; the given ones are closed. All of
     * them have the same adapter.
     */
    public Sequences join(List<Sequences> parts) {
        ActiveAdapter adapter = parts.get(0).adapter;
        if (parts.stream().anyMatch(part -> part.adapter != adapter)) {
            throw new IllegalArgumentException("sequences of different adapters cannot run together");
        }
        List<NextTokens> next =
                parts.stream().flatMap(part -> part.next.stream()).toList();
        DecodingState joined =
                decoder.join(parts.stream().map(part -> part.state).toList());
        Sequences sequences = new Sequences(joined, adapter, next);
        // What the model said last is read, and its memory given back, by the joined sequences.
        sequences.outputs =
                parts.stream().flatMap(part -> part.outputs.stream()).toList();
        parts.forEach(part -> part.outputs = List.of());
        return sequences;
    }

    @Override
    public void close() {
        decoder.close();
        vision.close();
    }

    /**
     * One or more sequences being written. Confined to one thread.
     *
     * <p>The first run is the prompt of one sequence. Each later run writes one token of every sequence.
     */
    public final class Sequences implements AutoCloseable {
        private final DecodingState state;
        private final ActiveAdapter adapter;
        private List<NextTokens> next;
        /** Made once and filled anew for each token, as long as the number of sequences stays. */
        private @Nullable Step step;
        /** What the last run gave, or the last runs of those that were joined; the views in {@code next} are of it. */
        private List<Outputs> outputs = List.of();

        private Sequences(DecodingState state, ActiveAdapter adapter, List<NextTokens> next) {
            this.state = state;
            this.adapter = adapter;
            this.next = next;
        }

        /** Runs images and prompt; what follows them can be asked for until the next run. */
        public void prefill(Prompt prompt, HostTensor imageEmbeddings) {
            int rows = prompt.length();
            PromptRows placed = PromptRows.of(prompt, imageEmbeddings, tokens, adapter.vocabulary());
            Inputs inputs = new Inputs(
                    placed.given(), placed.textIds(), placed.order(), HostTensor.ofLongs(rows - 1), rows, adapter);
            inputs.place(FIRST_POSITION, rows);
            run(inputs, new Outputs(1, adapter));
        }

        /** Runs one written token of each sequence; what follows them can be asked for until the next run. */
        public void write(int... chosen) {
            if (chosen.length != state.sequences()) {
                throw new IllegalArgumentException(
                        "expected a token for each of " + state.sequences() + " sequences, got " + chosen.length);
            }
            if (step == null || step.outputs.count() != chosen.length) {
                step = new Step(chosen.length, adapter);
            }
            step.inputs.restart();
            for (int i = 0; i < chosen.length; i++) {
                step.token(i, chosen[i]);
                step.inputs.place(FIRST_POSITION + state.length(i), 1);
            }
            run(step.inputs, step.outputs);
        }

        private void run(Inputs inputs, Outputs given) {
            state.run(inputs.byName, given.byName);
            given.extended.forEach(ExtendedLogits::refresh);
            next = given.next;
            outputs.stream().filter(before -> before != given).forEach(Outputs::release);
            outputs = List.of(given);
        }

        /** What the model says about the next token of each sequence; overwritten by the next run. */
        public List<NextTokens> next() {
            return next;
        }

        /**
         * Goes on with some of the sequences, in any order; one that is named several times goes on as several. What the
         * model says about their next tokens can be asked for as before.
         */
        public void select(int... chosen) {
            state.select(chosen);
            next = Arrays.stream(chosen).mapToObj(next::get).toList();
        }

        @Override
        public void close() {
            state.close();
            outputs.forEach(Outputs::release);
            outputs = List.of();
        }
    }

    /** What a run of one token of each sequence takes and gives. */
    private final class Step {
        final Inputs inputs;
        final Outputs outputs;
        private final int sequences;
        private final LongBuffer ids;
        private final LongBuffer order;
        private final FloatBuffer given;
        private final @Nullable MoreEmbeddings more;

        Step(int sequences, ActiveAdapter adapter) {
            HostTensor texts = HostTensor.allocate(ElementType.INT64, sequences);
            HostTensor all = HostTensor.ofLongs(LongStream.range(0, sequences).toArray());
            this.sequences = sequences;
            this.more = MoreEmbeddings.of(adapter.vocabulary(), tokens);
            // Rows that the table lacks come in like those of images, of which there are none.
            HostTensor rows = HostTensor.allocate(
                    ElementType.FLOAT32,
                    more == null ? 0 : sequences,
                    config.text().sizes().hiddenSize());
            HostTensor places = more == null ? all : HostTensor.allocate(ElementType.INT64, sequences);
            this.ids = texts.longs();
            this.order = places.longs();
            this.given = rows.floats();
            this.inputs = new Inputs(rows, texts, places, all, sequences, adapter);
            this.outputs = new Outputs(sequences, adapter);
        }

        /** Says which token a sequence goes on with. */
        void token(int sequence, int token) {
            if (more == null || !more.has(token)) {
                ids.put(sequence, token);
                if (more != null) {
                    order.put(sequence, sequences + sequence);
                }
                return;
            }
            ids.put(sequence, 0);
            order.put(sequence, sequence);
            more.copyTo(token, given, sequence);
        }
    }

    /** What a run takes. */
    private final class Inputs {
        final Map<String, HostTensor> byName;
        private final FloatBuffer cos;
        private final FloatBuffer sin;

        /** @param ends null for a page encoder, of which every row is wanted */
        Inputs(
                HostTensor images,
                HostTensor ids,
                HostTensor order,
                @Nullable HostTensor ends,
                int rows,
                ActiveAdapter adapter) {
            int pairs = config.text().sizes().headDim() / 2;
            HostTensor cosines = HostTensor.allocate(ElementType.FLOAT32, rows, pairs);
            HostTensor sines = HostTensor.allocate(ElementType.FLOAT32, rows, pairs);
            this.cos = cosines.floats();
            this.sin = sines.floats();
            Map<String, HostTensor> own = new HashMap<>(Map.of(
                    GemmaDecoder.IMAGE_EMBEDDINGS, images,
                    GemmaDecoder.TOKEN_IDS, ids,
                    GemmaDecoder.ORDER, order,
                    GemmaDecoder.ROTARY_COS, cosines,
                    GemmaDecoder.ROTARY_SIN, sines));
            if (ends != null) {
                own.put(GemmaDecoder.ENDS, ends);
            }
            this.byName = joined(own, adapter.decoder());
        }

        void restart() {
            cos.clear();
            sin.clear();
        }

        /** Gives the next rows consecutive positions. */
        void place(int firstPosition, int rows) {
            rotary.write(firstPosition, rows, cos, sin);
        }
    }

    /** What a run gives about the next token of each sequence. */
    private final class Outputs {
        final Map<String, HostTensor> byName;
        final List<NextTokens> next;
        /** Of an adapter with another number of tokens, for each sequence. */
        final List<ExtendedLogits> extended;

        Outputs(int sequences, ActiveAdapter adapter) {
            int vocabulary = tokens;
            HostTensor logits = tensors.acquire(ElementType.FLOAT32, sequences, vocabulary);
            HostTensor best = tensors.acquire(ElementType.INT64, sequences);
            HostTensor bestLogProbability = tensors.acquire(ElementType.FLOAT32, sequences);
            Map<String, HostTensor> outputs = new HashMap<>(Map.of(
                    GemmaDecoder.LOGITS, logits,
                    GemmaDecoder.BEST_TOKEN, best,
                    GemmaDecoder.BEST_LOG_PROBABILITY, bestLogProbability));
            HostTensor rows = adapter.decoder().get(AdaptableGraph.MORE_ROWS);
            HostTensor more = tensors.acquire(ElementType.FLOAT32, sequences, rows == null ? 0 : rows.shape()[0]);
            if (rows != null) {
                outputs.put(AdaptableGraph.MORE_LOGITS, more);
            }
            this.byName = outputs;
            this.extended = adapter.tokens(vocabulary) == vocabulary
                    ? List.of()
                    : IntStream.range(0, sequences)
                            .mapToObj(i -> new ExtendedLogits(
                                    logits.rows(i, 1).floats(), more.rows(i, 1).floats(), adapter.tokens(vocabulary)))
                            .toList();
            this.next = IntStream.range(0, sequences)
                    .mapToObj(i -> extended.isEmpty()
                            ? new NextTokens(
                                    logits.rows(i, 1).floats(),
                                    best.rows(i, 1).longs(),
                                    bestLogProbability.rows(i, 1).floats())
                            : extended.get(i).next())
                    .toList();
        }

        int count() {
            return next.size();
        }

        /** Gives the memory back; the views must not be read any more. */
        void release() {
            byName.values().forEach(tensors::release);
        }
    }

    private static Map<String, HostTensor> joined(Map<String, HostTensor> own, Map<String, HostTensor> more) {
        Map<String, HostTensor> all = new HashMap<>(own);
        all.putAll(more);
        return all;
    }
}
