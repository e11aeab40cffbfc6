package dev.paligemma.server.internal.typed;

import dev.paligemma.PaliGemmaPipeline;
import dev.paligemma.generation.AnswerScore;
import dev.paligemma.generation.GenerationRequest;
import dev.paligemma.generation.GenerationResult;
import dev.paligemma.server.internal.http.Exchange;
import dev.paligemma.server.internal.http.Handler;
import dev.paligemma.server.internal.http.HttpFailure;
import dev.paligemma.server.internal.model.LoadedModel;
import dev.paligemma.server.internal.model.ServedModel;
import dev.paligemma.server.internal.picture.Pictures;
import dev.paligemma.server.internal.picture.Upload;
import dev.paligemma.task.Task;
import dev.paligemma.task.Tasks;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/** Tells how likely given answers are: {@code /v1/score}. Thread-safe. */
final class ScoreEndpoint implements Handler {
    private final ServedModel models;
    private final Pictures pictures;
    private final int maxPictures;

    ScoreEndpoint(ServedModel models, Pictures pictures, int maxPictures) {
        this.models = models;
        this.pictures = pictures;
        this.maxPictures = maxPictures;
    }

    @Override
    public void handle(Exchange exchange) throws IOException {
        Fields fields = Fields.of(exchange);
        LoadedModel model = CommonFields.model(fields, models);
        List<Upload> uploads = CommonFields.pictures(fields, maxPictures);
        Task<GenerationResult> question = question(fields);
        List<String> answers =
                fields.texts("answers", PaliGemmaPipeline.MAX_SCORED_ANSWERS, FieldLimits.ANSWER_CHARACTERS);
        Task<List<AnswerScore>> task = CommonFields.about("answers", () -> Tasks.score(question, answers));
        GenerationRequest.Builder request = task.request();
        CommonFields.time(fields).accept(request);
        fields.requireNoOthers();
        if (answers.stream().distinct().count() < answers.size()) {
            throw HttpFailure.badRequest("answers", "answers must differ, but one is given twice");
        }
        exchange.json(
                200,
                exchange.await(ticket -> answer(
                        model,
                        task,
                        request.images(pictures.read(uploads, ticket)).build())));
    }

    /** A question of a language, or any prompt. */
    private static Task<GenerationResult> question(Fields fields) {
        Optional<String> question = fields.text("question", FieldLimits.PROMPT_CHARACTERS);
        Optional<String> prompt = fields.text("prompt", FieldLimits.PROMPT_CHARACTERS);
        if (question.isPresent() == prompt.isPresent()) {
            throw HttpFailure.badRequest(
                    question.isPresent() ? "prompt" : "question",
                    "expected one of question and prompt, got " + (question.isPresent() ? "both" : "none"));
        }
        if (prompt.isPresent() && fields.has("language")) {
            throw HttpFailure.badRequest("language", "language goes with question; a prompt is used as written");
        }
        String language = CommonFields.language(fields);
        return question.map(text -> CommonFields.about("question", () -> Tasks.answer(language, text)))
                .orElseGet(() -> Tasks.text(prompt.orElseThrow()));
    }

    private static String answer(LoadedModel model, Task<List<AnswerScore>> task, GenerationRequest request) {
        Stopwatch watch = new Stopwatch();
        List<AnswerScore> scores = model.runner().run(task, request);
        List<GenerationResult> results =
                scores.stream().map(AnswerScore::generation).toList();
        return new AnswerJson()
                .scores(scores)
                .cost(model.id(), results, watch.waitedMs(results.get(0).timings()))
                .json();
    }
}
