package dev.paligemma.langchain4j;

import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.response.PartialResponse;
import dev.langchain4j.model.chat.response.PartialResponseContext;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import dev.langchain4j.model.chat.response.StreamingHandle;
import dev.paligemma.generation.AnswerStream;
import dev.paligemma.generation.GenerationRequest;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Writes one answer and tells a handler of it. */
final class StreamedAnswer implements Runnable, StreamingHandle {
    private static final Logger LOG = LoggerFactory.getLogger(StreamedAnswer.class);

    private final ChatSettings settings;
    private final ChatRequest chat;
    private final GenerationRequest request;
    private final StreamingChatResponseHandler handler;
    /** Asked between pieces. Closing the stream instead would make whoever cancels wait for a step of the network. */
    private volatile boolean cancelled;

    StreamedAnswer(
            ChatSettings settings, ChatRequest chat, GenerationRequest request, StreamingChatResponseHandler handler) {
        this.settings = settings;
        this.chat = chat;
        this.request = request;
        this.handler = handler;
    }

    @Override
    public void cancel() {
        cancelled = true;
    }

    @Override
    public boolean isCancelled() {
        return cancelled;
    }

    @Override
    public void run() {
        try {
            write();
        } catch (RuntimeException | Error e) {
            // Whoever waits for the answer must hear of errors, too.
            fail(e instanceof RuntimeException failure ? Failures.translate(failure) : e);
            if (e instanceof Error error) {
                throw error;
            }
        }
    }

    private void write() {
        PartialResponseContext context = new PartialResponseContext(this);
        try (AnswerStream answer = settings.runner().stream(request)) {
            while (!cancelled && answer.hasNext()) {
                String text = answer.next().text();
                if (!text.isEmpty()) {
                    tell(() -> handler.onPartialResponse(new PartialResponse(text), context));
                }
            }
            if (!cancelled) {
                tell(() -> handler.onCompleteResponse(settings.response(chat, request, answer.result())));
            }
        }
    }

    /** What the handler throws is its own affair, and the answer goes on. */
    private void tell(Runnable call) {
        try {
            call.run();
        } catch (RuntimeException e) {
            fail(e);
        }
    }

    private void fail(Throwable failure) {
        if (cancelled) {
            return;
        }
        try {
            handler.onError(failure);
        } catch (RuntimeException e) {
            LOG.warn("a handler failed while it was told of a failure", e);
        }
    }
}
