package dev.paligemma.springai;

import dev.paligemma.base.internal.NonNull;
import dev.paligemma.detection.Detection;
import dev.paligemma.detection.DetectionResult;
import dev.paligemma.detection.ParsedAnswer;
import dev.paligemma.generation.GenerationRequest;
import dev.paligemma.generation.GenerationResult;
import dev.paligemma.task.BoxTask;
import dev.paligemma.task.TaskRunner;
import dev.paligemma.vision.RgbImage;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationRegistry;
import io.micrometer.observation.contextpropagation.ObservationThreadLocalAccessor;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.springframework.ai.chat.model.ChatModel;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.model.MessageAggregator;
import org.springframework.ai.chat.observation.ChatModelObservationContext;
import org.springframework.ai.chat.observation.ChatModelObservationDocumentation;
import org.springframework.ai.chat.observation.DefaultChatModelObservationConvention;
import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.ai.chat.prompt.Prompt;
import reactor.core.publisher.Flux;
import reactor.core.scheduler.Schedulers;

/**
 * Answers messages with pictures through a pipeline of the application. Thread-safe; does not close the pipeline.
 *
 * <p>Options of a prompt, where it has some, and else the default ones:
 *
 * <ul>
 *   <li>{@code maxTokens}: {@link GenerationRequest.Builder#maxNewTokens}
 *   <li>{@code stopSequences}: {@link GenerationRequest.Builder#stop}
 *   <li>{@code temperature}, {@code topP}, {@code topK}: the {@link dev.paligemma.generation.Sampling} of these names. Without any of them,
 *       and with a temperature of 0, the answer is greedy; without a temperature it is 1. The seed is another one for each request.
 *   <li>{@code model}: the name of this model, or of an adapter that was loaded with the pipeline
 *   <li>{@code frequencyPenalty}, {@code presencePenalty}: refused, unless they are 0
 *   <li>tools, an output schema, and options of other models, which have fields of their own: refused
 * </ul>
 *
 * <p>What is refused is an {@link IllegalArgumentException}; everything else is what {@link TaskRunner#generate} throws. Media are pictures
 * given by their bytes; addresses are not followed.
 *
 * <p>The metadata of a response has the usage, in which places of pictures are counted as tokens of the prompt, and under {@link
 * #GENERATION} and {@link #BOXES} what {@link #generation} and {@link #detections} read.
 */
public final class PaliGemmaChatModel implements ChatModel {
    /** What a model is called unless the application says otherwise, and the provider in observations: {@value}. */
    public static final String DEFAULT_MODEL_NAME = "paligemma";

    /** Under this key the metadata of a response has its {@link GenerationResult}: {@value}. */
    public static final String GENERATION = "paligemma.generation";

    /** Under this key the metadata of a response has its {@link DetectionResult}, if there are boxes in the answer: {@value}. */
    public static final String BOXES = "paligemma.boxes";

    private final TaskRunner runner;
    private final ModelOptions options;
    private final OtherMessages otherMessages;
    private final List<RgbImage> defaultImages;
    private final Consumer<GenerationRequest.Builder> customizer;
    private final ObservationRegistry observations;

    private PaliGemmaChatModel(Builder builder) {
        if (builder.pipeline == null) {
            throw new IllegalStateException("a chat model needs a pipeline; give it by pipeline(...)");
        }
        this.runner = builder.pipeline;
        this.options = new ModelOptions(runner, builder.modelName, builder.defaults);
        this.otherMessages = builder.otherMessages;
        this.defaultImages = builder.defaultImages;
        this.customizer = builder.customizer;
        this.observations = builder.observations;
    }

    /** A builder, which needs a pipeline. */
    public static Builder builder() {
        return new Builder();
    }

    @Override
    public ChatOptions getDefaultOptions() {
        return getOptions();
    }

    /** The options of prompts that have none. Spring AI 2.0 asks for them by this name, which 1.1 does not know. */
    @SuppressWarnings("MissingOverride")
    public ChatOptions getOptions() {
        return options.merged(null);
    }

    @Override
    public ChatResponse call(Prompt prompt) {
        Prompt complete = complete(prompt);
        ChatModelObservationContext context = context(complete);
        return Objects.requireNonNull(observation(context).observe(() -> {
            GenerationRequest request = request(complete);
            ChatResponse response = new Responses(runner, request, model(complete)).of(runner.generate(request));
            context.setResponse(response);
            return response;
        }));
    }

    /**
     * Answers piece by piece, each as soon as it is written, in a thread of {@link Schedulers#boundedElastic}. The last response has no text
     * but what {@link #call} has besides. Cancelling the subscription gives the answer up; what it occupies is free within one token.
     */
    @Override
    public Flux<ChatResponse> stream(Prompt prompt) {
        return Flux.deferContextual(subscriber -> {
            Prompt complete = complete(prompt);
            ChatModelObservationContext context = context(complete);
            Observation observation = observation(context);
            observation.parentObservation(subscriber.getOrDefault(ObservationThreadLocalAccessor.KEY, null));
            observation.start();
            Flux<ChatResponse> pieces = Flux.defer(() -> {
                        GenerationRequest request = request(complete);
                        return new WrittenPieces(runner, request, new Responses(runner, request, model(complete)))
                                .flux();
                    })
                    .subscribeOn(Schedulers.boundedElastic())
                    .doOnError(observation::error)
                    .doFinally(end -> observation.stop());
            return new MessageAggregator().aggregate(pieces, context::setResponse);
        });
    }

    private Prompt complete(Prompt prompt) {
        return new Prompt(prompt.getInstructions(), options.merged(prompt.getOptions()));
    }

    private static String model(Prompt complete) {
        return Objects.requireNonNull(complete.getOptions().getModel(), "model");
    }

    private GenerationRequest request(Prompt complete) {
        PromptMessages messages = PromptMessages.of(complete.getInstructions(), otherMessages);
        GenerationRequest.Builder request = GenerationRequest.builder()
                .prompt(messages.text())
                .images(messages.images().isEmpty() ? defaultImages : messages.images());
        if (BoxTask.isAskedBy(messages.text())) {
            request.maxNewTokens(BoxTask.MAX_NEW_TOKENS);
        }
        options.set(request, complete.getOptions());
        customizer.accept(request);
        return request.build();
    }

    private static ChatModelObservationContext context(Prompt complete) {
        return ChatModelObservationContext.builder()
                .prompt(complete)
                .provider(DEFAULT_MODEL_NAME)
                .build();
    }

    private Observation observation(ChatModelObservationContext context) {
        return ChatModelObservationDocumentation.CHAT_MODEL_OPERATION.observation(
                null, new DefaultChatModelObservationConvention(), () -> context, observations);
    }

    /** The answer as it was written; empty for a piece of a stream that is not its last. */
    public static Optional<GenerationResult> generation(ChatResponse response) {
        return Optional.ofNullable(response.getMetadata().get(GENERATION));
    }

    /** The answer read as boxes, in pixels of the picture; empty if there are none, or the request has several pictures. */
    public static Optional<DetectionResult> boxes(ChatResponse response) {
        return Optional.ofNullable(response.getMetadata().get(BOXES));
    }

    /** The boxes in the answer; none if there are none. */
    public static List<Detection> detections(ChatResponse response) {
        return boxes(response).map(ParsedAnswer::detections).orElse(List.of());
    }

    /** Collects what a {@link PaliGemmaChatModel} needs. Confined to one thread. */
    public static final class Builder {
        private @Nullable TaskRunner pipeline;
        private String modelName = DEFAULT_MODEL_NAME;
        private @Nullable ChatOptions defaults;
        private OtherMessages otherMessages = OtherMessages.REFUSE;
        private List<RgbImage> defaultImages = List.of();
        private Consumer<GenerationRequest.Builder> customizer = request -> {};
        private ObservationRegistry observations = ObservationRegistry.NOOP;

        private Builder() {}

        /**
         * Chooses what answers: a {@link dev.paligemma.PaliGemmaPipeline} of the application, which closes it, or a {@link
         * dev.paligemma.PaliGemmaPipeline#withAdapter view} of it. Required.
         */
        public Builder pipeline(TaskRunner newPipeline) {
            this.pipeline = Objects.requireNonNull(newPipeline, "pipeline");
            return this;
        }

        /** Chooses what prompts and responses call the model, {@value PaliGemmaChatModel#DEFAULT_MODEL_NAME} by default. */
        public Builder modelName(String name) {
            this.modelName = Objects.requireNonNull(name, "modelName");
            return this;
        }

        /** Chooses options of prompts that do not say otherwise. */
        public Builder defaultOptions(ChatOptions options) {
            this.defaults = Objects.requireNonNull(options, "options");
            return this;
        }

        /** Chooses what becomes of messages before the last one; by default a prompt that has some is refused. */
        public Builder otherMessages(OtherMessages choice) {
            this.otherMessages = Objects.requireNonNull(choice, "choice");
            return this;
        }

        /** Chooses the pictures of prompts that have none. By default there are none, and such a prompt is refused. */
        public Builder defaultImages(RgbImage... images) {
            this.defaultImages = NonNull.copy(images, "images");
            return this;
        }

        /**
         * Changes each request after all else, for what Spring AI has no option: {@code request ->
         * request.timeout(Duration.ofSeconds(30))}, a constraint, a seed.
         */
        public Builder customizeRequests(Consumer<GenerationRequest.Builder> newCustomizer) {
            this.customizer = Objects.requireNonNull(newCustomizer, "customizer");
            return this;
        }

        /** Chooses where calls are observed, as {@code gen_ai.client.operation}; nowhere by default. */
        public Builder observationRegistry(ObservationRegistry registry) {
            this.observations = Objects.requireNonNull(registry, "registry");
            return this;
        }

        /**
         * Makes the model.
         *
         * @throws IllegalStateException if there is no pipeline
         * @throws IllegalArgumentException if a default option is refused
         */
        public PaliGemmaChatModel build() {
            return new PaliGemmaChatModel(this);
        }
    }
}
