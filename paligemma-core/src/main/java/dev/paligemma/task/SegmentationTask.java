package dev.paligemma.task;

import dev.paligemma.GenerationRequest;
import dev.paligemma.detection.Detection;
import dev.paligemma.detection.DetectionOptions;
import dev.paligemma.detection.DetectionResult;
import dev.paligemma.detection.SegmentationResult;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads answers as boxes with masks; see {@link Tasks#segment}. Without the weights of the mask decoder there are boxes and
 * segmentation codes. Immutable.
 *
 * @param boxes how the boxes are asked for and read
 */
public record SegmentationTask(DetectionTask boxes) implements Task<SegmentationResult> {
    private static final Logger LOG = LoggerFactory.getLogger(SegmentationTask.class);

    /** Whether it was said why there are no masks; once is enough. */
    private static final AtomicBoolean ADVISED = new AtomicBoolean();

    /**
     * Checks that there is a task.
     *
     * @param boxes how the boxes are asked for and read
     */
    public SegmentationTask {
        Objects.requireNonNull(boxes, "boxes");
    }

    /**
     * This task with other options.
     *
     * @param options how boxes are read and which are kept
     * @return the changed task
     */
    public SegmentationTask withOptions(DetectionOptions options) {
        return new SegmentationTask(boxes.withOptions(options));
    }

    @Override
    public GenerationRequest.Builder request() {
        return boxes.request();
    }

    /**
     * Refuses requests with several pictures.
     *
     * @throws IllegalArgumentException if there are several
     */
    @Override
    public void check(GenerationRequest request) {
        boxes.check(request);
    }

    @Override
    public SegmentationResult read(TaskAnswer answer) {
        DetectionResult found = boxes.read(answer);
        if (answer.maskCodec().isEmpty()
                && found.detections().stream().anyMatch(Detection::hasMask)
                && !ADVISED.getAndSet(true)) {
            LOG.warn(
                    "masks stay codes: the model was loaded without the weights of the mask decoder. Download them from the"
                            + " PaliGemma folder of Google's big_vision (gs://big_vision/paligemma/vae-oid.npz, 8,479,556 bytes) and"
                            + " put them beside config.json, or name them with PaliGemmaPipeline.builder().maskWeights(file).");
        }
        return SegmentationResult.of(found, answer.maskCodec());
    }
}
