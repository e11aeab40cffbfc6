package dev.paligemma.langchain4j;

import static dev.paligemma.langchain4j.TinyPipeline.about;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.exception.InvalidRequestException;
import dev.langchain4j.exception.RateLimitException;
import dev.langchain4j.model.chat.StreamingChatModel;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.PartialResponse;
import dev.langchain4j.model.chat.response.PartialResponseContext;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import dev.langchain4j.model.chat.response.StreamingHandle;
import dev.langchain4j.model.output.FinishReason;
import dev.paligemma.generation.TooManyRequestsException;
import dev.paligemma.tiny.TinyModel;
import dev.paligemma.vision.RgbImage;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class PaliGemmaStreamingChatModelTest {
    /** Keeps what it is told, and cancels after some pieces. */
    private static class Recorder implements StreamingChatResponseHandler {
        final List<String> pieces = new ArrayList<>();
        final CompletableFuture<ChatResponse> end = new CompletableFuture<>();
        private final int most;
        StreamingHandle handle;

        Recorder(int most) {
            this.most = most;
        }

        @Override
        public void onPartialResponse(PartialResponse piece, PartialResponseContext context) {
            pieces.add(piece.text());
            handle = context.streamingHandle();
            if (pieces.size() == most) {
                handle.cancel();
            }
        }

        @Override
        public void onCompleteResponse(ChatResponse response) {
            end.complete(response);
        }

        @Override
        public void onError(Throwable error) {
            end.completeExceptionally(error);
        }
    }

    @Test
    void writesPieceByPiece() throws Exception {
        Recorder recorder = new Recorder(Integer.MAX_VALUE);

        PaliGemmaStreamingChatModel.builder()
                .pipeline(TinyPipeline.SHARED)
                .build()
                .chat(List.of(about("caption en")), recorder);

        ChatResponse response = recorder.end.get(30, TimeUnit.SECONDS);
        assertThat(recorder.pieces).hasSize(7);
        assertThat(String.join("", recorder.pieces))
                .isEqualTo(response.aiMessage().text())
                .isEqualTo(TinyModel.CAPTION);
        assertThat(response.finishReason()).isEqualTo(FinishReason.STOP);
        assertThat(response.tokenUsage().totalTokenCount()).isEqualTo(75);
        assertThat(response.metadata()).isInstanceOf(PaliGemmaChatResponseMetadata.class);
        assertThat(recorder.handle.isCancelled()).isFalse();
    }

    @Test
    void afterCancellingNothingComesAndTheStreamIsClosed() throws Exception {
        ScriptedRunner runner = ScriptedRunner.ofContracts();
        Recorder recorder = new Recorder(3);
        CompletableFuture<Void> done = new CompletableFuture<>();
        StreamingChatModel model = PaliGemmaStreamingChatModel.builder()
                .pipeline(runner)
                .defaultImages(RgbImage.of(1, 1, new byte[3]))
                .executor(answer -> done.completeAsync(() -> {
                    answer.run();
                    return null;
                }))
                .build();

        model.chat(List.of(UserMessage.from("Tell me a story")), recorder);
        done.get(30, TimeUnit.SECONDS);

        assertThat(runner.closed.getCount()).isZero();
        assertThat(recorder.pieces).hasSize(3);
        assertThat(recorder.end).isNotDone();
        assertThat(recorder.handle.isCancelled()).isTrue();
    }

    @Test
    void whatIsAskedInVainIsThrownAtOnce() {
        StreamingChatModel model = PaliGemmaStreamingChatModel.builder()
                .pipeline(TinyPipeline.SHARED)
                .build();

        assertThatThrownBy(() -> model.chat(List.of(UserMessage.from("caption en")), new Recorder(1)))
                .isInstanceOf(InvalidRequestException.class);
    }

    @Test
    void laterFailuresReachTheHandler() {
        Recorder recorder = new Recorder(1);
        PaliGemmaStreamingChatModel.builder()
                .pipeline(ScriptedRunner.failing(new TooManyRequestsException(1, 0)))
                .executor(Runnable::run)
                .build()
                .chat(List.of(about("caption en")), recorder);

        assertThatThrownBy(() -> recorder.end.get(1, TimeUnit.SECONDS))
                .isInstanceOf(ExecutionException.class)
                .hasCauseInstanceOf(RateLimitException.class);
    }
}
