package dev.paligemma;

import dev.paligemma.detection.Detection;
import dev.paligemma.detection.DetectionOptions;
import dev.paligemma.detection.DetectionParser;
import dev.paligemma.detection.DetectionResult;
import dev.paligemma.detection.SegmentationResult;
import dev.paligemma.engine.CacheFolder;
import dev.paligemma.engine.Device;
import dev.paligemma.engine.EngineException;
import dev.paligemma.engine.EngineOptions;
import dev.paligemma.engine.PaliGemmaException;
import dev.paligemma.engine.Precision;
import dev.paligemma.engine.adapter.AdapterException;
import dev.paligemma.engine.checkpoint.Checkpoint;
import dev.paligemma.engine.checkpoint.CheckpointException;
import dev.paligemma.engine.checkpoint.PaliGemmaConfig;
import dev.paligemma.engine.convert.CheckpointConverter;
import dev.paligemma.engine.convert.ConversionException;
import dev.paligemma.engine.convert.ConversionListener;
import dev.paligemma.engine.convert.ConversionPlan;
import dev.paligemma.engine.convert.ConvertedCheckpoints;
import dev.paligemma.engine.spi.Engine;
import dev.paligemma.engine.spi.EngineChoice;
import dev.paligemma.engine.spi.EngineProvider;
import dev.paligemma.gemma.DecoderOptions;
import dev.paligemma.gemma.Networks;
import dev.paligemma.hub.DownloadListener;
import dev.paligemma.hub.HubClient;
import dev.paligemma.hub.HubException;
import dev.paligemma.prompt.Prompts;
import dev.paligemma.prompt.TaskPrompt;
import dev.paligemma.token.TokenConstraints;
import dev.paligemma.tokenizer.PaliGemmaTokenizer;
import dev.paligemma.tokenizer.TokenizerException;
import dev.paligemma.vision.ImageException;
import dev.paligemma.vision.RgbImage;
import dev.paligemma.vision.mask.MaskCodec;
import dev.paligemma.vision.mask.MaskException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A loaded PaliGemma or PaliGemma 2 model that turns images and prompts into text.
 *
 * <pre>{@code
 * try (PaliGemmaPipeline pipeline = PaliGemmaPipeline.load(Path.of("paligemma2-3b-mix-224"))) {
 *     System.out.println(pipeline.caption(RgbImage.read(Path.of("cat.jpg"))));
 * }
 * }</pre>
 *
 * <p>Thread-safe: share one pipeline between all threads. Requests run at the same time up to the limit of
 * {@link Builder#maxConcurrentRequests}; further ones wait their turn. Each running request holds its own key/value
 * cache. Unless a request chooses tokens at random, it has one answer, whatever else is running. All methods that run the
 * model throw what {@link #generate} does, besides what they say themselves.
 *
 * <p>{@link #close} waits for the step of the network that is running, frees the model, and makes requests that are not
 * finished, and later ones, fail with an {@link IllegalStateException}.
 */
public final class PaliGemmaPipeline implements AutoCloseable {
    /** The engine that is used unless another is chosen: {@value}, the choice of {@link EngineChoice}. */
    public static final String DEFAULT_ENGINE = EngineChoice.AUTO;

    /**
     * The system property with the name of the engine to use where the program does not choose one: {@value}. Set to
     * anything but {@value #DEFAULT_ENGINE} or an engine on the class path, it makes loading fail.
     */
    public static final String ENGINE_PROPERTY = EngineChoice.PROPERTY;

    /** The most answers that {@link #score} takes: {@value}. */
    public static final int MAX_SCORED_ANSWERS = 256;

    /** The file of the mask decoder's weights in a checkpoint's folder: {@value}. */
    public static final String MASK_WEIGHTS = "vae-oid.npz";

    /** Names of published checkpoints that were not tuned: {@code paligemma2-3b-pt-224}. */
    private static final Pattern PRETRAINED = Pattern.compile("(?i)paligemma[^/\\\\]*-pt(-|\\b)");

    private static final String MASK_WEIGHTS_ADVICE = "Download it from the PaliGemma folder of Google's big_vision"
            + " (gs://big_vision/paligemma/vae-oid.npz, 8,479,556 bytes) and put it beside config.json, or name it with"
            + " PaliGemmaPipeline.builder().maskWeights(file).";

    private static final int MAX_BOX_TOKENS = 512;

    private static final Logger LOG = LoggerFactory.getLogger(PaliGemmaPipeline.class);

    private final ModelInfo info;
    private final PaliGemmaTokenizer tokenizer;
    private final VisionLanguageModel model;
    private final TextGenerator generator;
    private final Slots slots;
    private final TokenConstraints constraints;
    private final @Nullable MaskCodec maskCodec;
    private final boolean isPretrained;
    private final AtomicBoolean advised = new AtomicBoolean();
    private final AtomicBoolean advisedOnMasks = new AtomicBoolean();

    private PaliGemmaPipeline(ModelInfo info, TextGenerator generator, Slots slots, @Nullable MaskCodec maskCodec) {
        this.info = info;
        this.tokenizer = generator.tokenizer();
        this.model = generator.model();
        this.generator = generator;
        this.slots = slots;
        this.constraints = new TokenConstraints(tokenizer);
        this.maskCodec = maskCodec;
        this.isPretrained = PRETRAINED.matcher(info.folder().toString()).find();
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
     * @throws CheckpointException if a file is missing, damaged or not of a known architecture
     * @throws TokenizerException if the tokenizer file is damaged or of another kind
     * @throws ImageException if the preprocessor file is damaged or asks for something unknown
     * @throws MaskException if there is a file {@value #MASK_WEIGHTS} and it is damaged
     * @throws EngineException if the engine cannot run the model here
     */
    public static PaliGemmaPipeline load(Path checkpoint) {
        return builder().checkpoint(checkpoint).build();
    }

    /**
     * Loads a checkpoint of the Hugging Face hub, after downloading what is not in the cache, with every option at its
     * default. The cache is the one of Python's {@code huggingface_hub}; {@link HubClient} says where it is, and how to give
     * the token that gated models need.
     *
     * <pre>{@code
     * PaliGemmaPipeline pipeline = PaliGemmaPipeline.fromPretrained("google/paligemma2-3b-mix-224");
     * }</pre>
     *
     * @param name {@code owner/name} or {@code owner/name@revision}
     * @return the pipeline, to be closed by the caller
     * @throws IllegalArgumentException if it is not such a name
     * @throws HubException if the model cannot be had; {@link HubException#kind} says why
     * @throws PaliGemmaException if the checkpoint or the engine cannot be used; see {@link #load}
     * @throws TokenizerException if the tokenizer file is damaged or of another kind
     */
    public static PaliGemmaPipeline fromPretrained(String name) {
        return builder().model(name).build();
    }

    /**
     * Converts a checkpoint ahead of time into a folder that stands for itself: it can be moved, shared, and loaded like
     * any checkpoint, without the original and without a cache.
     *
     * @param checkpoint a folder in Hugging Face format, as for {@link #load}
     * @param precision {@link Precision#INT8} or {@link Precision#INT4}
     * @param target the folder to make: nothing yet, or an empty folder; it appears whole or not at all
     * @param listener hears of progress; {@link ConversionListener#NONE} for nobody
     * @throws IllegalArgumentException if the precision is another one
     * @throws CheckpointException if a file is missing, damaged or not of a known architecture
     * @throws TokenizerException if the tokenizer file is damaged or of another kind
     * @throws ImageException if the preprocessor file is damaged or asks for something unknown
     * @throws MaskException if there is a file {@value #MASK_WEIGHTS} and it is damaged
     * @throws ConversionException if the checkpoint is converted already or has weights that are not finite, something is
     *     in the place of the target, it cannot be written, or the thread is interrupted
     */
    public static void convert(Path checkpoint, Precision precision, Path target, ConversionListener listener) {
        Objects.requireNonNull(checkpoint, "checkpoint");
        Objects.requireNonNull(precision, "precision");
        Objects.requireNonNull(target, "target");
        Objects.requireNonNull(listener, "listener");
        if (!StoredPrecision.isConverted(precision)) {
            throw new IllegalArgumentException("a checkpoint is converted for int8 or int4, not for " + precision);
        }
        try (Checkpoint source = Networks.open(checkpoint)) {
            // Files that do not belong together are found now and not when the converted folder is loaded.
            ModelFiles.read(source, null);
            CheckpointConverter.convert(source, ConversionPlan.of(precision, source.graphs()), target, listener);
        }
    }

    /** A builder with every option at its default. */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * Describes an image in English, in the short style of COCO captions.
     *
     * @param image the picture
     * @return the caption
     */
    public String caption(RgbImage image) {
        return caption(image, "en");
    }

    /**
     * Describes an image file in English.
     *
     * @param image a picture file
     * @return the caption
     * @throws ImageException if the file is missing or is not a readable picture
     */
    public String caption(Path image) {
        return caption(RgbImage.read(image));
    }

    /**
     * Describes an image, in the short style of COCO captions.
     *
     * @param image the picture
     * @param language an ISO 639-1 code such as {@code "en"} or {@code "es"}
     * @return the caption
     * @throws IllegalArgumentException if the language is not two or three lower-case letters, perhaps with a region
     */
    public String caption(RgbImage image, String language) {
        return text(image, Prompts.caption(language));
    }

    /**
     * Answers a question about an image in English, shortly. Control tokens in the question are plain text.
     *
     * @param image the picture
     * @param question the question
     * @return the answer
     */
    public String answer(RgbImage image, String question) {
        return text(image, Prompts.answer("en", question));
    }

    /**
     * Answers a question about an image file in English, shortly.
     *
     * @param image a picture file
     * @param question the question
     * @return the answer
     * @throws ImageException if the file is missing or is not a readable picture
     */
    public String answer(Path image, String question) {
        return answer(RgbImage.read(image), question);
    }

    /**
     * Reads the text in an image.
     *
     * @param image the picture
     * @return the text; empty if there is none
     */
    public String ocr(RgbImage image) {
        return text(image, Prompts.ocr());
    }

    /**
     * Reads the text in an image file.
     *
     * @param image a picture file
     * @return the text; empty if there is none
     * @throws ImageException if the file is missing or is not a readable picture
     */
    public String ocr(Path image) {
        return ocr(RgbImage.read(image));
    }

    /**
     * Finds things in an image.
     *
     * <pre>{@code
     * for (Detection cat : pipeline.detect(image, "cat").detections()) {
     *     System.out.println(cat.label() + " at " + cat.pixels());
     * }
     * }</pre>
     *
     * @param image the picture
     * @param labels what to find, each without a semicolon; control tokens in them are plain text
     * @return the boxes in the picture's own pixels, and the raw answer
     * @throws IllegalArgumentException if there is no label or one cannot be part of a prompt
     */
    public DetectionResult detect(RgbImage image, String... labels) {
        return detect(image, List.of(labels), DetectionOptions.defaults());
    }

    /**
     * Finds things in an image, with limits on which boxes are kept.
     *
     * @param image the picture
     * @param labels what to find, each without a semicolon; control tokens in them are plain text
     * @param options how boxes are read and which are kept
     * @return the boxes in the picture's own pixels, and the raw answer
     * @throws IllegalArgumentException if there is no label or one cannot be part of a prompt
     */
    public DetectionResult detect(RgbImage image, List<String> labels, DetectionOptions options) {
        return detect(boxes(image, Prompts.detect(labels)), options);
    }

    /**
     * Answers any request and reads the answer as boxes, for example of a model with prompts of its own, or with a
     * constraint:
     *
     * <pre>{@code
     * GenerationRequest request = GenerationRequest.builder()
     *         .image(image)
     *         .task(Prompts.detect("cat", "dog"))
     *         .constraint(pipeline.constraints().detections(List.of("cat", "dog")))
     *         .build();
     * DetectionResult result = pipeline.detect(request, DetectionOptions.defaults());
     * }</pre>
     *
     * @param request a request with one image
     * @param options how boxes are read and which are kept
     * @return the boxes in the picture's own pixels, and the raw answer
     * @throws IllegalArgumentException if the request has several images, and as {@link #generate}
     */
    public DetectionResult detect(GenerationRequest request, DetectionOptions options) {
        DetectionParser parser = parser(request, options);
        generate(request).tokens().forEach(parser::accept);
        parser.finish();
        return parser.result();
    }

    /**
     * Finds things in an image and gives each as soon as it is written.
     *
     * @param image the picture
     * @param labels what to find, each without a semicolon; control tokens in them are plain text
     * @return the boxes to come, to be closed by the caller; nothing runs before the first is asked for
     * @throws IllegalArgumentException if there is no label or one cannot be part of a prompt
     */
    public DetectionStream streamDetections(RgbImage image, String... labels) {
        return streamDetections(boxes(image, Prompts.detect(labels)), DetectionOptions.defaults());
    }

    /**
     * Answers any request, reads the answer as boxes and gives each as soon as it is written.
     *
     * @param request a request with one image
     * @param options how boxes are read and which are kept
     * @return the boxes to come, to be closed by the caller; nothing runs before the first is asked for
     * @throws IllegalArgumentException if the request has several images
     */
    public DetectionStream streamDetections(GenerationRequest request, DetectionOptions options) {
        return new DetectionStream(stream(request), parser(request, options));
    }

    /**
     * Finds things in an image, and their shapes. Shapes need the weights of the mask decoder, see
     * {@link Builder#maskWeights}; without them there are boxes and segmentation codes.
     *
     * @param image the picture
     * @param labels what to find, each without a semicolon; control tokens in them are plain text
     * @return boxes and masks in the picture's own pixels, and the raw answer
     * @throws IllegalArgumentException if there is no label or one cannot be part of a prompt
     */
    public SegmentationResult segment(RgbImage image, String... labels) {
        return segment(boxes(image, Prompts.segment(labels)), DetectionOptions.defaults());
    }

    /**
     * Answers any request and reads the answer as boxes with masks; see {@link #segment(RgbImage, String...)}.
     *
     * @param request a request with one image
     * @param options how boxes are read and which are kept
     * @return boxes and masks in the picture's own pixels, and the raw answer
     * @throws IllegalArgumentException if the request has several images, and as {@link #generate}
     */
    public SegmentationResult segment(GenerationRequest request, DetectionOptions options) {
        DetectionResult answer = detect(request, options);
        if (maskCodec == null
                && answer.detections().stream().anyMatch(Detection::hasMask)
                && advisedOnMasks.compareAndSet(false, true)) {
            LOG.warn("masks stay codes: {} has no {}. {}", info.folder(), MASK_WEIGHTS, MASK_WEIGHTS_ADVICE);
        }
        return SegmentationResult.of(answer, maskCodec);
    }

    /** The decoder of masks, or nothing if there are no weights for it; see {@link Builder#maskWeights}. */
    public Optional<MaskCodec> maskCodec() {
        return Optional.ofNullable(maskCodec);
    }

    /**
     * Makes constraints on answers with the tokens of this model. The first constraint of some kinds needs an index of the
     * vocabulary, which takes about a second for a large one and is kept.
     *
     * @return the constraints, thread-safe
     */
    public TokenConstraints constraints() {
        return constraints;
    }

    /** Long enough for the answers of several things: a mask alone takes 21 tokens and its label. */
    private static GenerationRequest boxes(RgbImage image, TaskPrompt task) {
        return GenerationRequest.builder()
                .image(image)
                .task(task)
                .maxNewTokens(MAX_BOX_TOKENS)
                .build();
    }

    private DetectionParser parser(GenerationRequest request, DetectionOptions options) {
        if (request.imageCount() != 1) {
            throw new IllegalArgumentException("boxes need a request with one image, got " + request.imageCount());
        }
        ImageEmbeddings embeddings = request.embeddings();
        return embeddings == null
                ? new DetectionParser(
                        tokenizer,
                        request.images().get(0).width(),
                        request.images().get(0).height(),
                        options)
                : new DetectionParser(tokenizer, embeddings.imageWidth(0), embeddings.imageHeight(0), options);
    }

    private String text(RgbImage image, TaskPrompt task) {
        return generate(GenerationRequest.builder().image(image).task(task).build())
                .text();
    }

    /**
     * Continues a prompt about images.
     *
     * @param request images, prompt, limits and how tokens are chosen
     * @return text, tokens and figures
     * @throws RequestException if images and prompt are longer than the model can take
     * @throws RequestCancelledException if the thread is interrupted, or the time of the request is over
     * @throws IllegalArgumentException if the number of {@code <image>} markers in the prompt is neither 0 nor the
     *     number of images
     * @throws IllegalStateException if the pipeline is closed, or is closed meanwhile
     * @throws EngineException if the runtime fails
     */
    public GenerationResult generate(GenerationRequest request) {
        Objects.requireNonNull(request, "request");
        return generate(request, new Cancellation(request.timeout()));
    }

    private GenerationResult generate(GenerationRequest request, Cancellation cancellation) {
        advise(request);
        GenerationResult result = slots.run(cancellation, () -> generator.generate(request, cancellation));
        LOG.debug("{} new tokens, {}, {}", result.tokens().size(), result.finishReason(), result.timings());
        return result;
    }

    /**
     * Continues a prompt as {@link #generate} does, in a thread of the executor. Cancelling the future, or completing it
     * otherwise, gives the request up: within one token the thread is free again.
     *
     * @param request images, prompt, limits and how tokens are chosen; its time runs from now on
     * @param executor runs the request
     * @return the answer to come, or what {@link #generate} would throw
     */
    public CompletableFuture<GenerationResult> generateAsync(GenerationRequest request, Executor executor) {
        Objects.requireNonNull(request, "request");
        Cancellation cancellation = new Cancellation(request.timeout());
        CompletableFuture<GenerationResult> future =
                CompletableFuture.supplyAsync(() -> generate(request, cancellation), executor);
        // Also when somebody else completes it, as orTimeout does: then nobody waits for the answer any more.
        CompletableFuture<GenerationResult> unused = future.whenComplete((result, failure) -> cancellation.cancel());
        return future;
    }

    /**
     * Continues many prompts, several at a time, so that the weights are read once for all of them at every step. Prompts
     * may differ in length and in their images. The answers are those of {@link #generate}: the same tokens, with
     * log-probabilities that may differ in their last bits.
     *
     * <p>The requests together occupy one of the pipeline's concurrent requests, but need the memory of {@code together}
     * key/value caches, and twice that while one is added. If one of them fails, all do.
     *
     * @param requests what to answer
     * @param together the most that are answered at the same time, at least 1; 4 to 8 are a good choice on a CPU
     * @return the answers in the order of the requests
     * @throws IllegalArgumentException if {@code together} is below 1, and as {@link #generate}
     * @throws RequestException if images and prompt of a request are longer than the model can take
     * @throws RequestCancelledException if the thread is interrupted, or the time of a request is over
     * @throws IllegalStateException if the pipeline is closed, or is closed meanwhile
     * @throws EngineException if the runtime fails
     */
    public List<GenerationResult> generateAll(List<GenerationRequest> requests, int together) {
        List<GenerationRequest> all = List.copyOf(requests);
        if (together < 1) {
            throw new IllegalArgumentException("together must be at least 1, got " + together);
        }
        all.forEach(this::advise);
        List<Cancellation> cancellations =
                all.stream().map(request -> new Cancellation(request.timeout())).toList();
        Duration shortest = all.stream()
                .flatMap(request -> Stream.ofNullable(request.timeout()))
                .min(Duration::compareTo)
                .orElse(null);
        return slots.run(
                new Cancellation(shortest), () -> new BatchGenerator(generator).generate(all, together, cancellations));
    }

    /**
     * Answers one request several times, with the seeds {@code seed, seed + 1, ...}, side by side after one run of the
     * prompt.
     *
     * @param request a request that chooses tokens at random
     * @param count how many answers, 1 to {@value BeamSearch#MAX_BEAMS}
     * @return the answers in the order of the seeds, which {@link #generate} gives for these seeds as well
     * @throws IllegalArgumentException if the request is greedy or the count out of range, and as {@link #generate}
     */
    public List<GenerationResult> generateSeveral(GenerationRequest request, int count) {
        Sampling sampling = request.sampling();
        if (sampling.isGreedy()) {
            throw new IllegalArgumentException("a greedy request has one answer; choose a sampling for several");
        }
        if (count < 1 || count > BeamSearch.MAX_BEAMS) {
            throw new IllegalArgumentException("count must be 1 to " + BeamSearch.MAX_BEAMS + ", got " + count);
        }
        return run(request, cancellation -> generator.generateSeveral(request, count, cancellation));
    }

    /**
     * Searches for the most likely answers.
     *
     * @param request images, prompt and limits; it must not choose tokens at random
     * @param search how to search
     * @return the answers, the best one first; none if the search found no answer within its limits
     * @throws IllegalArgumentException if the request chooses tokens at random, and as {@link #generate}
     * @throws RequestException if images and prompt are longer than the model can take
     * @throws RequestCancelledException if the thread is interrupted, or the time of the request is over
     * @throws IllegalStateException if the pipeline is closed, or is closed meanwhile
     * @throws EngineException if the runtime fails
     */
    public List<ScoredAnswer> search(GenerationRequest request, BeamSearch search) {
        Objects.requireNonNull(search, "search");
        if (!request.sampling().isGreedy()) {
            throw new IllegalArgumentException(
                    "a beam search has no random choice; the request has the sampling " + request.sampling());
        }
        return run(request, cancellation -> generator.search(request, search, cancellation));
    }

    /**
     * Tells how likely each of several given answers is, after one run of the prompt: to choose among them, or to know how
     * sure the model is.
     *
     * @param image the picture
     * @param prompt the prompt, for example {@code Prompts.answer("en", "is the door open?")}
     * @param answers the answers, 1 to {@value #MAX_SCORED_ANSWERS} different ones; {@code <loc0000>} and the like are codes
     * @return their scores in the same order; the shares add up to 1
     * @throws IllegalArgumentException if there are too few or too many answers, or one is given twice
     */
    public List<AnswerScore> score(RgbImage image, TaskPrompt prompt, List<String> answers) {
        return score(GenerationRequest.builder().image(image).task(prompt).build(), answers);
    }

    /**
     * Tells how likely each of several given answers to a request is; see {@link #score(RgbImage, TaskPrompt, List)}.
     *
     * @param request images and prompt; how it chooses tokens makes no difference
     * @param answers the answers, 1 to {@value #MAX_SCORED_ANSWERS} different ones
     * @return their scores in the same order; the shares add up to 1
     * @throws IllegalArgumentException if there are too few or too many answers, or one is given twice, and as
     *     {@link #generate}
     * @throws RequestCancelledException if the thread is interrupted, or the time of the request is over
     */
    public List<AnswerScore> score(GenerationRequest request, List<String> answers) {
        List<String> checked = AnswerScorer.require(answers, MAX_SCORED_ANSWERS);
        return run(request, cancellation -> new AnswerScorer(generator).score(request, checked, cancellation));
    }

    /**
     * Continues a prompt token by token, as fast as the caller asks for them.
     *
     * @param request images, prompt, limits and how tokens are chosen; its time runs from now on
     * @return the answer to come, to be closed by the caller; nothing runs before its first piece is asked for
     */
    public AnswerStream stream(GenerationRequest request) {
        Objects.requireNonNull(request, "request");
        advise(request);
        return new AnswerStream(generator, slots, request);
    }

    /**
     * Continues a prompt for subscribers. Each one gets an answer of its own, written in threads of the executor as fast as
     * the subscriber asks for pieces. Cancelling the subscription gives the answer up without waiting; what it occupies is
     * free within one token.
     *
     * @param request images, prompt, limits and how tokens are chosen; its time runs from each subscription on
     * @param executor runs the network and calls the subscriber, one task per subscription at a time. A task that waits for
     *     its turn occupies a thread: with fewer threads than subscriptions, those that wait can keep the answers that have
     *     begun from going on
     * @return the publisher
     */
    public Flow.Publisher<TextPiece> publisher(GenerationRequest request, Executor executor) {
        Objects.requireNonNull(request, "request");
        return new AnswerPublisher(() -> stream(request), Objects.requireNonNull(executor, "executor"));
    }

    /**
     * Encodes a picture once, to ask several prompts about it.
     *
     * @param image the picture
     * @return what {@link GenerationRequest#of(ImageEmbeddings, String)} takes instead of the picture
     */
    public ImageEmbeddings encode(RgbImage image) {
        return encode(List.of(image));
    }

    /**
     * Encodes pictures once, to ask several prompts about all of them together.
     *
     * @param images the pictures in order, at least one
     * @return what {@link GenerationRequest#of(ImageEmbeddings, String)} takes instead of the pictures
     * @throws IllegalArgumentException if there is no picture
     * @throws RequestCancelledException if the thread is interrupted
     * @throws IllegalStateException if the pipeline is closed
     */
    public ImageEmbeddings encode(List<RgbImage> images) {
        List<RgbImage> all = List.copyOf(images);
        if (all.isEmpty()) {
            throw new IllegalArgumentException("expected at least one image, got none");
        }
        Cancellation cancellation = Cancellation.none();
        return slots.run(cancellation, () -> generator.encode(all, cancellation));
    }

    /** Does something in a slot, with the request's limit of time from now on. */
    private <T> T run(GenerationRequest request, Function<Cancellation, T> work) {
        advise(request);
        Cancellation cancellation = new Cancellation(request.timeout());
        return slots.run(cancellation, () -> work.apply(cancellation));
    }

    /** Tells those who chat with a pre-trained checkpoint that it was not made for that; once for each pipeline. */
    private void advise(GenerationRequest request) {
        if (isPretrained) {
            Prompts.hint(request.prompt()).ifPresent(hint -> {
                if (advised.compareAndSet(false, true)) {
                    LOG.info("{} looks like a pre-trained checkpoint (pt): {}", info.folder(), hint);
                }
            });
        }
    }

    /**
     * Compares another pipeline with this one, with answers of up to {@link GenerationRequest#DEFAULT_MAX_NEW_TOKENS}
     * tokens; see {@link #compare(PaliGemmaPipeline, List, List, int)}.
     *
     * @param other the pipeline to judge
     * @param images the pictures, at least one
     * @param prompts the prompts, at least one; every prompt is asked about every picture
     * @return the figures of every request and of all together
     */
    public Comparison compare(PaliGemmaPipeline other, List<RgbImage> images, List<String> prompts) {
        return compare(other, images, prompts, GenerationRequest.DEFAULT_MAX_NEW_TOKENS);
    }

    /**
     * Measures how closely another pipeline, for example the same checkpoint in another precision, follows this one,
     * the reference. Every prompt is asked about every image alone, as {@link GenerationRequest#of} does.
     *
     * <p>The reference answers greedily. At each position of its answer, up to and including its end-of-sequence token,
     * both pipelines give probabilities for the next token after the same image, prompt and tokens of the reference:
     * p(i) and q(i), the softmax of the raw logits over the whole vocabulary. From these:
     *
     * <ul>
     *   <li>token agreement: the share of positions at which the most likely token is the same;
     *   <li>mean KL: the mean over positions of {@code sum over i of p(i) * ln(p(i) / q(i))}, in nats, computed in double
     *       precision.
     * </ul>
     *
     * <p>Then the other pipeline answers on its own, and the two answers are compared:
     *
     * <ul>
     *   <li>same answers: the share of requests with the same written tokens;
     *   <li>mean IoU: boxes are four codes {@code <locNNNN>} (top, left, bottom, right in 1/1024 of the image) and a label.
     *       Overlapping boxes with equal labels are paired one to one, the largest intersection over union first; the mean
     *       is taken over all pairs and all boxes of either side that stay alone, which count 0.
     * </ul>
     *
     * <p>Image sizes may differ, the vocabulary may not. A request takes one slot of each pipeline's
     * {@link Builder#maxConcurrentRequests}, and the key/value caches of both. A pipeline may be compared with itself.
     *
     * @param other the pipeline to judge
     * @param images the pictures, at least one
     * @param prompts the prompts, at least one
     * @param maxNewTokens the most tokens of an answer, at least 1
     * @return the figures of every request and of all together
     * @throws IllegalArgumentException if there is no image or no prompt, if {@code maxNewTokens} is below 1, if the
     *     pipelines do not have the same tokens, or if a prompt holds more than one {@code <image>} marker
     * @throws RequestException if image and prompt are longer than a model can take
     * @throws IllegalStateException if one of the pipelines is closed, or is closed meanwhile
     * @throws EngineException if the runtime fails
     */
    public Comparison compare(PaliGemmaPipeline other, List<RgbImage> images, List<String> prompts, int maxNewTokens) {
        Objects.requireNonNull(other, "other");
        PipelineComparer comparer = new PipelineComparer(generator, slots, other.generator, other.slots);
        return comparer.compare(List.copyOf(images), List.copyOf(prompts), maxNewTokens);
    }

    /** What is loaded, and with what it runs: names, sizes and options. */
    public ModelInfo info() {
        return info;
    }

    /** The tokenizer of the loaded checkpoint, thread-safe. */
    public PaliGemmaTokenizer tokenizer() {
        return tokenizer;
    }

    /**
     * The adapters that were loaded with the model: their names, in the order in which they were given; unmodifiable.
     */
    public Set<String> adapters() {
        return model.adapters().names();
    }

    /**
     * This pipeline for requests that are to be answered with an adapter; a request may still name another one.
     *
     * <pre>{@code
     * try (PaliGemmaPipeline pipeline = PaliGemmaPipeline.builder()
     *         .checkpoint(folder)
     *         .adapter("receipts", Path.of("receipts-lora"))
     *         .build()) {
     *     String total = pipeline.withAdapter("receipts").answer(image, "What is the total?");
     * }
     * }</pre>
     *
     * @param name a name that {@link Builder#adapter} was given
     * @return a view of the same model, with the same limits; closing either closes both
     * @throws IllegalArgumentException if there is no adapter of that name
     */
    public PaliGemmaPipeline withAdapter(String name) {
        return new PaliGemmaPipeline(
                info, generator.withAdapter(Objects.requireNonNull(name, "name")), slots, maskCodec);
    }

    /** Frees the model as soon as no step of it is running. Does nothing the second time. */
    @Override
    public void close() {
        // Those who wait for their turn would otherwise wait for requests that nobody goes on with.
        slots.close();
        model.close();
    }

    /** Collects the options of a {@link PaliGemmaPipeline}. Confined to one thread. */
    public static final class Builder {
        private final ModelSources sources = new ModelSources();
        private @Nullable String engine;
        private Device device = Device.CPU;
        private @Nullable Precision precision;
        private int threads = EngineOptions.defaults().threads();
        private int maxConcurrentRequests = Runtime.getRuntime().availableProcessors();
        private DecoderOptions decoderOptions = DecoderOptions.defaults();
        private @Nullable Path cacheDirectory;
        private ConversionListener conversionListener = ConversionListener.NONE;
        private @Nullable Path maskWeights;

        private Builder() {}

        /**
         * Chooses a checkpoint on this machine; this or {@link #model} is required.
         *
         * @param folder a folder in Hugging Face format, or a checkpoint of big_vision: a file {@code *.npz}, or its folder
         * @return this builder
         */
        public Builder checkpoint(Path folder) {
            sources.folder(folder);
            return this;
        }

        /**
         * Chooses a checkpoint on the Hugging Face hub. {@link #build} downloads what is not in the cache.
         *
         * @param name {@code owner/name}, such as {@code google/paligemma2-3b-mix-224}, or {@code owner/name@revision}
         * @return this builder
         * @throws IllegalArgumentException if it is not such a name
         */
        public Builder model(String name) {
            sources.model(name);
            return this;
        }

        /**
         * Chooses which version of the {@linkplain #model model} to use; {@code main} by default, unless its name says it. Another one
         * than its name says is refused by {@link #build}.
         *
         * @param revision a branch such as {@code bfloat16}, a tag, or a commit of 40 hexadecimal digits, which never changes
         * @return this builder
         * @throws IllegalArgumentException if it cannot be a revision
         */
        public Builder revision(String revision) {
            sources.revision(revision);
            return this;
        }

        /**
         * Chooses the client that downloads models; by default one with the settings of the environment, see
         * {@link HubClient}.
         *
         * @param client the client
         * @return this builder
         */
        public Builder hub(HubClient client) {
            sources.hub(client);
            return this;
        }

        /**
         * Listens to downloads, if there are any.
         *
         * @param listener hears of progress; an exception of it ends {@link #build}
         * @return this builder
         */
        public Builder onDownload(DownloadListener listener) {
            sources.onDownload(listener);
            return this;
        }

        /**
         * Chooses the engine. Without a choice the system property {@value PaliGemmaPipeline#ENGINE_PROPERTY} does, and
         * where that is not set either, {@value PaliGemmaPipeline#DEFAULT_ENGINE}: {@code pytorch} for a GPU and for
         * {@link Precision#BFLOAT16}, {@code onnx} for everything else. {@link ModelInfo#engine} says which one it was.
         *
         * @param name the name of an engine on the class path, or {@value PaliGemmaPipeline#DEFAULT_ENGINE}
         * @return this builder
         * @throws EngineException if there is none of that name; the message has the dependency to add
         */
        public Builder engine(String name) {
            EngineChoice.check(name);
            this.engine = name;
            return this;
        }

        /**
         * Chooses where to compute, the CPU by default.
         *
         * @param newDevice a device that the engine supports
         * @return this builder
         */
        public Builder device(Device newDevice) {
            this.device = Objects.requireNonNull(newDevice, "device");
            return this;
        }

        /**
         * Chooses how weights are stored and computed with; by default {@link Precision#FLOAT32} for a checkpoint as
         * published, and for a converted one the precision it was converted for, which is the only one it can run in.
         *
         * <p>{@link Precision#INT8} and {@link Precision#INT4} need converted weights. The first load of a checkpoint as
         * published converts them into the {@linkplain #cacheDirectory cache}; later loads use those.
         *
         * @param newPrecision a precision that the engine supports
         * @return this builder
         */
        public Builder precision(Precision newPrecision) {
            this.precision = Objects.requireNonNull(newPrecision, "precision");
            return this;
        }

        /**
         * Limits the threads of one operation; by default all cores are used.
         *
         * @param newThreads from 1 to {@value EngineOptions#MAX_THREADS}
         * @return this builder
         * @throws IllegalArgumentException if the number is out of range
         */
        public Builder threads(int newThreads) {
            if (newThreads < 1 || newThreads > EngineOptions.MAX_THREADS) {
                throw new IllegalArgumentException(
                        "threads must be from 1 to " + EngineOptions.MAX_THREADS + ", got " + newThreads);
            }
            this.threads = newThreads;
            return this;
        }

        /**
         * Limits the requests that run at the same time, and so the memory of their key/value caches; as many as there
         * are cores by default. Further requests wait, first come first served.
         *
         * @param limit at least 1
         * @return this builder
         * @throws IllegalArgumentException if the number is below 1
         */
        public Builder maxConcurrentRequests(int limit) {
            if (limit < 1) {
                throw new IllegalArgumentException("maxConcurrentRequests must be at least 1, got " + limit);
            }
            this.maxConcurrentRequests = limit;
            return this;
        }

        /**
         * Chooses which implementation to follow where the references differ, transformers by default.
         *
         * @param options the choices
         * @return this builder
         */
        public Builder decoderOptions(DecoderOptions options) {
            this.decoderOptions = Objects.requireNonNull(options, "options");
            return this;
        }

        /**
         * Chooses where converted weights are kept, {@link CacheFolder#ofThisProcess} by default. Several processes may
         * share it. It may be deleted whenever no program uses it.
         *
         * @param folder a folder; it is made when needed
         * @return this builder
         */
        public Builder cacheDirectory(Path folder) {
            this.cacheDirectory = Objects.requireNonNull(folder, "folder");
            return this;
        }

        /**
         * Chooses the weights of the mask decoder, the file {@value PaliGemmaPipeline#MASK_WEIGHTS} of big_vision; by
         * default the one of that name in the checkpoint's folder, if there is one.
         *
         * @param file the file
         * @return this builder
         */
        public Builder maskWeights(Path file) {
            this.maskWeights = Objects.requireNonNull(file, "file");
            return this;
        }

        /**
         * Loads an adapter with the model, as trained and saved with PEFT; may be called several times. The weights of the
         * model stay as they are: each request chooses its adapter, or none, with
         * {@link GenerationRequest.Builder#adapter} or {@link PaliGemmaPipeline#withAdapter}.
         *
         * <p>Works in every precision. Modules that an adapter changes cost a little more time in requests without it, too.
         *
         * @param name what requests call it
         * @param folder a folder with {@code adapter_config.json} and {@code adapter_model.safetensors}
         * @return this builder
         * @throws IllegalArgumentException if the name is blank or was given before
         */
        public Builder adapter(String name, Path folder) {
            sources.adapter(name, folder);
            return this;
        }

        /**
         * Loads an adapter of the Hugging Face hub with the model; otherwise as {@link #adapter(String, Path)}.
         *
         * @param name what requests call it
         * @param hubName {@code owner/name} or {@code owner/name@revision}
         * @return this builder
         * @throws IllegalArgumentException if the name is blank or was given before, or the other one is not a hub name
         */
        public Builder adapter(String name, String hubName) {
            sources.adapter(name, hubName);
            return this;
        }

        /**
         * Listens to the conversion of weights, if one is needed. It takes from seconds to minutes, once.
         *
         * @param listener hears of progress; an exception of it ends {@link #build}
         * @return this builder
         */
        public Builder onConversion(ConversionListener listener) {
            this.conversionListener = Objects.requireNonNull(listener, "listener");
            return this;
        }

        /**
         * Loads the model. Where {@link MemoryEstimate} says that it needs more memory than is free, that is a warning in the
         * log and loading goes on.
         *
         * @return the pipeline, to be closed by the caller
         * @throws IllegalStateException if no checkpoint was chosen, or a folder and a model of the hub
         * @throws HubException if a model of the hub cannot be had; {@link HubException#kind} says why
         * @throws CheckpointException if the checkpoint is converted for another precision than the chosen one
         * @throws MaskException if the weights of the mask decoder are missing where they were said to be, or damaged
         * @throws AdapterException if an adapter's folder is damaged, or it does not fit the checkpoint
         * @throws ConversionException if weights must be converted and cannot be, for example because the disk is full
         * @throws PaliGemmaException if the checkpoint or the engine cannot be used; see {@link PaliGemmaPipeline#load}
         * @throws TokenizerException if the tokenizer file is damaged or of another kind
         */
        public PaliGemmaPipeline build() {
            Path folder = sources.checkpoint();
            Map<String, Path> adapters = sources.adapters();
            Stopwatch stopwatch = new Stopwatch();
            try (Checkpoint given = Networks.open(folder)) {
                // An engine that does not know the precision refuses here, before anything is converted for it.
                EngineOptions options = new EngineOptions(device, StoredPrecision.choose(given, precision), threads);
                EngineProvider provider = EngineChoice.choose(engine, options.device(), options.precision());
                Engine runtime = provider.create(options);
                PaliGemmaConfig config = given.config();
                Networks networks = Networks.record(config, decoderOptions);
                MemoryCheck.OF_THIS_MACHINE
                        .warning(given, networks, provider, options, engine)
                        .ifPresent(LOG::warn);
                // A vocabulary takes as long to read as an engine needs for its weights, so both are done at once.
                CompletableFuture<ModelFiles> files =
                        CompletableFuture.supplyAsync(() -> ModelFiles.read(given, maskWeights));
                VisionLanguageModel model = compile(runtime, given, networks, adapters, files);
                ModelFiles read = closingOnFailure(model, files);
                ModelInfo info = new ModelInfo(
                        folder, config, runtime.name(), runtime.version(), runtime.options(), stopwatch.lapMs());
                LOG.info("loaded {} with {} {} in {} ms", folder, info.engine(), info.options(), (long) info.loadMs());
                TextGenerator generator =
                        new TextGenerator(config, read.tokenizer(), read.imageProcessor(), model, null);
                return new PaliGemmaPipeline(info, generator, new Slots(maxConcurrentRequests), read.maskCodec());
            }
        }

        private VisionLanguageModel compile(
                Engine runtime,
                Checkpoint given,
                Networks networks,
                Map<String, Path> adapters,
                CompletableFuture<ModelFiles> files) {
            if (!StoredPrecision.isConverted(runtime.options().precision())) {
                return new VisionLanguageModel(runtime, given, Adapters.load(networks, adapters, given));
            }
            ConversionPlan plan = ConversionPlan.of(runtime.options().precision(), networks.all());
            Path cache = cacheDirectory == null ? CacheFolder.ofThisProcess() : cacheDirectory;
            Path folder = new ConvertedCheckpoints(cache).obtain(given, plan, progress -> {
                // Converting takes minutes, which are wasted if another file turns out to be unusable.
                join(files);
                conversionListener.progress(progress);
            });
            if (folder.equals(given.folder())) {
                return new VisionLanguageModel(runtime, given, Adapters.load(networks, adapters, given));
            }
            try (Checkpoint converted = Networks.open(folder)) {
                return new VisionLanguageModel(runtime, converted, Adapters.load(networks, adapters, converted));
            }
        }

        private static ModelFiles closingOnFailure(VisionLanguageModel model, CompletableFuture<ModelFiles> files) {
            try {
                return join(files);
            } catch (RuntimeException e) {
                model.close();
                throw e;
            }
        }

        /** The files, or the exception that reading them ended with. */
        private static ModelFiles join(CompletableFuture<ModelFiles> files) {
            try {
                return files.join();
            } catch (CompletionException e) {
                if (e.getCause() instanceof RuntimeException cause) {
                    throw cause;
                }
                if (e.getCause() instanceof Error cause) {
                    throw cause;
                }
                throw e;
            }
        }
    }
}
