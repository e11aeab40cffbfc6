package dev.paligemma.djl;

import ai.djl.modality.cv.Image;
import ai.djl.modality.cv.VisionLanguageInput;
import ai.djl.modality.cv.output.DetectedObjects;
import ai.djl.ndarray.NDList;
import ai.djl.translate.NoBatchifyTranslator;
import ai.djl.translate.Translator;
import ai.djl.translate.TranslatorContext;
import dev.paligemma.PaliGemmaPipeline;
import dev.paligemma.PipelineBuilder;
import dev.paligemma.detection.DetectionOptions;
import dev.paligemma.generation.GenerationRequest;
import dev.paligemma.generation.GenerationResult;
import dev.paligemma.task.Task;
import dev.paligemma.task.Tasks;
import dev.paligemma.vision.RgbImage;
import java.util.List;
import java.util.Objects;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/**
 * Translators for {@code Criteria.optTranslator} or {@code Model.newPredictor}: what a predictor takes, and what it gives.
 *
 * <p>All are immutable and thread-safe, and work with models of the engine {@link PaliGemmaEngineProvider} only. Inputs are
 * not batched: {@code batchPredict} answers one after the other. Whatever goes wrong while predicting, {@code predict}
 * throws as a {@code TranslateException} with the cause: an {@link dev.paligemma.vision.format.ImageException} for a picture that
 * cannot be used, a {@link dev.paligemma.generation.RequestException} for a prompt that is too long, an
 * {@link IllegalArgumentException} for an input without what is needed, an {@link IllegalStateException} for a closed
 * model or one of another engine.
 */
public final class PaliGemmaTranslators {
    private PaliGemmaTranslators() {}

    /**
     * Finds things in pictures, by labels without a semicolon; see {@link
     * DjlConversions#toDetectedObjects(dev.paligemma.detection.ParsedAnswer)} for boxes and probabilities.
     *
     * @throws IllegalArgumentException if there is no label or one cannot be part of a prompt
     */
    public static Translator<Image, DetectedObjects> detect(String... labels) {
        return detect(List.of(labels), DetectionOptions.defaults());
    }

    /** As {@link #detect(String...)}, with options on how boxes are read and which are kept. */
    public static Translator<Image, DetectedObjects> detect(List<String> labels, DetectionOptions options) {
        return task(Tasks.detect(labels).withOptions(options).map(DjlConversions::toDetectedObjects));
    }

    /**
     * Finds things in pictures as {@link #detect(String...)} does, and their shapes: the boxes are {@code Mask}s; see
     * {@link DjlConversions#toDetectedObjects(dev.paligemma.detection.SegmentationResult)}. Shapes need the weights of
     * the mask decoder, {@link PipelineBuilder#maskWeights}.
     */
    public static Translator<Image, DetectedObjects> segment(String... labels) {
        return task(Tasks.segment(labels).map(DjlConversions::toDetectedObjects));
    }

    /**
     * Writes text about pictures, for example {@code Tasks.caption("en").with(request -> request.maxNewTokens(20))}.
     */
    public static Translator<Image, String> text(Task<GenerationResult> task) {
        return task(task.map(GenerationResult::text));
    }

    /** As {@link #prompted(int)}, with up to {@value GenerationRequest#DEFAULT_MAX_NEW_TOKENS} tokens. */
    public static Translator<VisionLanguageInput, String> prompted() {
        return prompted(GenerationRequest.DEFAULT_MAX_NEW_TOKENS);
    }

    /**
     * Answers the prompt that comes with each picture, {@code VisionLanguageInput.getText()}, as the model was trained
     * to read it: {@code caption en}, {@code answer en what is this?}. Control tokens in it count, as for {@link
     * GenerationRequest#of(dev.paligemma.vision.RgbImage, String)}. A limit below 1 is an {@link
     * IllegalArgumentException}.
     */
    public static Translator<VisionLanguageInput, String> prompted(int maxNewTokens) {
        requireLimit(maxNewTokens);
        return of((pipeline, input) ->
                pipeline.run(writing(Tasks.text(required(input.getText(), "text")), maxNewTokens), picture(input)));
    }

    /**
     * Finds what comes with each picture, {@code VisionLanguageInput.getCandidates()}; the hypothesis template is not
     * used.
     */
    public static Translator<VisionLanguageInput, DetectedObjects> candidates() {
        return of(
                (pipeline, input) -> DjlConversions.toDetectedObjects(pipeline.detect(picture(input), labels(input))));
    }

    /**
     * Finds the things that come with each picture as {@link #candidates} does, and their shapes, as {@link #segment}.
     */
    public static Translator<VisionLanguageInput, DetectedObjects> candidateMasks() {
        return of(
                (pipeline, input) -> DjlConversions.toDetectedObjects(pipeline.segment(picture(input), labels(input))));
    }

    /**
     * Does any task with pictures, for example score answers, or one of the application's own; a result is never null.
     *
     * <pre>{@code
     * Translator<Image, Double> likelyOpen = PaliGemmaTranslators.task(
     *         Tasks.score(Tasks.answer("en", "is the door open?"), List.of("yes", "no"))
     *                 .map(scores -> scores.get(0).share()));
     * }</pre>
     */
    public static <R> Translator<Image, R> task(Task<R> task) {
        Objects.requireNonNull(task, "task");
        return of((pipeline, image) -> pipeline.run(task, DjlConversions.toRgbImage(image)));
    }

    /**
     * Does anything else with the pipeline, for example write under a constraint, by a task that is called for every
     * input in the thread of the caller and must not give null; thread-safe if the task is.
     */
    public static <I, O> Translator<I, O> of(BiFunction<? super PaliGemmaPipeline, ? super I, ? extends O> task) {
        return new PipelineTranslator<I, O>(Objects.requireNonNull(task, "task"));
    }

    /** Lets the block of a {@link PaliGemmaModel} do a task. Immutable, thus thread-safe if the task is. */
    private record PipelineTranslator<I, O>(BiFunction<? super PaliGemmaPipeline, ? super I, ? extends O> task)
            implements NoBatchifyTranslator<I, O> {
        @Override
        public void prepare(TranslatorContext ctx) {
            if (!(ctx.getBlock() instanceof PaliGemmaBlock)) {
                throw new IllegalStateException(PaliGemmaEngineProvider.notOurs(ctx.getModel()));
            }
        }

        @Override
        public NDList processInput(TranslatorContext ctx, I input) {
            Objects.requireNonNull(input, "input");
            return PaliGemmaBlock.wrap(pipeline -> Objects.requireNonNull(task.apply(pipeline, input), "result"));
        }

        @Override
        @SuppressWarnings("unchecked") // the result of the task above
        public O processOutput(TranslatorContext ctx, NDList list) {
            return (O) PaliGemmaBlock.unwrap(list);
        }
    }

    /** Writes text up to a limit, which is refused here and not at the first picture. */
    static Task<String> writing(Task<GenerationResult> task, int maxNewTokens) {
        return task.with(request -> request.maxNewTokens(maxNewTokens)).map(GenerationResult::text);
    }

    /** Refuses a limit when a translator is made and not at the first picture. */
    static void requireLimit(int maxNewTokens) {
        GenerationRequest.builder().maxNewTokens(maxNewTokens);
    }

    private static RgbImage picture(VisionLanguageInput input) {
        return DjlConversions.toRgbImage(required(input.getImage(), "image"));
    }

    private static String[] labels(VisionLanguageInput input) {
        return required(input.getCandidates(), "candidates");
    }

    private static <T> T required(@Nullable T value, String name) {
        if (value == null) {
            throw new IllegalArgumentException("the VisionLanguageInput has no " + name);
        }
        return value;
    }
}
