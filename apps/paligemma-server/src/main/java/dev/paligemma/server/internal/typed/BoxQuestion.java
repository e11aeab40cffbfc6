package dev.paligemma.server.internal.typed;

import dev.paligemma.constraint.TokenConstraints;
import dev.paligemma.detection.DetectionOptions;
import dev.paligemma.detection.DetectionResult;
import dev.paligemma.generation.GenerationRequest;
import dev.paligemma.server.internal.http.Admission;
import dev.paligemma.server.internal.http.HttpFailure;
import dev.paligemma.server.internal.model.LoadedModel;
import dev.paligemma.server.internal.model.ServedModel;
import dev.paligemma.server.internal.picture.Pictures;
import dev.paligemma.server.internal.picture.Upload;
import dev.paligemma.task.BoxTask;
import dev.paligemma.task.Tasks;
import dev.paligemma.vision.mask.MaskCodec;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * What somebody wants to have found in a picture.
 *
 * @param model who is to find it
 * @param kind whether shapes are wanted, too
 * @param labels what to find
 * @param constrained whether nothing else may be written
 * @param task the question
 * @param options how boxes are read and which are kept
 * @param uploads the picture
 * @param decoding how the answer is written
 */
record BoxQuestion(
        LoadedModel model,
        Kind kind,
        List<String> labels,
        boolean constrained,
        BoxTask<DetectionResult> task,
        DetectionOptions options,
        List<Upload> uploads,
        Consumer<GenerationRequest.Builder> decoding) {
    /** What is found. */
    enum Kind {
        /** Boxes. */
        DETECT,
        /** Boxes and shapes. */
        SEGMENT;

        /** The name in a request. */
        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** Reads all fields that questions about boxes have in common. */
    static BoxQuestion of(Fields fields, ServedModel models, Kind kind) {
        LoadedModel model = CommonFields.model(fields, models);
        List<Upload> uploads = CommonFields.picture(fields);
        List<String> labels = fields.texts("labels", FieldLimits.LABELS, FieldLimits.LABEL_CHARACTERS);
        if (labels.isEmpty()) {
            throw HttpFailure.badRequest("labels", "labels is missing, expected what to find: one text or several");
        }
        DetectionOptions options = DetectionOptions.defaults()
                .withMinConfidence(fields.number("min_confidence", 0, 1).orElse(0.0))
                .withMaxIou(fields.number("max_iou", 0, 1).orElse(1.0));
        BoxTask<DetectionResult> task = CommonFields.about(
                "labels",
                () -> (kind == Kind.SEGMENT ? Tasks.segment(labels).boxes() : Tasks.detect(labels))
                        .withOptions(options));
        return new BoxQuestion(
                model,
                kind,
                labels,
                fields.flag("constrained"),
                task,
                options,
                uploads,
                CommonFields.time(fields).andThen(CommonFields.decoding(fields)));
    }

    /** Decodes the picture and makes the request. */
    GenerationRequest request(Pictures pictures, Admission.Ticket ticket) {
        GenerationRequest.Builder request = task.request().images(pictures.read(uploads, ticket));
        decoding.accept(request);
        if (constrained) {
            TokenConstraints constraints = model.pipeline().constraints();
            request.constraint(CommonFields.about(
                    "labels",
                    () -> kind == Kind.SEGMENT ? constraints.segments(labels) : constraints.detections(labels)));
        }
        return request.build();
    }

    /** What decodes masks; empty if none are wanted, or there are no weights for it. */
    Optional<MaskCodec> codec() {
        return kind == Kind.SEGMENT ? model.pipeline().maskCodec() : Optional.empty();
    }
}
