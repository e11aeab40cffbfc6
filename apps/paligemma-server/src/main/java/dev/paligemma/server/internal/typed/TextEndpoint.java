package dev.paligemma.server.internal.typed;

import dev.paligemma.base.internal.Json;
import dev.paligemma.generation.AnswerStream;
import dev.paligemma.generation.GenerationRequest;
import dev.paligemma.generation.GenerationResult;
import dev.paligemma.server.internal.http.Admission;
import dev.paligemma.server.internal.http.EventStream;
import dev.paligemma.server.internal.http.Exchange;
import dev.paligemma.server.internal.http.Handler;
import dev.paligemma.server.internal.model.LoadedModel;
import dev.paligemma.server.internal.model.ServedModel;
import dev.paligemma.server.internal.picture.Pictures;
import dev.paligemma.server.internal.picture.Upload;
import dev.paligemma.task.Task;
import dev.paligemma.task.Tasks;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;

/** Answers with a text: {@code /v1/caption}, {@code /v1/answer}, {@code /v1/ocr}. Thread-safe. */
final class TextEndpoint implements Handler {
    /** The kinds of captions that the models were trained on. */
    private enum Style {
        SHORT,
        COCO,
        LONG;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    private final ServedModel models;
    private final Pictures pictures;
    private final int maxPictures;
    private final Function<Fields, Task<GenerationResult>> task;

    private TextEndpoint(
            ServedModel models, Pictures pictures, int maxPictures, Function<Fields, Task<GenerationResult>> task) {
        this.models = models;
        this.pictures = pictures;
        this.maxPictures = maxPictures;
        this.task = task;
    }

    static TextEndpoint caption(ServedModel models, Pictures pictures, int maxPictures) {
        return new TextEndpoint(models, pictures, maxPictures, fields -> {
            String language = CommonFields.language(fields);
            return switch (fields.word("style", Style.class, Style.COCO)) {
                case SHORT -> Tasks.cap(language);
                case COCO -> Tasks.caption(language);
                case LONG -> Tasks.describe(language);
            };
        });
    }

    static TextEndpoint answer(ServedModel models, Pictures pictures, int maxPictures) {
        return new TextEndpoint(models, pictures, maxPictures, fields -> {
            String question = fields.requiredText("question", FieldLimits.PROMPT_CHARACTERS);
            String language = CommonFields.language(fields);
            return CommonFields.about("question", () -> Tasks.answer(language, question));
        });
    }

    static TextEndpoint ocr(ServedModel models, Pictures pictures, int maxPictures) {
        return new TextEndpoint(models, pictures, maxPictures, fields -> Tasks.ocr());
    }

    @Override
    public void handle(Exchange exchange) throws IOException {
        Fields fields = Fields.of(exchange);
        LoadedModel model = CommonFields.model(fields, models);
        List<Upload> uploads = CommonFields.pictures(fields, maxPictures);
        Task<GenerationResult> asked = task.apply(fields);
        Consumer<GenerationRequest.Builder> time = CommonFields.time(fields);
        Consumer<GenerationRequest.Builder> decoding = CommonFields.decoding(fields);
        boolean streamed = CommonFields.streamed(fields, exchange);
        fields.requireNoOthers();
        GenerationRequest.Builder begun = asked.request();
        time.accept(begun);
        decoding.accept(begun);
        if (streamed) {
            exchange.stream("error", (events, ticket) -> stream(model, request(begun, uploads, ticket), events));
        } else {
            exchange.json(200, exchange.await(ticket -> answer(model, request(begun, uploads, ticket))));
        }
    }

    private GenerationRequest request(GenerationRequest.Builder begun, List<Upload> uploads, Admission.Ticket ticket) {
        return begun.images(pictures.read(uploads, ticket)).build();
    }

    private static String answer(LoadedModel model, GenerationRequest request) {
        Stopwatch watch = new Stopwatch();
        GenerationResult result = model.runner().generate(request);
        return json(model, result, watch.waitedMs(result.timings()));
    }

    private static void stream(LoadedModel model, GenerationRequest request, EventStream events) {
        Stopwatch watch = new Stopwatch();
        try (AnswerStream answer = model.runner().stream(request)) {
            double firstMs = watch.untilFirst(answer);
            answer.forEachRemaining(piece -> {
                if (!piece.text().isEmpty()) {
                    events.event("text", Json.text(Map.of("text", piece.text()), false));
                }
            });
            GenerationResult result = answer.result();
            events.event("done", json(model, result, firstMs - Stopwatch.beforeFirstToken(result.timings())));
        }
    }

    private static String json(LoadedModel model, GenerationResult result, double waitedMs) {
        return new AnswerJson()
                .text(result)
                .cost(model.id(), List.of(result), waitedMs)
                .json();
    }
}
