package dev.paligemma;

import dev.paligemma.base.PaliGemmaException;
import dev.paligemma.base.internal.NonNull;
import dev.paligemma.constraint.TokenConstraints;
import dev.paligemma.generation.AnswerScore;
import dev.paligemma.generation.AnswerStream;
import dev.paligemma.generation.BeamAnswer;
import dev.paligemma.generation.BeamSearch;
import dev.paligemma.generation.Comparison;
import dev.paligemma.generation.GenerationRequest;
import dev.paligemma.generation.GenerationResult;
import dev.paligemma.generation.ImageEmbeddings;
import dev.paligemma.generation.RequestInfo.Kind;
import dev.paligemma.generation.TextPiece;
import dev.paligemma.generation.internal.AnswerPublisher;
import dev.paligemma.generation.internal.AnswerScorer;
import dev.paligemma.generation.internal.Batcher;
import dev.paligemma.generation.internal.Cancellation;
import dev.paligemma.generation.internal.LiveAnswer;
import dev.paligemma.generation.internal.PipelineComparer;
import dev.paligemma.generation.internal.RequestListeners;
import dev.paligemma.generation.internal.Slots;
import dev.paligemma.generation.internal.TextGenerator;
import dev.paligemma.hub.HubClient;
import dev.paligemma.hub.HubException;
import dev.paligemma.task.TaskRunner;
import dev.paligemma.task.Tasks;
import dev.paligemma.tokenizer.PaliGemmaTokenizer;
import dev.paligemma.vision.RgbImage;
import dev.paligemma.vision.mask.MaskCodec;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.Flow;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A loaded PaliGemma or PaliGemma 2 model that turns images and prompts into text, and into what {@link Tasks} make of it.
 *
 * <pre>{@code
 * try (PaliGemmaPipeline pipeline = PaliGemmaPipeline.load(Path.of("paligemma2-3b-mix-224"))) {
 *     System.out.println(pipeline.caption(Path.of("cat.jpg")));
 * }
 * }</pre>
 *
 * <p>Thread-safe: share one pipeline between all threads. Requests run at the same time up to the limit of
 * {@link PipelineBuilder#maxConcurrentRequests}; further ones wait their turn, up to {@link PipelineBuilder#maxWaiting} of them.
 * Each running request holds its own key/value
 * cache. Unless a request chooses tokens at random, it has one answer, whatever else is running. All methods that run the
 * model throw what {@link #generate} does, besides what they say themselves.
 *
 * <p>{@link #close} waits for the step of the network that is running, frees the model, and makes requests that are not
 * finished, and later ones, fail with an {@link IllegalStateException}.
 */
public final class PaliGemmaPipeline implements TaskRunner, AutoCloseable {
    /** The most answers that {@link #score} takes: {@value}. */
    public static final int MAX_SCORED_ANSWERS = 256;

    private static final Logger LOG = LoggerFactory.getLogger(PaliGemmaPipeline.class);

    private final ModelInfo info;
    private final TextGenerator generator;
    private final Slots slots;
    private final RequestListeners listeners;
    private final @Nullable MaskCodec maskCodec;
    private final Advice advice;
    private final boolean ownsModel;

    PaliGemmaPipeline(
            ModelInfo info,
            TextGenerator generator,
            Slots slots,
            RequestListeners listeners,
            @Nullable MaskCodec maskCodec) {
        this.info = info;
        this.generator = generator;
        this.slots = slots;
        this.listeners = listeners;
        this.maskCodec = maskCodec;
        this.advice = new Advice(info.folder());
        this.ownsModel = true;
    }

    /** A view, which shares everything. */
    private PaliGemmaPipeline(PaliGemmaPipeline model, TextGenerator generator) {
        this.info = model.info;
        this.generator = generator;
        this.slots = model.slots;
        this.listeners = model.listeners;
        this.maskCodec = model.maskCodec;
        this.advice = model.advice;
        this.ownsModel = false;
    }

    /**
     * Loads a checkpoint with every option at its default: on the CPU with all cores, in single precision, or for a
     * converted checkpoint in the precision it was converted for.
     *
     * @param checkpoint a folder in Hugging Face format, with {@code config.json}, {@code model.safetensors} or its
     *     shards, {@code tokenizer.json} or {@code tokenizer.model}, and {@code preprocessor_config.json} or
     *     {@code processor_config.json}; or a checkpoint of big_vision, {@code *.npz} or its folder, with the tokenizer beside
     *     it. The files must not change while the pipeline is open
     * @return the pipeline, to be closed by the caller
     * @throws PaliGemmaException if a file is missing, damaged or of another kind, or the engine cannot run the model here;
     *     {@link PipelineBuilder#build} lists the kinds
     */
    public static PaliGemmaPipeline load(Path checkpoint) {
        return builder().checkpoint(checkpoint).build();
    }

    /**
     * Loads a checkpoint of the Hugging Face hub, after downloading what is not in the cache, with every option at its
     * default. The cache is the one of Python's {@code huggingface_hub}; {@link HubClient} says where it is, and how to give
     * the token that gated models need.
     *
     * @param name {@code owner/name}, such as {@code google/paligemma2-3b-mix-224}, or {@code owner/name@revision}
     * @return the pipeline, to be closed by the caller
     * @throws IllegalArgumentException if it is not such a name
     * @throws HubException if the model cannot be had; {@link HubException#kind} says why
     * @throws PaliGemmaException if the checkpoint or the engine cannot be used; see {@link #load}
     */
    public static PaliGemmaPipeline fromPretrained(String name) {
        return builder().model(name).build();
    }

    /** A builder with every option at its default. */
    public static PipelineBuilder builder() {
        return new PipelineBuilder();
    }

    @Override
    public Optional<MaskCodec> maskCodec() {
        return Optional.ofNullable(maskCodec);
    }

    /**
     * Makes constraints on answers with the tokens of this model, or of a {@linkplain #withAdapter view} with those of the
     * adapter's {@link #tokenizer}; thread-safe. A request refuses constraints for another tokenizer of this model. The first constraint of some kinds needs
     * an index of the vocabulary, which takes about a second for a large one and is kept.
     */
    public TokenConstraints constraints() {
        return generator.constraints();
    }

    @Override
    public GenerationResult generate(GenerationRequest request) {
        return generate(request, cancellation(Kind.SINGLE, request));
    }

    private GenerationResult generate(GenerationRequest request, Cancellation cancellation) {
        advice.onPrompt(request.prompt());
        GenerationResult result = inSlot(cancellation, () -> generator.generate(request, cancellation), List::of);
        LOG.debug("{} new tokens, {}, {}", result.tokens().size(), result.finishReason(), result.timings());
        return result;
    }

    /**
     * Continues a prompt as {@link #generate} does, in a thread of the executor; the request's time runs from now on.
     * Cancelling the future, or completing it otherwise, gives the request up: within one token the thread is free
     * again.
     *
     * @return the answer to come, or what {@link #generate} would throw
     */
    public CompletableFuture<GenerationResult> generateAsync(GenerationRequest request, Executor executor) {
        Cancellation cancellation = cancellation(Kind.SINGLE, request);
        Objects.requireNonNull(executor, "executor");
        CompletableFuture<GenerationResult> future =
                CompletableFuture.supplyAsync(() -> generate(request, cancellation), executor);
        // Also when somebody else completes it, as orTimeout does: then nobody waits for the answer any more.
        CompletableFuture<GenerationResult> unused = future.whenComplete((result, failure) -> cancellation.cancel());
        return future;
    }

    @Override
    public List<GenerationResult> generateAll(List<GenerationRequest> requests, int together) {
        List<GenerationRequest> all = NonNull.copy(requests, "requests");
        if (together < 1) {
            throw new IllegalArgumentException("together must be at least 1, got " + together);
        }
        all.forEach(request -> advice.onPrompt(request.prompt()));
        List<Cancellation> cancellations =
                all.stream().map(request -> cancellation(Kind.BATCH, request)).toList();
        Optional<Duration> shortest =
                all.stream().flatMap(request -> request.timeout().stream()).min(Duration::compareTo);
        cancellations.forEach(each -> each.trace().queued());
        try {
            return slots.run(new Cancellation(shortest), () -> generator.generateAll(all, together, cancellations));
        } catch (RuntimeException | Error e) {
            cancellations.forEach(each -> each.trace().failed(e));
            throw e;
        }
    }

    /**
     * Answers one request several times, with the seeds {@code seed, seed + 1, ...}, side by side after one run of the
     * prompt.
     *
     * @param request a request that chooses tokens at random
     * @param count how many answers, 1 to {@value BeamSearch#MAX_BEAMS}
     * @return the answers in the order of the seeds, which {@link #generate} gives for these seeds as well
     * @throws IllegalArgumentException if the request is greedy or the count out of range
     */
    public List<GenerationResult> generateSeveral(GenerationRequest request, int count) {
        Objects.requireNonNull(request, "request");
        if (request.sampling().isGreedy()) {
            throw new IllegalArgumentException("a greedy request has one answer; choose a sampling for several");
        }
        if (count < 1 || count > BeamSearch.MAX_BEAMS) {
            throw new IllegalArgumentException("count must be 1 to " + BeamSearch.MAX_BEAMS + ", got " + count);
        }
        return inSlot(
                Kind.SAMPLES,
                request,
                cancellation -> generator.generateSeveral(request, count, cancellation),
                Function.identity());
    }

    /**
     * Searches for the most likely answers to a request that does not choose tokens at random.
     *
     * @return the answers, the best one first; none if the search found no answer within its limits
     * @throws IllegalArgumentException if the request chooses tokens at random, or has stop strings
     */
    public List<BeamAnswer> search(GenerationRequest request, BeamSearch search) {
        Objects.requireNonNull(search, "search");
        if (!request.sampling().isGreedy()) {
            throw new IllegalArgumentException(
                    "a beam search has no random choice; the request has the sampling " + request.sampling());
        }
        if (!request.stop().isEmpty()) {
            throw new IllegalArgumentException(
                    "a beam search compares whole answers and takes no stop strings; the request has "
                            + request.stop().size() + ": remove them by stop(), or generate without a search");
        }
        return inSlot(
                Kind.SEARCH,
                request,
                cancellation -> generator.search(request, search, cancellation),
                found -> found.stream().map(BeamAnswer::answer).toList());
    }

    @Override
    public List<AnswerScore> score(GenerationRequest request, List<String> answers) {
        List<String> checked = AnswerScorer.require(answers, MAX_SCORED_ANSWERS);
        return inSlot(
                Kind.SCORE,
                request,
                cancellation -> new AnswerScorer(generator).score(request, checked, cancellation),
                scores -> scores.stream().map(AnswerScore::generation).toList());
    }

    /** Does something in a slot, with the request's limit of time from now on. */
    private <T> T inSlot(
            Kind kind,
            GenerationRequest request,
            Function<Cancellation, T> work,
            Function<T, List<GenerationResult>> results) {
        Cancellation cancellation = cancellation(kind, request);
        advice.onPrompt(request.prompt());
        return inSlot(cancellation, () -> work.apply(cancellation), results);
    }

    private <T> T inSlot(Cancellation cancellation, Supplier<T> work, Function<T, List<GenerationResult>> results) {
        return cancellation.trace().around(() -> slots.run(cancellation, work), results);
    }

    /** Starts the clock of a request, and follows it for listeners. */
    private Cancellation cancellation(Kind kind, GenerationRequest request) {
        Objects.requireNonNull(request, "request");
        return new Cancellation(request.timeout(), listeners.trace(kind, request));
    }

    @Override
    public AnswerStream stream(GenerationRequest request) {
        return live(request);
    }

    private LiveAnswer live(GenerationRequest request) {
        Objects.requireNonNull(request, "request");
        advice.onPrompt(request.prompt());
        return new LiveAnswer(generator, slots, request, listeners.trace(Kind.STREAM, request));
    }

    /**
     * Continues a prompt for subscribers. Each one gets an answer of its own, written in threads of the executor as
     * fast as the subscriber asks for pieces; its time runs from its subscription on. Cancelling the subscription gives
     * the answer up without waiting; what it occupies is free within one token.
     *
     * @param executor runs the network and calls the subscriber, one task per subscription at a time. A task that waits
     *     for its turn occupies a thread: with fewer threads than subscriptions, those that wait can keep the answers
     *     that have begun from going on
     */
    public Flow.Publisher<TextPiece> publisher(GenerationRequest request, Executor executor) {
        Objects.requireNonNull(request, "request");
        return new AnswerPublisher(() -> live(request), Objects.requireNonNull(executor, "executor"));
    }

    /**
     * Answers requests of many threads together: one run of the network writes a token of each, so that the weights are
     * read once for all of them. Meant for servers, which cannot know what is asked next.
     *
     * @param together the most answers that are written at the same time, at least 1; 4 to 8 are a good choice on a CPU
     * @param executor runs the network, one task at a time while there is something to write
     * @return a runner, to be closed by the caller before this pipeline
     * @throws IllegalArgumentException if {@code together} is below 1
     */
    public BatchingRunner batching(int together, Executor executor) {
        if (together < 1) {
            throw new IllegalArgumentException("together must be at least 1, got " + together);
        }
        Objects.requireNonNull(executor, "executor");
        return new BatchingRunner(this, new Batcher(generator.model(), slots, together, executor), true);
    }

    GenerationResult generate(Batcher batcher, GenerationRequest request) {
        Cancellation cancellation = cancellation(Kind.SINGLE, request);
        advice.onPrompt(request.prompt());
        return batcher.generate(generator, request, cancellation);
    }

    AnswerStream stream(Batcher batcher, GenerationRequest request) {
        Cancellation cancellation = cancellation(Kind.STREAM, request);
        advice.onPrompt(request.prompt());
        return batcher.answer(generator, request, cancellation);
    }

    /** As {@link #encode(List)}, of one picture. */
    public ImageEmbeddings encode(RgbImage image) {
        return encode(List.of(Objects.requireNonNull(image, "image")));
    }

    /** As {@link #encode(RgbImage)}, of a file. */
    public ImageEmbeddings encode(Path image) {
        return encode(RgbImage.read(Objects.requireNonNull(image, "image")));
    }

    /**
     * Encodes pictures once, to ask several prompts about all of them together: what {@link
     * GenerationRequest#of(ImageEmbeddings, String)} takes instead of the pictures.
     *
     * @param images the pictures in order, at least one
     * @throws IllegalArgumentException if there is no picture
     */
    public ImageEmbeddings encode(List<RgbImage> images) {
        List<RgbImage> all = NonNull.copy(images, "images");
        if (all.isEmpty()) {
            throw new IllegalArgumentException("expected at least one image, got none");
        }
        Cancellation cancellation = Cancellation.none();
        return slots.run(cancellation, () -> generator.encode(all, cancellation));
    }

    /**
     * Measures how closely another pipeline, for example the same checkpoint in another precision, follows this one,
     * the reference: every prompt, at least one, is asked about every picture, at least one. {@link Comparison} says
     * what is measured.
     *
     * <p>Image sizes may differ, the vocabulary may not. A request takes one slot of each pipeline's {@link
     * PipelineBuilder#maxConcurrentRequests}, and the key/value caches of both. A pipeline may be compared with itself.
     *
     * @param maxNewTokens the most tokens of an answer, at least 1
     * @return the figures of every request and of all together
     * @throws IllegalArgumentException if there is no image or no prompt, if {@code maxNewTokens} is below 1, if the
     *     pipelines do not have the same tokens, or if a prompt holds more than one {@code <image>} marker
     */
    public Comparison compare(PaliGemmaPipeline other, List<RgbImage> images, List<String> prompts, int maxNewTokens) {
        Objects.requireNonNull(other, "other");
        PipelineComparer comparer = new PipelineComparer(generator, limits(), other.generator, other.limits());
        return comparer.compare(NonNull.copy(images, "images"), NonNull.copy(prompts, "prompts"), maxNewTokens);
    }

    private PipelineComparer.Limits limits() {
        return new PipelineComparer.Limits(slots, listeners);
    }

    /**
     * As the other {@link #compare}, with answers of up to {@value GenerationRequest#DEFAULT_MAX_NEW_TOKENS} tokens.
     */
    public Comparison compare(PaliGemmaPipeline other, List<RgbImage> images, List<String> prompts) {
        return compare(other, images, prompts, GenerationRequest.DEFAULT_MAX_NEW_TOKENS);
    }

    /** What is loaded, and with what it runs: names, sizes and options. */
    public ModelInfo info() {
        return info;
    }

    /** How many requests run at the same time, as {@link PipelineBuilder#maxConcurrentRequests} was told. */
    public int maxConcurrentRequests() {
        return slots.count();
    }

    /** How many more may wait, as {@link PipelineBuilder#maxWaiting} was told. */
    public int maxWaiting() {
        return slots.maxWaiting();
    }

    @Override
    public PaliGemmaTokenizer tokenizer() {
        return generator.tokenizer();
    }

    @Override
    public PaliGemmaTokenizer tokenizer(GenerationRequest request) {
        return generator.tokenizer(request);
    }

    @Override
    public Set<String> adapters() {
        return generator.model().adapters().names();
    }

    /**
     * This pipeline for requests that are to be answered with an adapter; a request may still name another one. Nothing is
     * loaded again. The view's {@link #tokenizer} and {@link #constraints} are those of the adapter, if it has a tokenizer of
     * its own in its folder.
     *
     * <pre>{@code
     * String total = pipeline.withAdapter("receipts").answer(image, "What is the total?");
     * }</pre>
     *
     * @param name a name that {@link PipelineBuilder#adapter} was given
     * @return a view of the same model, with the same limits. It needs no closing: closing it does nothing, and closing the
     *     pipeline that was loaded closes all views
     * @throws IllegalArgumentException if there is no adapter of that name
     */
    public PaliGemmaPipeline withAdapter(String name) {
        return new PaliGemmaPipeline(this, generator.withAdapter(Objects.requireNonNull(name, "name")));
    }

    /**
     * Frees the model as soon as no step of it is running. Does nothing the second time, nor for a {@linkplain #withAdapter
     * view}.
     */
    @Override
    public void close() {
        if (ownsModel) {
            // Those who wait for their turn would otherwise wait for requests that nobody goes on with.
            slots.close();
            generator.model().close();
        }
    }
}
