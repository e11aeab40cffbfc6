package dev.paligemma.server.internal.openai;

import dev.paligemma.constraint.TokenConstraint;
import dev.paligemma.constraint.TokenConstraints;
import dev.paligemma.generation.GenerationRequest;
import dev.paligemma.server.internal.http.Admission;
import dev.paligemma.server.internal.http.HttpFailure;
import dev.paligemma.server.internal.http.JsonBody;
import dev.paligemma.server.internal.model.LoadedModel;
import dev.paligemma.server.internal.model.ServedModel;
import dev.paligemma.server.internal.picture.Pictures;
import dev.paligemma.task.BoxTask;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * What a client asks for.
 *
 * @param body all that was sent
 * @param model who answers
 * @param messages the question
 * @param settings how the answer is written
 * @param format what it may be
 * @param streamed whether it comes in pieces
 * @param withUsage whether the last piece says what it took
 */
record ChatRequest(
        JsonBody body,
        LoadedModel model,
        ChatMessages messages,
        ChatSettings settings,
        AnswerFormat format,
        boolean streamed,
        boolean withUsage) {
    private static final String SEPARATOR = ";";

    static ChatRequest of(JsonBody body, ServedModel models, boolean ignoreSystem, int maxPictures) {
        Parameters.check(body);
        LoadedModel model = models.require(body.text("model"));
        boolean streamed = body.flag("stream", false);
        JsonBody options = body.object("stream_options");
        if (options != null && !streamed) {
            throw HttpFailure.badRequest("stream_options", "stream_options needs stream: true");
        }
        ChatRequest request = new ChatRequest(
                body,
                model,
                ChatMessages.of(body, ignoreSystem, maxPictures),
                ChatSettings.of(body),
                AnswerFormat.of(body),
                streamed,
                options != null && options.flag("include_usage", false));
        if (request.format.boxes()
                && !(request.asksForBoxes() && request.messages.pictures().size() == 1)) {
            throw HttpFailure.badRequest(
                    AnswerFormat.RESPONSE_FORMAT,
                    "detections need one picture and a prompt such as 'detect cat ; dog' or 'segment cat'");
        }
        return request;
    }

    /** Whether the prompt is one that is answered by boxes. */
    boolean asksForBoxes() {
        return BoxTask.isAskedBy(messages.prompt());
    }

    /** Whether masks are asked for, too. */
    boolean asksForMasks() {
        return messages.prompt().startsWith("segment ");
    }

    /** Reads the pictures and makes the request. */
    GenerationRequest request(Pictures pictures, Admission.Ticket ticket) {
        GenerationRequest.Builder request = GenerationRequest.builder()
                .images(pictures.read(messages.pictures(), ticket))
                .prompt(messages.prompt());
        if (asksForBoxes()) {
            request.maxNewTokens(BoxTask.MAX_NEW_TOKENS);
        }
        settings.applyTo(request, body);
        TokenConstraints rules = model.pipeline().constraints();
        if (format.boxes()) {
            List<String> labels = labels();
            constrain(request, () -> asksForMasks() ? rules.segments(labels) : rules.detections(labels));
        } else if (format.rule() != null) {
            Function<TokenConstraints, TokenConstraint> rule = format.rule();
            constrain(request, () -> rule.apply(rules));
        }
        return request.build();
    }

    private void constrain(GenerationRequest.Builder request, Supplier<TokenConstraint> rule) {
        try {
            request.constraint(rule.get());
        } catch (IllegalArgumentException e) {
            throw HttpFailure.badRequest(format.param(), format.param() + ": " + e.getMessage());
        }
    }

    private List<String> labels() {
        String prompt = messages.prompt();
        return Arrays.stream(prompt.substring(prompt.indexOf(' ')).split(SEPARATOR))
                .map(String::strip)
                .filter(label -> !label.isEmpty())
                .toList();
    }

    /** The text of an answer as content. */
    String wrapped(String text) {
        Function<String, String> wrap = format.wrap();
        return wrap == null ? text : wrap.apply(text);
    }

    /** Whether pieces of the answer are its content. */
    boolean isWrittenInPieces() {
        return settings.answers() == 1 && settings.beams() == 0 && format.wrap() == null && !format.boxes();
    }

    /** The name of the model in the answer. */
    String modelName() {
        return model.id();
    }
}
