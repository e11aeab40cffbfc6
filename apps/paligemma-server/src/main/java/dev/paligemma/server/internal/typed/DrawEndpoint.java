package dev.paligemma.server.internal.typed;

import dev.paligemma.detection.AnnotationOptions;
import dev.paligemma.detection.AnnotationOptions.ColourBy;
import dev.paligemma.detection.Annotations;
import dev.paligemma.detection.DetectionResult;
import dev.paligemma.detection.Segment;
import dev.paligemma.generation.GenerationRequest;
import dev.paligemma.server.internal.http.Admission;
import dev.paligemma.server.internal.http.Exchange;
import dev.paligemma.server.internal.http.Handler;
import dev.paligemma.server.internal.model.ServedModel;
import dev.paligemma.server.internal.picture.Pictures;
import dev.paligemma.server.internal.typed.BoxQuestion.Kind;
import dev.paligemma.task.TaskRunner;
import java.io.IOException;
import java.util.List;

/** Answers with the picture and what was found drawn onto it: {@code /v1/draw}. Thread-safe. */
final class DrawEndpoint implements Handler {
    private final ServedModel models;
    private final Pictures pictures;

    DrawEndpoint(ServedModel models, Pictures pictures) {
        this.models = models;
        this.pictures = pictures;
    }

    @Override
    public void handle(Exchange exchange) throws IOException {
        Fields fields = Fields.of(exchange);
        BoxQuestion question = BoxQuestion.of(fields, models, fields.word("task", Kind.class, Kind.DETECT));
        AnnotationOptions options = options(fields);
        fields.requireNoOthers();
        exchange.bytes(200, Png.MEDIA_TYPE, exchange.await(ticket -> draw(question, options, ticket)));
    }

    /** The options of the library under its names, but for flags, which are false by default. */
    private static AnnotationOptions options(Fields fields) {
        AnnotationOptions defaults = AnnotationOptions.defaults();
        return new AnnotationOptions(
                fields.word("colour_by", ColourBy.class, defaults.colourBy()),
                !fields.flag("no_labels"),
                !fields.flag("no_confidence"),
                fields.number("mask_opacity", 0, 1).orElse(defaults.maskOpacity()),
                pixels(fields, "line_width", AnnotationOptions.MAX_LINE_WIDTH),
                pixels(fields, "text_size", AnnotationOptions.MAX_TEXT_SIZE));
    }

    /** A size of which 0, the default, grows with the picture. */
    private static int pixels(Fields fields, String name, int most) {
        return fields.integer(name, 0, most).orElse(0L).intValue();
    }

    private byte[] draw(BoxQuestion question, AnnotationOptions options, Admission.Ticket ticket) {
        GenerationRequest request = question.request(pictures, ticket);
        TaskRunner runner = question.model().runner();
        DetectionResult found = runner.run(question.task(), request);
        List<Segment> segments = Segment.of(found, question.codec());
        return Png.bytes(Annotations.draw(request.images().get(0), List.of(), segments, options));
    }
}
