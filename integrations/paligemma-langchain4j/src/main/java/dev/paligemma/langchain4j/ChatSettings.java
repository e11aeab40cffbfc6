package dev.paligemma.langchain4j;

import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.exception.UnsupportedFeatureException;
import dev.langchain4j.internal.ChatRequestValidationUtils;
import dev.langchain4j.model.chat.listener.ChatModelListener;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.output.FinishReason;
import dev.langchain4j.model.output.TokenUsage;
import dev.paligemma.base.internal.Quote;
import dev.paligemma.detection.DetectionResult;
import dev.paligemma.generation.GenerationRequest;
import dev.paligemma.generation.GenerationResult;
import dev.paligemma.generation.Sampling;
import dev.paligemma.task.BoxTask;
import dev.paligemma.task.TaskRunner;
import dev.paligemma.task.Tasks;
import dev.paligemma.vision.RgbImage;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** What both chat models share: from messages and parameters to a request, and from a result to a response. Immutable. */
final class ChatSettings {
    /** Reads boxes of any label. */
    private static final BoxTask<DetectionResult> BOXES = Tasks.detect("anything");

    private final TaskRunner runner;
    private final String modelName;
    private final ChatRequestParameters defaults;
    private final List<ChatModelListener> listeners;
    private final OtherMessages otherMessages;
    private final List<RgbImage> defaultImages;
    private final Consumer<GenerationRequest.Builder> customizer;

    ChatSettings(PaliGemmaChatModelBuilder<?> builder) {
        if (builder.pipeline == null) {
            throw new IllegalStateException("a chat model needs a pipeline; give it by pipeline(...)");
        }
        this.runner = builder.pipeline;
        this.modelName = builder.modelName;
        this.defaults =
                ChatRequestParameters.builder().modelName(modelName).build().overrideWith(builder.defaults);
        this.listeners = builder.listeners;
        this.otherMessages = builder.otherMessages;
        this.defaultImages = builder.defaultImages;
        this.customizer = builder.customizer;
        check(defaults);
    }

    TaskRunner runner() {
        return runner;
    }

    ChatRequestParameters defaults() {
        return defaults;
    }

    List<ChatModelListener> listeners() {
        return listeners;
    }

    /** What a request of LangChain4j asks the pipeline. */
    GenerationRequest request(ChatRequest chat) {
        check(chat.parameters());
        try {
            PromptMessages messages = PromptMessages.of(chat.messages(), otherMessages);
            GenerationRequest.Builder request = GenerationRequest.builder()
                    .prompt(messages.text())
                    .images(messages.images().isEmpty() ? defaultImages : messages.images())
                    .sampling(sampling(chat.parameters()));
            if (BoxTask.isAskedBy(messages.text())) {
                request.maxNewTokens(BoxTask.MAX_NEW_TOKENS);
            }
            set(request, chat.parameters());
            customizer.accept(request);
            return request.build();
        } catch (RuntimeException e) {
            throw Failures.translate(e);
        }
    }

    private void set(GenerationRequest.Builder request, ChatRequestParameters parameters) {
        if (parameters.maxOutputTokens() != null) {
            request.maxNewTokens(parameters.maxOutputTokens());
        }
        if (parameters.stopSequences() != null) {
            request.stop(parameters.stopSequences().toArray(String[]::new));
        }
        String name = parameters.modelName();
        if (name != null && !name.equals(modelName)) {
            request.adapter(name);
        }
    }

    private static Sampling sampling(ChatRequestParameters parameters) {
        Double temperature = parameters.temperature();
        Double topP = parameters.topP();
        Integer topK = parameters.topK();
        if (temperature == null ? topP == null && topK == null : temperature == 0) {
            return Sampling.greedy();
        }
        Sampling sampling = Sampling.temperature(temperature == null ? 1 : temperature)
                .seed(ThreadLocalRandom.current().nextLong());
        sampling = topP == null ? sampling : sampling.topP(topP);
        return topK == null ? sampling : sampling.topK(topK);
    }

    /** Refuses what would change an answer and cannot be done, in requests and in defaults. */
    private void check(ChatRequestParameters parameters) {
        ChatRequestValidationUtils.validate(parameters.toolChoice());
        ChatRequestValidationUtils.validate(parameters.toolSpecifications());
        ChatRequestValidationUtils.validate(parameters.responseFormat());
        refuse("frequencyPenalty", parameters.frequencyPenalty());
        refuse("presencePenalty", parameters.presencePenalty());
        String name = parameters.modelName();
        if (name != null && !name.equals(modelName) && !runner.adapters().contains(name)) {
            throw new UnsupportedFeatureException(
                    "modelName " + Quote.quote(name) + " is not supported: the model is called "
                            + Quote.quote(modelName) + ", its adapters " + runner.adapters());
        }
    }

    private static void refuse(String name, @Nullable Double penalty) {
        if (penalty != null && penalty != 0) {
            throw new UnsupportedFeatureException(name + " is not supported; there is repetitionPenalty of"
                    + " GenerationRequest.Builder, for customizeRequests(...)");
        }
    }

    /** What LangChain4j is to know of a result. */
    ChatResponse response(ChatRequest chat, GenerationRequest request, GenerationResult result) {
        String name = Objects.requireNonNullElse(chat.parameters().modelName(), modelName);
        return ChatResponse.builder()
                .aiMessage(AiMessage.from(result.text()))
                .metadata(PaliGemmaChatResponseMetadata.ofAnswer()
                        .id(UUID.randomUUID().toString())
                        .modelName(name)
                        .tokenUsage(new TokenUsage(
                                result.promptTokenIds().length + result.imageTokens(),
                                result.tokens().size()))
                        .finishReason(
                                result.finishReason() == dev.paligemma.generation.FinishReason.LENGTH
                                        ? FinishReason.LENGTH
                                        : FinishReason.STOP)
                        .generation(result)
                        .answer(boxes(request, result))
                        .build())
                .build();
    }

    /** The answer read as boxes, whatever the prompt was, if there are any. */
    private Optional<DetectionResult> boxes(GenerationRequest request, GenerationResult result) {
        return request.imageCount() == 1
                ? Optional.of(runner.read(BOXES, request, result))
                        .filter(found -> !found.detections().isEmpty())
                : Optional.empty();
    }
}
