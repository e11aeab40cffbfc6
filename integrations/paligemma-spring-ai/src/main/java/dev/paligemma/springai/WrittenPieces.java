package dev.paligemma.springai;

import dev.paligemma.generation.AnswerStream;
import dev.paligemma.generation.GenerationRequest;
import dev.paligemma.generation.RequestCancelledException;
import dev.paligemma.task.TaskRunner;
import org.springframework.ai.chat.model.ChatResponse;
import reactor.core.publisher.Flux;
import reactor.core.publisher.SynchronousSink;

/** One answer while it is written, for one subscriber. */
final class WrittenPieces {
    private final TaskRunner runner;
    private final GenerationRequest request;
    private final Responses responses;
    private volatile boolean cancelled;
    private boolean complete;

    WrittenPieces(TaskRunner runner, GenerationRequest request, Responses responses) {
        this.runner = runner;
        this.request = request;
        this.responses = responses;
    }

    /** Writes a piece whenever one is asked for. The thread that writes also closes the stream, so who cancels need not wait. */
    Flux<ChatResponse> flux() {
        return Flux.<ChatResponse, AnswerStream>generate(() -> runner.stream(request), this::next, AnswerStream::close)
                .doOnCancel(() -> cancelled = true);
    }

    private AnswerStream next(AnswerStream answer, SynchronousSink<ChatResponse> sink) {
        try {
            write(answer, sink);
        } catch (RequestCancelledException e) {
            // Cancelling interrupts the thread that writes, and nobody is left who could be told of it.
            if (!cancelled) {
                throw e;
            }
            sink.complete();
        }
        return answer;
    }

    private void write(AnswerStream answer, SynchronousSink<ChatResponse> sink) {
        while (answer.hasNext()) {
            String text = answer.next().text();
            if (!text.isEmpty()) {
                sink.next(responses.piece(text));
                return;
            }
        }
        if (complete) {
            sink.complete();
        } else {
            complete = true;
            sink.next(responses.end(answer.result()));
        }
    }
}
