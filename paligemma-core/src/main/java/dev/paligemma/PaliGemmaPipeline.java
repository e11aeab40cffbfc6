package dev.paligemma;

import dev.paligemma.engine.CacheFolder;
import dev.paligemma.engine.Device;
import dev.paligemma.engine.EngineException;
import dev.paligemma.engine.EngineOptions;
import dev.paligemma.engine.PaliGemmaException;
import dev.paligemma.engine.Precision;
import dev.paligemma.engine.checkpoint.Checkpoint;
import dev.paligemma.engine.checkpoint.CheckpointException;
import dev.paligemma.engine.checkpoint.PaliGemmaConfig;
import dev.paligemma.engine.convert.CheckpointConverter;
import dev.paligemma.engine.convert.ConversionException;
import dev.paligemma.engine.convert.ConversionListener;
import dev.paligemma.engine.convert.ConversionPlan;
import dev.paligemma.engine.convert.ConvertedCheckpoints;
import dev.paligemma.engine.spi.Engine;
import dev.paligemma.engine.spi.Engines;
import dev.paligemma.gemma.DecoderOptions;
import dev.paligemma.tokenizer.ControlTokens;
import dev.paligemma.tokenizer.PaliGemmaTokenizer;
import dev.paligemma.tokenizer.TokenizerException;
import dev.paligemma.vision.ImageException;
import dev.paligemma.vision.ImageProcessor;
import dev.paligemma.vision.RgbImage;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
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
 * cache. Decoding is greedy, so a request has one answer, whatever else is running.
 *
 * <p>{@link #close} waits for the step of the network that is running, frees the model, and makes requests that are not
 * finished, and later ones, fail with an {@link IllegalStateException}.
 */
public final class PaliGemmaPipeline implements AutoCloseable {
    /** The engine that is used unless another is chosen: {@value}. */
    public static final String DEFAULT_ENGINE = "onnx";

    private static final Logger LOG = LoggerFactory.getLogger(PaliGemmaPipeline.class);

    private final ModelInfo info;
    private final PaliGemmaTokenizer tokenizer;
    private final VisionLanguageModel model;
    private final TextGenerator generator;
    private final Slots slots;

    private PaliGemmaPipeline(
            ModelInfo info,
            PaliGemmaTokenizer tokenizer,
            ImageProcessor imageProcessor,
            VisionLanguageModel model,
            int maxConcurrentRequests) {
        this.info = info;
        this.tokenizer = tokenizer;
        this.model = model;
        this.generator = new TextGenerator(info.config(), tokenizer, imageProcessor, model);
        this.slots = new Slots(maxConcurrentRequests);
    }

    /**
     * Loads a checkpoint with every option at its default: on the CPU with all cores, in single precision, or for a
     * converted checkpoint in the precision it was converted for.
     *
     * @param checkpoint a folder in Hugging Face format, with {@code config.json}, {@code model.safetensors} or its
     *     shards, {@code tokenizer.json} and {@code preprocessor_config.json} or {@code processor_config.json}; its
     *     files must not change while the pipeline is open
     * @return the pipeline, to be closed by the caller
     * @throws CheckpointException if a file is missing, damaged or not of a known architecture
     * @throws TokenizerException if the tokenizer file is damaged or of another kind
     * @throws ImageException if the preprocessor file is damaged or asks for something unknown
     * @throws EngineException if the engine cannot run the model here
     */
    public static PaliGemmaPipeline load(Path checkpoint) {
        return builder().checkpoint(checkpoint).build();
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
        try (Checkpoint source = Checkpoint.open(checkpoint)) {
            // Files that do not belong together are found now and not when the converted folder is loaded.
            ModelFiles.read(checkpoint, source.config());
            // The options of the decoder choose what is computed with weights, not which weights there are.
            Networks networks = Networks.record(source.config(), DecoderOptions.defaults());
            CheckpointConverter.convert(source, ConversionPlan.of(precision, networks.all()), target, listener);
        }
    }

    /**
     * A builder with every option at its default.
     *
     * @return a new builder
     */
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
        if (!language.matches("[a-z]{2,3}(-[A-Za-z]{2,4})?")) {
            throw new IllegalArgumentException("language must be a code such as en or zh-Hans, got '" + language + "'");
        }
        return text(image, "caption " + language, ControlTokens.PARSE);
    }

    /**
     * Answers a question about an image in English, shortly. Control tokens in the question are plain text.
     *
     * @param image the picture
     * @param question the question
     * @return the answer
     */
    public String answer(RgbImage image, String question) {
        Objects.requireNonNull(question, "question");
        return text(image, "answer en " + question, ControlTokens.AS_TEXT);
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
        return text(image, "ocr", ControlTokens.PARSE);
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

    private String text(RgbImage image, String prompt, ControlTokens controlTokens) {
        return generate(GenerationRequest.builder()
                        .image(image)
                        .prompt(prompt)
                        .controlTokens(controlTokens)
                        .build())
                .text();
    }

    /**
     * Continues a prompt about images, greedily: each token is the most likely one.
     *
     * @param request images, prompt and limits
     * @return text, tokens and figures
     * @throws RequestException if images and prompt are longer than the model can take
     * @throws IllegalArgumentException if the number of {@code <image>} markers in the prompt is neither 0 nor the
     *     number of images
     * @throws IllegalStateException if the pipeline is closed, or is closed meanwhile
     * @throws EngineException if the runtime fails
     */
    public GenerationResult generate(GenerationRequest request) {
        Objects.requireNonNull(request, "request");
        GenerationResult result = slots.run(() -> generator.generate(request));
        LOG.debug("{} new tokens, {}, {}", result.tokenIds().length, result.finishReason(), result.timings());
        return result;
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

    /**
     * What is loaded, and with what it runs.
     *
     * @return names, sizes and options
     */
    public ModelInfo info() {
        return info;
    }

    /**
     * The tokenizer of the loaded checkpoint.
     *
     * @return the tokenizer, thread-safe
     */
    public PaliGemmaTokenizer tokenizer() {
        return tokenizer;
    }

    /** Frees the model as soon as no step of it is running. Does nothing the second time. */
    @Override
    public void close() {
        model.close();
    }

    /** Collects the options of a {@link PaliGemmaPipeline}. Confined to one thread. */
    public static final class Builder {
        private @Nullable Path checkpoint;
        private String engine = DEFAULT_ENGINE;
        private Device device = Device.CPU;
        private @Nullable Precision precision;
        private int threads = Runtime.getRuntime().availableProcessors();
        private int maxConcurrentRequests = Runtime.getRuntime().availableProcessors();
        private DecoderOptions decoderOptions = DecoderOptions.defaults();
        private @Nullable Path cacheDirectory;
        private ConversionListener conversionListener = ConversionListener.NONE;

        private Builder() {}

        /**
         * Chooses the checkpoint; required.
         *
         * @param folder a folder in Hugging Face format
         * @return this builder
         */
        public Builder checkpoint(Path folder) {
            this.checkpoint = Objects.requireNonNull(folder, "folder");
            return this;
        }

        /**
         * Chooses the engine, {@value PaliGemmaPipeline#DEFAULT_ENGINE} by default.
         *
         * @param name the name of an engine on the class path
         * @return this builder
         * @throws EngineException if there is none of that name
         */
        public Builder engine(String name) {
            Engines.require(name);
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
         * @param newThreads at least 1
         * @return this builder
         * @throws IllegalArgumentException if the number is below 1
         */
        public Builder threads(int newThreads) {
            if (newThreads < 1) {
                throw new IllegalArgumentException("threads must be at least 1, got " + newThreads);
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
         * Loads the model.
         *
         * @return the pipeline, to be closed by the caller
         * @throws IllegalStateException if no checkpoint was chosen
         * @throws CheckpointException if the checkpoint is converted for another precision than the chosen one
         * @throws ConversionException if weights must be converted and cannot be, for example because the disk is full
         * @throws PaliGemmaException if the checkpoint or the engine cannot be used; see {@link PaliGemmaPipeline#load}
         * @throws TokenizerException if the tokenizer file is damaged or of another kind
         */
        public PaliGemmaPipeline build() {
            if (checkpoint == null) {
                throw new IllegalStateException("no checkpoint was chosen: call checkpoint(folder) first");
            }
            Path folder = checkpoint;
            Stopwatch stopwatch = new Stopwatch();
            try (Checkpoint given = Checkpoint.open(folder)) {
                // An engine that does not know the precision refuses here, before anything is converted for it.
                EngineOptions options = new EngineOptions(device, StoredPrecision.choose(given, precision), threads);
                Engine runtime = Engines.create(engine, options);
                PaliGemmaConfig config = given.config();
                // A vocabulary takes as long to read as an engine needs for its weights, so both are done at once.
                CompletableFuture<ModelFiles> files =
                        CompletableFuture.supplyAsync(() -> ModelFiles.read(folder, config));
                Networks networks = Networks.record(config, decoderOptions);
                VisionLanguageModel model = compile(runtime, given, networks, files);
                ModelFiles read = closingOnFailure(model, files);
                ModelInfo info = new ModelInfo(
                        checkpoint, config, runtime.name(), runtime.version(), runtime.options(), stopwatch.lapMs());
                LOG.info("loaded {} with {} {} in {} ms", checkpoint, info.engine(), info.options(), (long)
                        info.loadMs());
                return new PaliGemmaPipeline(
                        info, read.tokenizer(), read.imageProcessor(), model, maxConcurrentRequests);
            }
        }

        private VisionLanguageModel compile(
                Engine runtime, Checkpoint given, Networks networks, CompletableFuture<ModelFiles> files) {
            if (!StoredPrecision.isConverted(runtime.options().precision())) {
                return new VisionLanguageModel(runtime, given, networks);
            }
            ConversionPlan plan = ConversionPlan.of(runtime.options().precision(), networks.all());
            Path cache = cacheDirectory == null ? CacheFolder.ofThisProcess() : cacheDirectory;
            Path folder = new ConvertedCheckpoints(cache).obtain(given, plan, progress -> {
                // Converting takes minutes, which are wasted if another file turns out to be unusable.
                join(files);
                conversionListener.progress(progress);
            });
            if (folder.equals(given.folder())) {
                return new VisionLanguageModel(runtime, given, networks);
            }
            try (Checkpoint converted = Checkpoint.open(folder)) {
                return new VisionLanguageModel(runtime, converted, networks);
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
                throw e;
            }
        }
    }
}
