package dev.paligemma.server.internal.openai;

import dev.paligemma.constraint.GeneratedToken;
import dev.paligemma.generation.AnswerStream;
import dev.paligemma.generation.BeamAnswer;
import dev.paligemma.generation.BeamSearch;
import dev.paligemma.generation.GenerationRequest;
import dev.paligemma.generation.GenerationResult;
import dev.paligemma.generation.RequestException;
import dev.paligemma.generation.TextPiece;
import dev.paligemma.server.internal.http.Admission;
import dev.paligemma.server.internal.http.EventStream;
import dev.paligemma.server.internal.http.Exchange;
import dev.paligemma.server.internal.http.Handler;
import dev.paligemma.server.internal.http.JsonBody;
import dev.paligemma.server.internal.model.LoadedModel;
import dev.paligemma.server.internal.model.ServedModel;
import dev.paligemma.server.internal.picture.Pictures;
import java.io.IOException;
import java.util.Collections;
import java.util.List;

/** Answers conversations: {@code /v1/chat/completions}. Thread-safe. */
final class ChatCompletions implements Handler {
    private static final String DONE = "[DONE]";

    private final ServedModel models;
    private final Pictures pictures;
    private final int maxPictures;
    private final boolean ignoreSystem;

    ChatCompletions(ServedModel models, Pictures pictures, int maxPictures, boolean ignoreSystem) {
        this.models = models;
        this.pictures = pictures;
        this.maxPictures = maxPictures;
        this.ignoreSystem = ignoreSystem;
    }

    @Override
    public void handle(Exchange exchange) throws IOException {
        models.require(null);
        ChatRequest chat = ChatRequest.of(JsonBody.of(exchange), models, ignoreSystem, maxPictures);
        if (chat.streamed()) {
            exchange.stream(null, (events, ticket) -> stream(chat, events, ticket));
        } else {
            exchange.json(200, exchange.await(ticket -> {
                GenerationRequest request = chat.request(pictures, ticket);
                return json(chat, request).completion(request, answer(chat, request));
            }));
        }
    }

    private static ChatJson json(ChatRequest chat, GenerationRequest request) {
        return new ChatJson(chat, chat.model().runner().tokenizer(request));
    }

    private static List<GenerationResult> answer(ChatRequest chat, GenerationRequest request) {
        LoadedModel model = chat.model();
        int count = chat.settings().answers();
        if (chat.settings().beams() > 0) {
            List<GenerationResult> found =
                    model
                            .pipeline()
                            .search(request, BeamSearch.of(chat.settings().beams()))
                            .stream()
                            .limit(count)
                            .map(BeamAnswer::answer)
                            .toList();
            if (found.isEmpty()) {
                throw new RequestException("the search found no answer of up to " + request.maxNewTokens() + " tokens");
            }
            return found;
        }
        if (count > 1 && !request.sampling().isGreedy()) {
            return model.pipeline().generateSeveral(request, count);
        }
        // Without chance all answers are the same.
        return Collections.nCopies(count, model.runner().generate(request));
    }

    private void stream(ChatRequest chat, EventStream events, Admission.Ticket ticket) {
        GenerationRequest request = chat.request(pictures, ticket);
        ChatJson json = json(chat, request);
        List<GenerationResult> results = chat.isWrittenInPieces()
                ? List.of(writePieces(chat, request, json, events))
                : writeWhole(chat, request, json, events);
        if (chat.withUsage()) {
            events.data(json.usageChunk(results));
        }
        events.data(DONE);
    }

    private static GenerationResult writePieces(
            ChatRequest chat, GenerationRequest request, ChatJson json, EventStream events) {
        try (AnswerStream answer = chat.model().runner().stream(request)) {
            boolean unused = answer.hasNext(); // what is refused, is so before anything is sent
            begin(0, json, events);
            while (answer.hasNext()) {
                TextPiece piece = answer.next();
                List<GeneratedToken> tokens =
                        chat.settings().logprobs() ? piece.token().stream().toList() : List.of();
                if (!piece.text().isEmpty() || !tokens.isEmpty()) {
                    events.data(json.chunk(0, Members.of("content", piece.text()), tokens, null));
                }
            }
            GenerationResult result = answer.result();
            events.data(json.chunk(0, Members.of(), List.of(), ChatJson.reason(result)));
            return result;
        }
    }

    /** Several answers, or one that is content only as a whole. */
    private static List<GenerationResult> writeWhole(
            ChatRequest chat, GenerationRequest request, ChatJson json, EventStream events) {
        List<GenerationResult> results = answer(chat, request);
        for (int i = 0; i < results.size(); i++) {
            GenerationResult result = results.get(i);
            begin(i, json, events);
            events.data(json.chunk(i, Members.of("content", json.content(request, result)), result.tokens(), null));
            events.data(json.chunk(i, Members.of(), List.of(), ChatJson.reason(result)));
        }
        return results;
    }

    private static void begin(int choice, ChatJson json, EventStream events) {
        events.data(json.chunk(choice, Members.of("role", "assistant", "content", ""), List.of(), null));
    }
}
