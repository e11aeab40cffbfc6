package dev.paligemma.langchain4j;

import dev.langchain4j.model.chat.response.ChatResponseMetadata;
import dev.paligemma.detection.Detection;
import dev.paligemma.detection.DetectionResult;
import dev.paligemma.detection.ParsedAnswer;
import dev.paligemma.generation.GenerationResult;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What is known of an answer besides its text: the boxes in it, probabilities and timings. Immutable and thread-safe.
 *
 * <p>The {@code tokenUsage} counts the places of pictures as input; {@link GenerationResult#imageTokens} says how many they are. The {@code
 * finishReason} is {@code LENGTH} or {@code STOP}; {@link GenerationResult#finishReason} tells a stop sequence from the model's own end.
 */
public final class PaliGemmaChatResponseMetadata extends ChatResponseMetadata {
    private final @Nullable GenerationResult generation;
    private final @Nullable DetectionResult answer;

    private PaliGemmaChatResponseMetadata(Builder builder) {
        super(builder);
        this.generation = builder.generation;
        this.answer = builder.answer;
    }

    static Builder ofAnswer() {
        return new Builder();
    }

    /** The answer as it was written: tokens and their probabilities, why it ended, and timings. */
    public GenerationResult generation() {
        return Objects.requireNonNull(generation, "generation");
    }

    /**
     * The answer read as boxes, in pixels of the picture; empty if there is no box in it, or the request has several pictures.
     * For masks: {@code SegmentationResult.of(answer, pipeline.maskCodec())}.
     */
    public Optional<DetectionResult> answer() {
        return Optional.ofNullable(answer);
    }

    /** The boxes in the answer; none if there are none. */
    public List<Detection> detections() {
        return answer().map(ParsedAnswer::detections).orElse(List.of());
    }

    @Override
    public Builder toBuilder() {
        Builder builder = new Builder();
        toBuilder(builder);
        builder.generation = generation;
        builder.answer = answer;
        return builder;
    }

    /** Changes what LangChain4j knows of, in a copy. Confined to one thread. */
    public static final class Builder extends ChatResponseMetadata.Builder<Builder> {
        private @Nullable GenerationResult generation;
        private @Nullable DetectionResult answer;

        private Builder() {}

        Builder generation(GenerationResult result) {
            this.generation = result;
            return this;
        }

        Builder answer(Optional<DetectionResult> found) {
            this.answer = found.orElse(null);
            return this;
        }

        @Override
        public PaliGemmaChatResponseMetadata build() {
            return new PaliGemmaChatResponseMetadata(this);
        }
    }
}
