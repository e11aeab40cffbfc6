package dev.paligemma.task;

import dev.paligemma.detection.Detection;
import dev.paligemma.detection.DetectionOptions;
import dev.paligemma.detection.DetectionParser;
import dev.paligemma.detection.DetectionResult;
import dev.paligemma.detection.SegmentationResult;
import dev.paligemma.generation.GenerationRequest;
import dev.paligemma.tokenizer.PaliGemmaTokenizer;
import dev.paligemma.vision.mask.MaskCodec;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BiFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads answers as boxes in the pixels of the picture, perhaps with masks; {@link Tasks#detect} and {@link Tasks#segment} make
 * it. Immutable and thread-safe.
 *
 * @param <R> what the boxes are part of
 */
public final class BoxTask<R> implements Task<R> {
    /** The most tokens of an answer: {@value}. Enough for several things: a mask alone takes 21 tokens and its label. */
    public static final int MAX_NEW_TOKENS = 512;

    private static final Logger LOG = LoggerFactory.getLogger(BoxTask.class);

    /** Whether it was said why there are no masks; once is enough. */
    private static final AtomicBoolean ADVISED = new AtomicBoolean();

    private final Task<?> question;
    private final DetectionOptions options;
    private final BiFunction<DetectionResult, Optional<MaskCodec>, R> result;

    BoxTask(Task<?> question, DetectionOptions options, BiFunction<DetectionResult, Optional<MaskCodec>, R> result) {
        this.question = question;
        this.options = Objects.requireNonNull(options, "options");
        this.result = result;
    }

    /** Whether a prompt is one of those that are answered by boxes, such as {@code detect cat ; dog} or {@code segment cat}. */
    public static boolean isAskedBy(String prompt) {
        String text = prompt.stripLeading();
        return text.startsWith("detect ") || text.startsWith("segment ");
    }

    static SegmentationResult withMasks(DetectionResult found, Optional<MaskCodec> codec) {
        if (codec.isEmpty() && found.detections().stream().anyMatch(Detection::hasMask) && !ADVISED.getAndSet(true)) {
            LOG.warn(
                    "masks stay codes: the model was loaded without the weights of the mask decoder. Download them from the"
                            + " PaliGemma folder of Google's big_vision (gs://big_vision/paligemma/vae-oid.npz, 8,479,556 bytes) and"
                            + " put them beside config.json, or name them with PaliGemmaPipeline.builder().maskWeights(file).");
        }
        return SegmentationResult.of(found, codec);
    }

    /** This task with other options of how boxes are read and which are kept. */
    public BoxTask<R> withOptions(DetectionOptions newOptions) {
        return new BoxTask<>(question, newOptions, result);
    }

    /** The same question, read as boxes alone: masks stay codes. */
    public BoxTask<DetectionResult> boxes() {
        return new BoxTask<>(question, options, (found, codec) -> found);
    }

    @Override
    public GenerationRequest.Builder request() {
        return question.request().maxNewTokens(MAX_NEW_TOKENS);
    }

    /**
     * Refuses requests with several pictures: boxes would be those of one of them, and none knows of which.
     *
     * @throws IllegalArgumentException if there are several
     */
    @Override
    public void check(GenerationRequest request) {
        if (request.imageCount() != 1) {
            throw new IllegalArgumentException("boxes need a request with one image, got " + request.imageCount());
        }
    }

    @Override
    public R read(TaskAnswer answer) {
        DetectionParser parser = parser(answer.request(), answer.tokenizer());
        answer.result().tokens().forEach(parser::accept);
        parser.finish();
        return result.apply(parser.result(answer.result()), answer.maskCodec());
    }

    /** Reads an answer while it is written. */
    DetectionParser parser(GenerationRequest request, PaliGemmaTokenizer tokenizer) {
        return new DetectionParser(tokenizer, request.imageWidth(0), request.imageHeight(0), options);
    }
}
