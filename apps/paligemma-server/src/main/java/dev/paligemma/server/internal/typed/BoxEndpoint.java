package dev.paligemma.server.internal.typed;

import dev.paligemma.base.internal.Json;
import dev.paligemma.detection.Detection;
import dev.paligemma.detection.DetectionParser;
import dev.paligemma.detection.DetectionResult;
import dev.paligemma.detection.Segment;
import dev.paligemma.generation.AnswerStream;
import dev.paligemma.generation.GenerationRequest;
import dev.paligemma.generation.GenerationResult;
import dev.paligemma.server.internal.http.EventStream;
import dev.paligemma.server.internal.http.Exchange;
import dev.paligemma.server.internal.http.Handler;
import dev.paligemma.server.internal.http.HttpFailure;
import dev.paligemma.server.internal.model.ServedModel;
import dev.paligemma.server.internal.picture.Pictures;
import dev.paligemma.server.internal.typed.BoxQuestion.Kind;
import dev.paligemma.task.TaskRunner;
import dev.paligemma.vision.mask.MaskCodec;
import java.io.IOException;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Answers with boxes, perhaps with masks: {@code /v1/detect}, {@code /v1/segment}. Thread-safe. */
final class BoxEndpoint implements Handler {
    private final ServedModel models;
    private final Pictures pictures;
    private final Kind kind;

    BoxEndpoint(ServedModel models, Pictures pictures, Kind kind) {
        this.models = models;
        this.pictures = pictures;
        this.kind = kind;
    }

    @Override
    public void handle(Exchange exchange) throws IOException {
        Fields fields = Fields.of(exchange);
        BoxQuestion question = BoxQuestion.of(fields, models, kind);
        MaskFormat masks = kind == Kind.SEGMENT ? masks(fields, question.codec()) : MaskFormat.NONE;
        boolean streamed = CommonFields.streamed(fields, exchange);
        fields.requireNoOthers();
        Writer writer = new Writer(question, masks);
        if (streamed) {
            exchange.stream("error", (events, ticket) -> writer.stream(question.request(pictures, ticket), events));
        } else {
            exchange.json(200, exchange.await(ticket -> writer.answer(question.request(pictures, ticket))));
        }
    }

    /** A form of masks that was asked for has to be possible; without a wish there are masks where there can be. */
    private static MaskFormat masks(Fields fields, Optional<MaskCodec> codec) {
        boolean asked = fields.has("masks");
        MaskFormat format = fields.word("masks", MaskFormat.class, MaskFormat.RLE);
        if (codec.isEmpty() && format != MaskFormat.NONE) {
            if (asked) {
                throw HttpFailure.badRequest(
                        "masks",
                        "masks can only be none: the server's model was loaded without the weights of the mask decoder");
            }
            return MaskFormat.NONE;
        }
        return format;
    }

    /** Writes the answer to one question. Confined to one thread. */
    private static final class Writer {
        private final BoxQuestion question;
        private final MaskFormat format;
        private final TaskRunner runner;

        /** What is written already, for a mask takes its time. */
        private final IdentityHashMap<Detection, Map<String, @Nullable Object>> written = new IdentityHashMap<>();

        Writer(BoxQuestion question, MaskFormat format) {
            this.question = question;
            this.format = format;
            this.runner = question.model().runner();
        }

        String answer(GenerationRequest request) {
            Stopwatch watch = new Stopwatch();
            GenerationResult result = runner.generate(request);
            double waitedMs = watch.waitedMs(result.timings());
            return json(request, runner.read(question.task(), request, result), waitedMs);
        }

        void stream(GenerationRequest request, EventStream events) {
            DetectionParser parser = new DetectionParser(
                    runner.tokenizer(request), request.imageWidth(0), request.imageHeight(0), question.options());
            question.task().check(request);
            Stopwatch watch = new Stopwatch();
            try (AnswerStream answer = runner.stream(request)) {
                double firstMs = watch.untilFirst(answer);
                answer.forEachRemaining(piece -> {
                    if (!piece.text().isEmpty()) {
                        events.event("text", Json.text(Map.of("text", piece.text()), false));
                    }
                    piece.token().flatMap(parser::accept).ifPresent(found -> send(request, found, events));
                });
                parser.finish().ifPresent(found -> send(request, found, events));
                DetectionResult found = parser.result(answer.result());
                double beforeMs = Stopwatch.beforeFirstToken(answer.result().timings());
                events.event("done", json(request, found, firstMs - beforeMs));
            }
        }

        private void send(GenerationRequest request, Detection found, EventStream events) {
            events.event("detection", Json.text(write(request, found), false));
        }

        private Map<String, @Nullable Object> write(GenerationRequest request, Detection found) {
            return written.computeIfAbsent(
                    found,
                    detection -> AnswerJson.detection(
                            Segment.of(
                                    detection,
                                    request.imageWidth(0),
                                    request.imageHeight(0),
                                    format == MaskFormat.NONE ? Optional.empty() : question.codec()),
                            format));
        }

        private String json(GenerationRequest request, DetectionResult found, double waitedMs) {
            AnswerJson json = new AnswerJson()
                    .text(found.generation())
                    .cost(question.model().id(), List.of(found.generation()), waitedMs)
                    .boxes(
                            found,
                            found.detections().stream()
                                    .map(detection -> write(request, detection))
                                    .toList());
            return (question.kind() == Kind.SEGMENT ? json.masks(format) : json).json();
        }
    }
}
