package dev.paligemma.generation.internal;

import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.toList;

import dev.paligemma.checkpoint.config.PaliGemmaConfig;
import dev.paligemma.checkpoint.internal.generation.GenerationSettings;
import dev.paligemma.constraint.TokenConstraints;
import dev.paligemma.engine.spi.HostTensor;
import dev.paligemma.generation.BeamAnswer;
import dev.paligemma.generation.BeamSearch;
import dev.paligemma.generation.GenerationRequest;
import dev.paligemma.generation.GenerationResult;
import dev.paligemma.generation.ImageEmbeddings;
import dev.paligemma.generation.RequestException;
import dev.paligemma.generation.Sampling;
import dev.paligemma.network.internal.ActiveAdapter;
import dev.paligemma.network.internal.VisionLanguageModel;
import dev.paligemma.tokenizer.PaliGemmaTokenizer;
import dev.paligemma.tokenizer.Prompt;
import dev.paligemma.vision.ImageProcessor;
import dev.paligemma.vision.PixelValues;
import dev.paligemma.vision.RgbImage;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/**
 * Answers requests: preprocesses, encodes the images, runs the prompt, then writes token after token. Immutable and
 * thread-safe; what changes during a request belongs to the call.
 */
public final class TextGenerator {
    /**
     * The longest sequence of images and prompt, in tokens, unless the checkpoint names a longer one: what Gemma was
     * trained for.
     */
    private static final int MAX_PROMPT_TOKENS = 8192;

    /** Room for that many written tokens is made at once; more is added when needed. */
    private static final int EXPECTED_NEW_TOKENS = 256;

    private final PaliGemmaConfig config;
    private final Tokenizers tokenizers;
    private final ImageProcessor imageProcessor;
    private final VisionLanguageModel model;
    private final GenerationSettings settings;
    private final @Nullable String defaultAdapter;

    /** A generator that follows the checkpoint's settings; the default adapter is that of requests that name none, null for the model as it is. */
    public TextGenerator(
            PaliGemmaConfig config,
            Tokenizers tokenizers,
            ImageProcessor imageProcessor,
            VisionLanguageModel model,
            GenerationSettings settings,
            @Nullable String defaultAdapter) {
        this.config = config;
        this.tokenizers = tokenizers;
        this.imageProcessor = imageProcessor;
        this.model = model;
        this.settings = settings;
        this.defaultAdapter = defaultAdapter;
    }

    /** The same for requests that name no adapter and shall have one. */
    public TextGenerator withAdapter(String name) {
        return new TextGenerator(
                config,
                tokenizers,
                imageProcessor,
                model,
                settings,
                model.adapters().get(name).name());
    }

    /** The adapter of a request. */
    ActiveAdapter adapter(GenerationRequest request) {
        return model.adapters().get(request.adapter().orElse(defaultAdapter));
    }

    /** Answers one request. */
    public GenerationResult generate(GenerationRequest request, Cancellation cancellation) {
        PreparedRequest prepared = prepare(request, cancellation);
        AnswerWriter writer = new AnswerWriter(prepared, request.sampling());
        decode(prepared, writer);
        return writer.result();
    }

    /**
     * Answers many requests, with a cancellation for each, at most so many at a time: prompts are run one by one, then
     * one run of the network writes a token of every open answer. An answer that ends makes room for the next request.
     * Requests with different adapters do not run together, so those of one adapter take their turn before those of the
     * next. Listeners are told of each answer when it ends.
     */
    public List<GenerationResult> generateAll(
            List<GenerationRequest> requests, int together, List<Cancellation> cancellations) {
        Map<ActiveAdapter, List<Integer>> byAdapter = IntStream.range(0, requests.size())
                .boxed()
                .collect(groupingBy(i -> adapter(requests.get(i)), LinkedHashMap::new, toList()));
        AnswerWriter[] writers = new AnswerWriter[requests.size()];
        for (List<Integer> turn : byAdapter.values()) {
            Iterator<Integer> waiting = turn.iterator();
            List<AnswerWriter> open = new ArrayList<>();
            try (Decoding decoding = new Decoding(model)) {
                do {
                    while (waiting.hasNext() && decoding.open() < together) {
                        int next = waiting.next();
                        writers[next] = begin(decoding, requests.get(next), cancellations.get(next));
                        open.add(writers[next]);
                        tellEnds(open);
                    }
                    decoding.step();
                    tellEnds(open);
                } while (decoding.open() > 0 || waiting.hasNext());
            }
        }
        return Arrays.stream(writers).map(AnswerWriter::result).toList();
    }

    /** Tells listeners of answers that have ended, and forgets these. */
    private static void tellEnds(List<AnswerWriter> open) {
        open.removeIf(AnswerWriter::toldEnd);
    }

    /** Writes several answers with consecutive seeds side by side. */
    public List<GenerationResult> generateSeveral(GenerationRequest request, int count, Cancellation cancellation) {
        PreparedRequest prepared = prepare(request, cancellation);
        Sampling sampling = request.sampling();
        List<AnswerWriter> writers = LongStream.range(0, count)
                .mapToObj(i -> new AnswerWriter(prepared, sampling.seed(sampling.seed() + i)))
                .toList();
        decode(prepared, new SideBySide(writers));
        return writers.stream().map(AnswerWriter::result).toList();
    }

    /** Searches for the most likely answers; the best one comes first. */
    public List<BeamAnswer> search(GenerationRequest request, BeamSearch search, Cancellation cancellation) {
        PreparedRequest prepared = prepare(request, cancellation);
        BeamSearcher searcher = new BeamSearcher(search, prepared);
        decode(prepared, searcher);
        return searcher.answers();
    }

    /** Encodes the prompt and chooses what else the networks need. */
    PreparedRequest prepare(GenerationRequest asked, Cancellation cancellation) {
        cancellation.trace().started();
        PreparedRequest.Clock clock = new PreparedRequest.Clock();
        GenerationRequest request = filled(asked);
        ActiveAdapter adapter = adapter(request);
        Tokenizers.Entry words = tokenizers.of(adapter.name());
        request.constraint().ifPresent(constraint -> tokenizers.requireOwn(constraint, adapter.name()));
        Prompt prompt = words.prompts().encode(request.prompt(), request.imageCount(), request.controlTokens());
        requireFits(prompt);
        PaliGemmaTokenizer tokenizer = words.tokenizer();
        requireRows(prompt.textTokenIds(), tokenizer, adapter, "the prompt");
        Set<Integer> stops = stops(request, tokenizer);
        ForbiddenTokens forbidden = new ForbiddenTokens(settings, prompt.tokenIds(), stops);
        return new PreparedRequest(request, cancellation, adapter, tokenizer, stops, prompt, forbidden, clock);
    }

    /** The checkpoint says what a request leaves open. */
    private GenerationRequest filled(GenerationRequest asked) {
        Integer longest = settings.maxNewTokens();
        GenerationRequest.Builder filled = asked.toBuilder();
        if (longest != null && asked.chosenMaxNewTokens().isEmpty()) {
            filled.maxNewTokens(longest);
        }
        if (asked.chosenRepetitionPenalty().isEmpty()) {
            filled.repetitionPenalty(settings.repetitionPenalty());
        }
        return filled.build();
    }

    /** Writes everything that a strategy writes after a prompt. */
    void decode(PreparedRequest prepared, Decoding.Strategy strategy) {
        try (Decoding decoding = new Decoding(model)) {
            decoding.add(prefill(prepared), strategy, prepared.cancellation());
            while (decoding.step()) {
                // A token of every answer at a time.
            }
        }
    }

    /** Runs images and prompt, and adds the answer to a loop of this model. */
    AnswerWriter begin(Decoding decoding, GenerationRequest request, Cancellation cancellation) {
        PreparedRequest prepared = prepare(request, cancellation);
        AnswerWriter writer = new AnswerWriter(prepared, request.sampling());
        decoding.add(prefill(prepared), writer, cancellation);
        return writer;
    }

    /** Runs images and prompt; the caller closes. */
    VisionLanguageModel.Sequences prefill(PreparedRequest prepared) {
        GenerationRequest request = prepared.request();
        ActiveAdapter adapter = prepared.adapter();
        List<PixelValues> pixels =
                request.images().stream().map(imageProcessor::process).toList();
        prepared.clock().count(PreparedRequest.Phase.PREPROCESS);
        HostTensor images = request.embeddings()
                .map(encoded -> EncodedImages.rows(encoded, model, adapter))
                .orElseGet(() -> encode(pixels, adapter, prepared.cancellation()));
        prepared.clock().count(PreparedRequest.Phase.VISION);
        prepared.cancellation().check("before the prompt was run");
        VisionLanguageModel.Sequences sequences =
                model.start(Math.min(request.maxNewTokens(), EXPECTED_NEW_TOKENS), adapter);
        try {
            sequences.prefill(prepared.prompt(), images);
            prepared.clock().count(PreparedRequest.Phase.PREFILL);
            return sequences;
        } catch (RuntimeException | Error e) {
            sequences.close();
            throw e;
        } finally {
            if (request.embeddings().isEmpty()) {
                model.release(images);
            }
        }
    }

    private Set<Integer> stops(GenerationRequest request, PaliGemmaTokenizer tokenizer) {
        Set<Integer> stops = new HashSet<>(request.stopTokenIds().orElseGet(() -> Set.copyOf(config.eosTokenIds())));
        if (request.constraint().isPresent()) {
            // The only token that a constraint allows behind a complete answer.
            stops.add(tokenizer.eosId());
        }
        return stops;
    }

    /** Encodes images once for several requests. */
    public ImageEmbeddings encode(List<RgbImage> images, Cancellation cancellation) {
        ActiveAdapter adapter = model.adapters().get(defaultAdapter);
        List<PixelValues> pixels = images.stream().map(imageProcessor::process).toList();
        HostTensor rows = encode(pixels, adapter, cancellation);
        return new EncodedImages(
                model,
                adapter,
                rows,
                images.stream()
                        .map(image -> new EncodedImages.Size(image.width(), image.height()))
                        .toList());
    }

    private HostTensor encode(List<PixelValues> images, ActiveAdapter adapter, Cancellation cancellation) {
        return model.encode(
                images,
                adapter,
                done -> cancellation.check("after " + done + " of " + images.size() + " images were encoded"));
    }

    PaliGemmaConfig config() {
        return config;
    }

    /** The tokenizer of requests that name no adapter. */
    public PaliGemmaTokenizer tokenizer() {
        return tokenizers.of(defaultAdapter).tokenizer();
    }

    /** The tokenizer of a request. */
    public PaliGemmaTokenizer tokenizer(GenerationRequest request) {
        return tokenizers.of(adapter(request).name()).tokenizer();
    }

    /** Constraints for requests that name no adapter. */
    public TokenConstraints constraints() {
        return tokenizers.of(defaultAdapter).constraints();
    }

    public VisionLanguageModel model() {
        return model;
    }

    /** Refuses tokens that the embedding has no rows for: a tokenizer may have more than the model was trained with. */
    void requireRows(int[] ids, PaliGemmaTokenizer tokenizer, ActiveAdapter adapter, String what) {
        int rows = adapter.tokens(config.text().sizes().vocabSize());
        for (int id : ids) {
            if (id >= rows) {
                throw new RequestException(what + " has the token " + id + ", '"
                        + tokenizer.tokenOf(id).orElse("") + "', but the embedding of the model has only " + rows
                        + " rows: the tokenizer is that of a model whose embedding was resized");
            }
        }
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
