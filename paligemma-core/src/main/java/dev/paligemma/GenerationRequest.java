package dev.paligemma;

import dev.paligemma.tokenizer.ControlTokens;
import dev.paligemma.vision.RgbImage;
import java.util.List;
import java.util.Objects;

/**
 * Images, a prompt and how to continue it. Immutable and thread-safe.
 *
 * <p>The prompt is used as written: no lower-casing and no trimming, except that one trailing newline is removed,
 * because the model's own separator follows the prompt. With several images, either the prompt holds one
 * {@code <image>} marker per image, or none and all images come first, in order.
 */
public final class GenerationRequest {
    /** How many tokens a request may write unless it says otherwise: {@value}. */
    public static final int DEFAULT_MAX_NEW_TOKENS = 128;

    private final List<RgbImage> images;
    private final String prompt;
    private final int maxNewTokens;
    private final ControlTokens controlTokens;

    private GenerationRequest(Builder builder) {
        this.images = List.copyOf(builder.images);
        this.prompt = builder.prompt;
        this.maxNewTokens = builder.maxNewTokens;
        this.controlTokens = builder.controlTokens;
    }

    /**
     * A request about one image with every option at its default.
     *
     * @param image the picture
     * @param prompt the prompt, for example {@code "caption en"}; may be empty
     * @return the request
     */
    public static GenerationRequest of(RgbImage image, String prompt) {
        return builder().image(image).prompt(prompt).build();
    }

    /**
     * A builder with no image and an empty prompt.
     *
     * @return a new builder
     */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * The pictures, in the order in which the model sees them.
     *
     * @return an immutable list
     */
    public List<RgbImage> images() {
        return images;
    }

    /**
     * The prompt as given.
     *
     * @return the prompt, possibly empty
     */
    public String prompt() {
        return prompt;
    }

    /**
     * The largest number of tokens to write.
     *
     * @return at least 1
     */
    public int maxNewTokens() {
        return maxNewTokens;
    }

    /**
     * What {@code <loc0001>}, {@code <image>} and other control tokens typed into the prompt mean.
     *
     * @return the treatment
     */
    public ControlTokens controlTokens() {
        return controlTokens;
    }

    /** Collects the parts of a {@link GenerationRequest}. Confined to one thread. */
    public static final class Builder {
        private List<RgbImage> images = List.of();
        private String prompt = "";
        private int maxNewTokens = DEFAULT_MAX_NEW_TOKENS;
        private ControlTokens controlTokens = ControlTokens.PARSE;

        private Builder() {}

        /**
         * Asks about one picture.
         *
         * @param image the picture
         * @return this builder
         */
        public Builder image(RgbImage image) {
            return images(List.of(image));
        }

        /**
         * Asks about several pictures.
         *
         * @param newImages the pictures in order; may not be empty when the request is built
         * @return this builder
         */
        public Builder images(List<RgbImage> newImages) {
            this.images = List.copyOf(newImages);
            return this;
        }

        /**
         * Sets the prompt.
         *
         * @param newPrompt the prompt; may be empty
         * @return this builder
         */
        public Builder prompt(String newPrompt) {
            this.prompt = Objects.requireNonNull(newPrompt, "prompt");
            return this;
        }

        /**
         * Limits the length of the answer.
         *
         * @param newMaxNewTokens the largest number of tokens to write, at least 1
         * @return this builder
         * @throws IllegalArgumentException if the number is below 1
         */
        public Builder maxNewTokens(int newMaxNewTokens) {
            if (newMaxNewTokens < 1) {
                throw new IllegalArgumentException("maxNewTokens must be at least 1, got " + newMaxNewTokens);
            }
            this.maxNewTokens = newMaxNewTokens;
            return this;
        }

        /**
         * Chooses what control tokens typed into the prompt mean; they are parsed by default, as transformers does.
         *
         * @param newControlTokens the treatment
         * @return this builder
         */
        public Builder controlTokens(ControlTokens newControlTokens) {
            this.controlTokens = Objects.requireNonNull(newControlTokens, "controlTokens");
            return this;
        }

        /**
         * Makes the request.
         *
         * @return the request
         * @throws IllegalArgumentException if no image was given
         */
        public GenerationRequest build() {
            if (images.isEmpty()) {
                throw new IllegalArgumentException("a request needs at least one image, got none");
            }
            return new GenerationRequest(this);
        }
    }
}
