package dev.paligemma;

import dev.paligemma.engine.checkpoint.PaliGemmaConfig;
import dev.paligemma.engine.spi.HostTensor;
import dev.paligemma.tokenizer.PaliGemmaTokenizer;
import dev.paligemma.tokenizer.Prompt;
import dev.paligemma.tokenizer.PromptEncoder;
import dev.paligemma.vision.ImageProcessor;
import dev.paligemma.vision.PixelValues;
import dev.paligemma.vision.RgbImage;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Answers requests: preprocesses, encodes the images, runs the prompt, then writes token after token. Immutable and
 * thread-safe; what changes during a request belongs to the call.
 */
final class TextGenerator {
    /**
     * The longest sequence of images and prompt, in tokens, unless the checkpoint names a longer one: what Gemma was
     * trained for.
     */
    private static final int MAX_PROMPT_TOKENS = 8192;

    /** Room for that many written tokens is made at once; more is added when needed. */
    private static final int EXPECTED_NEW_TOKENS = 256;

    private final PaliGemmaConfig config;
    private final PaliGemmaTokenizer tokenizer;
    private final PromptEncoder promptEncoder;
    private final ImageProcessor imageProcessor;
    private final VisionLanguageModel model;
    private final @Nullable String defaultAdapter;

    /**
     * A generator.
     *
     * @param defaultAdapter the adapter of requests that name none; null for the model as it is
     */
    TextGenerator(
            PaliGemmaConfig config,
            PaliGemmaTokenizer tokenizer,
            ImageProcessor imageProcessor,
            VisionLanguageModel model,
            @Nullable String defaultAdapter) {
        this.config = config;
        this.tokenizer = tokenizer;
        this.promptEncoder = new PromptEncoder(tokenizer, config.vision().patches());
        this.imageProcessor = imageProcessor;
        this.model = model;
        this.defaultAdapter = defaultAdapter;
    }

    /** The same for requests that name no adapter and shall have one. */
    TextGenerator withAdapter(String name) {
        return new TextGenerator(
                config,
                tokenizer,
                imageProcessor,
                model,
                model.adapters().get(name).name());
    }

    /** The adapter of a request. */
    ActiveAdapter adapter(GenerationRequest request) {
        return model.adapters().get(request.adapter().orElse(defaultAdapter));
    }

    /** Answers one request. */
    GenerationResult generate(GenerationRequest request, Cancellation cancellation) {
        try (Answering answering = begin(request, cancellation)) {
            while (answering.advance()) {
                // One token at a time.
            }
            return answering.result();
        }
    }

    /** Runs images and prompt; the caller goes on and closes. */
    Answering begin(GenerationRequest request, Cancellation cancellation) {
        Stopwatch stopwatch = new Stopwatch();
        Input input = prepare(request);
        return begin(request, input, stopwatch.lapMs(), cancellation);
    }

    private Answering begin(GenerationRequest request, Input input, double preprocessMs, Cancellation cancellation) {
        Stopwatch stopwatch = new Stopwatch();
        ActiveAdapter adapter = adapter(request);
        HostTensor images = input.embeddings() == null
                ? model.encode(input.pixels(), adapter, cancellation)
                : input.embeddings().rowsFor(model, adapter);
        double visionMs = stopwatch.lapMs();
        cancellation.check("before the prompt was run");
        VisionLanguageModel.Sequences sequences =
                model.start(Math.min(request.maxNewTokens(), EXPECTED_NEW_TOKENS), adapter);
        try {
            sequences.prefill(input.prompt(), images);
            Timings timings = new Timings(preprocessMs, visionMs, stopwatch.lapMs(), 0);
            return new Answering(sequences, writer(request, input), cancellation, timings);
        } catch (RuntimeException | Error e) {
            sequences.close();
            throw e;
        } finally {
            if (input.embeddings() == null) {
                model.release(images);
            }
        }
    }

    /** Writes several answers with consecutive seeds side by side. */
    List<GenerationResult> generateSeveral(GenerationRequest request, int count, Cancellation cancellation) {
        Stopwatch stopwatch = new Stopwatch();
        Input input = prepare(request);
        try (Answering answering = begin(request, input, stopwatch.lapMs(), cancellation)) {
            VisionLanguageModel.Sequences sequences = answering.sequences();
            List<AnswerWriter> writers = IntStream.range(0, count)
                    .mapToObj(i -> request.toBuilder()
                            .sampling(request.sampling().seed(request.sampling().seed() + i))
                            .build())
                    .map(each -> writer(each, input))
                    .toList();
            List<AnswerWriter> open = writers;
            // At first all answers follow the one row of the prompt.
            int[] rows = new int[count];
            while (true) {
                cancellation.check("after " + open.get(0).count() + " tokens of every answer");
                List<AnswerWriter> going = new ArrayList<>();
                List<Integer> goingRows = new ArrayList<>();
                for (int i = 0; i < open.size(); i++) {
                    if (open.get(i).accept(sequences.next(rows[i]))) {
                        going.add(open.get(i));
                        goingRows.add(rows[i]);
                    }
                }
                if (going.isEmpty()) {
                    Timings timings = answering.timings();
                    return writers.stream()
                            .map(writer -> writer.result(timings))
                            .toList();
                }
                sequences.select(goingRows.stream().mapToInt(Integer::intValue).toArray());
                sequences.write(going.stream().mapToInt(AnswerWriter::lastToken).toArray());
                open = going;
                rows = IntStream.range(0, going.size()).toArray();
            }
        }
    }

    /** Searches for the most likely answers; the best one comes first. */
    List<ScoredAnswer> search(GenerationRequest request, BeamSearch search, Cancellation cancellation) {
        Stopwatch stopwatch = new Stopwatch();
        Input input = prepare(request);
        try (Answering answering = begin(request, input, stopwatch.lapMs(), cancellation)) {
            BeamSearcher searcher = new BeamSearcher(
                    search,
                    request,
                    stops(request),
                    AnswerWriter.tokensOf(input.prompt(), tokenizer),
                    new TokenDescriber(tokenizer),
                    cancellation);
            List<BeamSearcher.Found> found = searcher.search(answering.sequences());
            Timings timings = answering.timings();
            return found.stream()
                    .map(answer -> new ScoredAnswer(result(answer, input.prompt(), timings), answer.score()))
                    .toList();
        }
    }

    private GenerationResult result(BeamSearcher.Found found, Prompt prompt, Timings timings) {
        FinishReason reason = found.ended() ? FinishReason.EOS : FinishReason.LENGTH;
        return GenerationResult.of(tokenizer, prompt, found.tokens(), found.end(), found.keptMass(), reason, timings);
    }

    /** Chooses the tokens of an answer. */
    private AnswerWriter writer(GenerationRequest request, Input input) {
        return new AnswerWriter(request, stops(request), tokenizer, input.prompt());
    }

    private Set<Integer> stops(GenerationRequest request) {
        Set<Integer> stops = new HashSet<>(request.stopTokenIds().orElseGet(() -> Set.copyOf(config.eosTokenIds())));
        if (request.constraint().isPresent()) {
            // The only token that a constraint allows behind a complete answer.
            stops.add(tokenizer.eosId());
        }
        return stops;
    }

    /** One answer being written after its prompt was run. Confined to one thread. */
    static final class Answering implements AutoCloseable {
        private final VisionLanguageModel.Sequences sequences;
        private final AnswerWriter writer;
        private final Cancellation cancellation;
        private final Timings beforeDecoding;
        private final Stopwatch decoding = new Stopwatch();
        private double decodeMs;
        private boolean ended;

        private Answering(
                VisionLanguageModel.Sequences sequences,
                AnswerWriter writer,
                Cancellation cancellation,
                Timings beforeDecoding) {
            this.sequences = sequences;
            this.writer = writer;
            this.cancellation = cancellation;
            this.beforeDecoding = beforeDecoding;
        }

        /**
         * Writes one more token, or finds that the answer has ended.
         *
         * @return whether the answer goes on
         */
        boolean advance() {
            if (ended) {
                return false;
            }
            cancellation.check("after " + writer.count() + " tokens");
            decoding.lapMs();
            if (writer.count() > 0) {
                sequences.write(writer.lastToken());
            }
            ended = !writer.accept(sequences.next(0));
            decodeMs += decoding.lapMs();
            return !ended;
        }

        AnswerWriter writer() {
            return writer;
        }

        VisionLanguageModel.Sequences sequences() {
            return sequences;
        }

        /** How long everything took; the time since the prompt was run counts as decoding. */
        Timings timings() {
            return beforeDecoding.withDecode(decoding.lapMs());
        }

        /** What was written so far. */
        GenerationResult result() {
            return writer.result(beforeDecoding.withDecode(decodeMs));
        }

        @Override
        public void close() {
            sequences.close();
        }
    }

    /** What a request is to the networks: the prompt, and images as pixels or as they were encoded before. */
    private record Input(
            Prompt prompt,
            List<PixelValues> pixels,
            @Nullable ImageEmbeddings embeddings) {}

    /** Encodes the prompt and preprocesses the images. */
    private Input prepare(GenerationRequest request) {
        Prompt prompt = promptEncoder.encode(request.prompt(), request.imageCount(), request.controlTokens());
        requireFits(prompt);
        return new Input(
                prompt,
                request.images().stream().map(imageProcessor::process).toList(),
                request.embeddings().orElse(null));
    }

    /** Encodes images once for several requests. */
    ImageEmbeddings encode(List<RgbImage> images, Cancellation cancellation) {
        ActiveAdapter adapter = model.adapters().get(defaultAdapter);
        HostTensor rows =
                model.encode(images.stream().map(imageProcessor::process).toList(), adapter, cancellation);
        return new ImageEmbeddings(
                model,
                adapter,
                rows,
                images.stream()
                        .map(image -> new ImageEmbeddings.Size(image.width(), image.height()))
                        .toList());
    }

    PaliGemmaConfig config() {
        return config;
    }

    PaliGemmaTokenizer tokenizer() {
        return tokenizer;
    }

    VisionLanguageModel model() {
        return model;
    }

    private void requireFits(Prompt prompt) {
        int limit = Math.max(MAX_PROMPT_TOKENS, config.text().maxPositionEmbeddings());
        if (prompt.length() > limit) {
            throw new RequestException("the prompt is too long: " + prompt.imageTokens() + " image tokens and "
                    + (prompt.length() - prompt.imageTokens()) + " text tokens, the model takes at most " + limit
                    + " together");
        }
    }
}
