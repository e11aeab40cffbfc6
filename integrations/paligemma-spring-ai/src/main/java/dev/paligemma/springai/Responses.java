package dev.paligemma.springai;

import dev.paligemma.detection.DetectionResult;
import dev.paligemma.generation.FinishReason;
import dev.paligemma.generation.GenerationRequest;
import dev.paligemma.generation.GenerationResult;
import dev.paligemma.task.BoxTask;
import dev.paligemma.task.TaskRunner;
import dev.paligemma.task.Tasks;
import java.util.List;
import java.util.UUID;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.metadata.ChatGenerationMetadata;
import org.springframework.ai.chat.metadata.ChatResponseMetadata;
import org.springframework.ai.chat.metadata.DefaultUsage;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.model.Generation;

/** Makes the responses to one request. */
final class Responses {
    /** Reads boxes of any label. */
    private static final BoxTask<DetectionResult> BOXES = Tasks.detect("anything");

    private final TaskRunner runner;
    private final GenerationRequest request;
    private final String model;
    private final String id = UUID.randomUUID().toString();

    Responses(TaskRunner runner, GenerationRequest request, String model) {
        this.runner = runner;
        this.request = request;
        this.model = model;
    }

    /** A piece of an answer that is not complete. */
    ChatResponse piece(String text) {
        return new ChatResponse(
                List.of(new Generation(new AssistantMessage(text))), metadata().build());
    }

    /** A whole answer. */
    ChatResponse of(GenerationResult result) {
        return of(result, result.text());
    }

    /** What is known of a whole answer whose text was given piece by piece. */
    ChatResponse end(GenerationResult result) {
        return of(result, "");
    }

    private ChatResponse of(GenerationResult result, String text) {
        ChatResponseMetadata.Builder metadata = metadata()
                .usage(new DefaultUsage(
                        result.promptTokenIds().length + result.imageTokens(),
                        result.tokens().size()))
                .keyValue(PaliGemmaChatModel.GENERATION, result);
        if (request.imageCount() == 1) {
            DetectionResult found = runner.read(BOXES, request, result);
            if (!found.detections().isEmpty()) {
                metadata.keyValue(PaliGemmaChatModel.BOXES, found);
            }
        }
        String reason = result.finishReason() == FinishReason.LENGTH ? "LENGTH" : "STOP";
        ChatGenerationMetadata ended =
                ChatGenerationMetadata.builder().finishReason(reason).build();
        return new ChatResponse(List.of(new Generation(new AssistantMessage(text), ended)), metadata.build());
    }

    private ChatResponseMetadata.Builder metadata() {
        return ChatResponseMetadata.builder().id(id).model(model);
    }
}
