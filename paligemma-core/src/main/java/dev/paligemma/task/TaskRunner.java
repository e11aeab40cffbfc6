package dev.paligemma.task;

import dev.paligemma.base.internal.NonNull;
import dev.paligemma.detection.DetectionOptions;
import dev.paligemma.detection.DetectionResult;
import dev.paligemma.detection.DetectionStream;
import dev.paligemma.detection.SegmentationResult;
import dev.paligemma.generation.AnswerScore;
import dev.paligemma.generation.AnswerStream;
import dev.paligemma.generation.GenerationRequest;
import dev.paligemma.generation.GenerationResult;
import dev.paligemma.tokenizer.PaliGemmaTokenizer;
import dev.paligemma.vision.RgbImage;
import dev.paligemma.vision.format.ImageException;
import dev.paligemma.vision.mask.MaskCodec;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * What answers questions about pictures: a {@link dev.paligemma.PaliGemmaPipeline}, or what a test puts in its place.
 * Whoever makes one says how requests are answered; from this follows how tasks are done.
 *
 * <p>Each method by name is a task of {@link Tasks}, takes a picture or its file, and has every option at its default;
 * with others it is {@code run(Tasks.ocr().with(request -> request.maxNewTokens(500)), image)}. A file that is missing
 * or not a readable picture is an {@link ImageException}. Texts are plain text, also control tokens in them; {@link
 * Tasks} says what languages and labels may be, and all else is an {@link IllegalArgumentException}.
 */
public interface TaskRunner {
    /**
     * Continues a prompt about images, as the request says.
     *
     * @throws dev.paligemma.generation.RequestException if images and prompt are longer than the model can take
     * @throws dev.paligemma.generation.TooManyRequestsException if as many requests wait as may
     * @throws dev.paligemma.generation.RequestCancelledException if the thread is interrupted, or the time of the
     *     request is over
     * @throws IllegalArgumentException if the number of {@code <image>} markers in the prompt is neither 0 nor the
     *     number of images
     * @throws IllegalStateException if the pipeline is closed, or is closed meanwhile
     * @throws dev.paligemma.engine.EngineException if the runtime fails
     */
    GenerationResult generate(GenerationRequest request);

    /**
     * Continues many prompts, several at a time, so that the weights are read once for all of them at every step.
     * Prompts may differ in length and in their images. The answers, in the order of the requests, are those of {@link
     * #generate}: the same tokens, with log-probabilities that may differ in their last bits.
     *
     * <p>The requests together occupy one of the pipeline's concurrent requests, but need the memory of {@code
     * together} key/value caches, and twice that while one is added. If one of them fails, all do.
     *
     * @param together the most that are answered at the same time, at least 1; 4 to 8 are a good choice on a CPU
     * @throws IllegalArgumentException if {@code together} is below 1
     */
    List<GenerationResult> generateAll(List<GenerationRequest> requests, int together);

    /**
     * Continues a prompt token by token, as fast as the caller asks for them; the request's time runs from now on.
     *
     * @return the answer to come, to be closed by the caller; nothing runs before its first piece is asked for
     */
    AnswerStream stream(GenerationRequest request);

    /**
     * Tells how likely each of 1 to 256 different answers to a request is, in their order; see {@link Tasks#score}. How
     * the request chooses tokens makes no difference.
     *
     * @throws IllegalArgumentException if there are too few or too many answers, or one is given twice
     */
    List<AnswerScore> score(GenerationRequest request, List<String> answers);

    /** The tokenizer of requests that name no adapter, thread-safe. */
    PaliGemmaTokenizer tokenizer();

    /**
     * The tokenizer of a request, thread-safe: that of its adapter, which may have one of its own, or else {@link
     * #tokenizer()}.
     *
     * @throws IllegalArgumentException if the request names an adapter that was not loaded
     */
    default PaliGemmaTokenizer tokenizer(GenerationRequest request) {
        return tokenizer();
    }

    /** The names of the adapters that requests may choose, in the order in which they were loaded; unmodifiable. */
    default Set<String> adapters() {
        return Set.of();
    }

    /** The decoder of masks; empty if there are no weights for it. */
    Optional<MaskCodec> maskCodec();

    /**
     * Answers any request and reads the answer as a task does. The task's own prompt and rules do not count: the
     * request says everything. It usually comes from {@link Task#request}.
     *
     * @throws IllegalArgumentException if the request is none for the task
     */
    default <R> R run(Task<R> task, GenerationRequest request) {
        task.check(request);
        if (task.givenAnswers().isEmpty()) {
            return read(task, request, generate(request));
        }
        List<AnswerScore> scores = score(request, task.givenAnswers());
        AnswerScore best = Collections.max(scores, Comparator.comparingDouble(AnswerScore::logProbability));
        return task.read(new TaskAnswer(request, best.generation(), scores, tokenizer(request), maskCodec()));
    }

    /**
     * Reads what this model wrote as a task does: one answer of a stream, of several samples, or of a search.
     *
     * @throws IllegalArgumentException if the request is none for the task
     */
    default <R> R read(Task<R> task, GenerationRequest request, GenerationResult result) {
        task.check(request);
        return task.read(new TaskAnswer(request, result, List.of(), tokenizer(request), maskCodec()));
    }

    /**
     * Does a task with many pictures, several at a time, in their order. Given answers are judged one picture after the
     * other.
     *
     * @param together the most that are answered at the same time, at least 1; 4 to 8 are a good choice on a CPU
     * @throws IllegalArgumentException if {@code together} is below 1
     */
    default <R> List<R> runAll(Task<R> task, List<RgbImage> images, int together) {
        List<GenerationRequest> requests = NonNull.copy(images, "images").stream()
                .map(image -> task.request().image(image).build())
                .toList();
        if (!task.givenAnswers().isEmpty()) {
            return requests.stream().map(request -> run(task, request)).toList();
        }
        requests.forEach(task::check);
        List<GenerationResult> results = generateAll(requests, together);
        return IntStream.range(0, results.size())
                .mapToObj(i -> read(task, requests.get(i), results.get(i)))
                .toList();
    }

    /**
     * Does a task with pictures, one for most tasks.
     *
     * @throws IllegalArgumentException if there is no picture, or the task takes another number of them
     */
    default <R> R run(Task<R> task, RgbImage... images) {
        return run(task, task.request().images(NonNull.copy(images, "images")).build());
    }

    /** As {@link #run(Task, RgbImage...)}, of files. */
    default <R> R run(Task<R> task, Path... images) {
        return run(
                task,
                NonNull.copy(images, "images").stream().map(RgbImage::read).toArray(RgbImage[]::new));
    }

    /** Describes a picture in English, in the short style of COCO captions. */
    default String caption(RgbImage image) {
        return caption(image, "en");
    }

    /** As {@link #caption(RgbImage)}, of a file. */
    default String caption(Path image) {
        return caption(read(image));
    }

    /**
     * Describes a picture in the short style of COCO captions, in the language of a code such as {@code "en"} or {@code
     * "es"}.
     */
    default String caption(RgbImage image, String language) {
        return ask(Tasks.caption(language), image).text();
    }

    /** As {@link #caption(RgbImage, String)}, of a file. */
    default String caption(Path image, String language) {
        return caption(read(image), language);
    }

    /** Answers a question in English, shortly. */
    default String answer(RgbImage image, String question) {
        return answer(image, "en", question);
    }

    /** As {@link #answer(RgbImage, String)}, of a file. */
    default String answer(Path image, String question) {
        return answer(read(image), question);
    }

    /** Answers a question, shortly; the language is the code of that of question and answer. */
    default String answer(RgbImage image, String language, String question) {
        return ask(Tasks.answer(language, question), image).text();
    }

    /** As {@link #answer(RgbImage, String, String)}, of a file. */
    default String answer(Path image, String language, String question) {
        return answer(read(image), language, question);
    }

    /** Reads the text in a picture; empty if there is none. */
    default String ocr(RgbImage image) {
        return ask(Tasks.ocr(), image).text();
    }

    /** As {@link #ocr(RgbImage)}, of a file. */
    default String ocr(Path image) {
        return ocr(read(image));
    }

    /**
     * Finds things.
     *
     * <pre>{@code
     * for (Detection cat : pipeline.detect(image, "cat").detections()) {
     *     System.out.println(cat.label() + " at " + cat.pixels());
     * }
     * }</pre>
     *
     * @param image the picture
     * @param labels what to find, each without a semicolon; control tokens in them are plain text
     * @return the boxes in the picture's own pixels, and the whole answer
     * @throws IllegalArgumentException if there is no label or one cannot be part of a prompt
     */
    default DetectionResult detect(RgbImage image, String... labels) {
        return ask(Tasks.detect(labels), image);
    }

    /** As {@link #detect(RgbImage, String...)}, of a file. */
    default DetectionResult detect(Path image, String... labels) {
        return detect(read(image), labels);
    }

    /** As {@link #detect(RgbImage, String...)}, with options on how boxes are read and which are kept. */
    default DetectionResult detect(RgbImage image, List<String> labels, DetectionOptions options) {
        return ask(Tasks.detect(labels).withOptions(options), image);
    }

    /** As {@link #detect(RgbImage, List, DetectionOptions)}, of a file. */
    default DetectionResult detect(Path image, List<String> labels, DetectionOptions options) {
        return detect(read(image), labels, options);
    }

    /**
     * Finds things, and their shapes: boxes and masks in the picture's own pixels, and the whole answer. Shapes need
     * the weights of the mask decoder; without them there are boxes and segmentation codes.
     */
    default SegmentationResult segment(RgbImage image, String... labels) {
        return ask(Tasks.segment(labels), image);
    }

    /** As {@link #segment(RgbImage, String...)}, of a file. */
    default SegmentationResult segment(Path image, String... labels) {
        return segment(read(image), labels);
    }

    /** As {@link #segment(RgbImage, String...)}, with options on how boxes are read and which are kept. */
    default SegmentationResult segment(RgbImage image, List<String> labels, DetectionOptions options) {
        return ask(Tasks.segment(labels).withOptions(options), image);
    }

    /** As {@link #segment(RgbImage, List, DetectionOptions)}, of a file. */
    default SegmentationResult segment(Path image, List<String> labels, DetectionOptions options) {
        return segment(read(image), labels, options);
    }

    /**
     * Tells how likely each of several given answers is, in their order; see {@link Tasks#score}.
     *
     * @throws IllegalArgumentException if there are too few or too many answers, or one is given twice
     */
    default List<AnswerScore> score(RgbImage image, Task<?> question, List<String> answers) {
        return ask(Tasks.score(question, answers), image);
    }

    /** As {@link #score(RgbImage, Task, List)}, of a file. */
    default List<AnswerScore> score(Path image, Task<?> question, List<String> answers) {
        return score(read(image), question, answers);
    }

    /**
     * Answers any request with one image, reads the answer as boxes as the task does, and gives each as soon as it is
     * written. The caller closes the boxes to come; nothing runs before the first is asked for.
     *
     * @throws IllegalArgumentException if the request has several images
     */
    default DetectionStream streamDetections(BoxTask<?> task, GenerationRequest request) {
        task.check(request);
        return new DetectionStream(stream(request), task.parser(request, tokenizer(request)));
    }

    /**
     * Finds things as {@link #detect(RgbImage, String...)} does, and gives each as the other methods of this name do.
     */
    default DetectionStream streamDetections(RgbImage image, String... labels) {
        BoxTask<DetectionResult> task = Tasks.detect(labels);
        return streamDetections(task, task.request().image(image).build());
    }

    /** As {@link #streamDetections(RgbImage, String...)}, of a file. */
    default DetectionStream streamDetections(Path image, String... labels) {
        return streamDetections(read(image), labels);
    }

    private <R> R ask(Task<R> task, RgbImage image) {
        return run(task, task.request().image(image).build());
    }

    private static RgbImage read(Path image) {
        return RgbImage.read(Objects.requireNonNull(image, "image"));
    }
}
