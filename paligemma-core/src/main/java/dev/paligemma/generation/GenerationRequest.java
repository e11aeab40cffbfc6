package dev.paligemma.generation;

import dev.paligemma.base.internal.NonNull;
import dev.paligemma.base.internal.Quote;
import dev.paligemma.constraint.TokenConstraint;
import dev.paligemma.tokenizer.ControlTokens;
import dev.paligemma.vision.RgbImage;
import dev.paligemma.vision.format.ImageException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Images, a prompt and how to continue it. Immutable and thread-safe.
 *
 * <p>The prompt is used as written: no lower-casing and no trimming, except that one trailing newline is removed,
 * because the model's own separator follows the prompt. With several images, either the prompt holds one
 * {@code <image>} marker per image, or none and all images come first, in order.
 *
 * <p>A checkpoint's {@code generation_config.json} has a say where the request has none, as in transformers: in
 * {@code repetition_penalty} and {@code max_new_tokens}, and in {@code suppress_tokens}, {@code begin_suppress_tokens},
 * {@code min_new_tokens}, {@code min_length}, {@code no_repeat_ngram_size} and {@code bad_words_ids}, which give way to a
 * constraint only. Other fields of it are named in a warning while the model is loaded.
 */
public final class GenerationRequest {
    /** How many tokens a request may write unless it says otherwise: {@value}. */
    public static final int DEFAULT_MAX_NEW_TOKENS = 128;

    /** The most stop strings of a request: {@value}. */
    public static final int MAX_STOP_STRINGS = 16;

    /** The most characters of a stop string: {@value}. */
    public static final int MAX_STOP_LENGTH = 256;

    /** The most tokens of {@link Builder#topLogProbabilities}: {@value}. */
    public static final int MAX_TOP_LOG_PROBABILITIES = 20;

    /** A copy that nobody changes. */
    private final Builder chosen;

    private GenerationRequest(Builder chosen) {
        this.chosen = chosen;
    }

    /** A request about one image with every option at its default; the prompt may be empty. */
    public static GenerationRequest of(RgbImage image, String prompt) {
        return builder().image(image).prompt(prompt).build();
    }

    /**
     * A request about the picture in a file, with every option at its default; an {@link ImageException} if it cannot be
     * read.
     */
    public static GenerationRequest of(Path image, String prompt) {
        return of(RgbImage.read(Objects.requireNonNull(image, "image")), prompt);
    }

    /** A request about what {@link dev.paligemma.PaliGemmaPipeline#encode} gave, with every option at its default. */
    public static GenerationRequest of(ImageEmbeddings images, String prompt) {
        return builder().images(images).prompt(prompt).build();
    }

    /** A builder with no image and an empty prompt. */
    public static Builder builder() {
        return new Builder();
    }

    /** A builder with everything as in this request. */
    public Builder toBuilder() {
        return new Builder(chosen);
    }

    /** The pictures, in the order in which the model sees them; empty if the request has {@link #embeddings}. */
    public List<RgbImage> images() {
        return chosen.images;
    }

    /** The pictures as they were encoded before; empty if the request has {@link #images}. */
    public Optional<ImageEmbeddings> embeddings() {
        return Optional.ofNullable(chosen.embeddings);
    }

    /** How many pictures there are, encoded before or not, at least 1. */
    public int imageCount() {
        return chosen.embeddings == null ? chosen.images.size() : chosen.embeddings.count();
    }

    /**
     * The width of a picture before it is resized, encoded before or not, in pixels.
     *
     * @throws IndexOutOfBoundsException if there is no picture of that index
     */
    public int imageWidth(int image) {
        return chosen.embeddings == null ? chosen.images.get(image).width() : chosen.embeddings.imageWidth(image);
    }

    /**
     * The height of a picture before it is resized, encoded before or not, in pixels.
     *
     * @throws IndexOutOfBoundsException if there is no picture of that index
     */
    public int imageHeight(int image) {
        return chosen.embeddings == null ? chosen.images.get(image).height() : chosen.embeddings.imageHeight(image);
    }

    /** The prompt as given, possibly empty. */
    public String prompt() {
        return chosen.prompt;
    }

    /** The largest number of tokens to write, at least 1; {@value #DEFAULT_MAX_NEW_TOKENS} where the request leaves it open. */
    public int maxNewTokens() {
        return chosen.maxNewTokens == null ? DEFAULT_MAX_NEW_TOKENS : chosen.maxNewTokens;
    }

    /** The same; empty if the request leaves it to the checkpoint's {@code generation_config.json}. */
    public OptionalInt chosenMaxNewTokens() {
        return chosen.maxNewTokens == null ? OptionalInt.empty() : OptionalInt.of(chosen.maxNewTokens);
    }

    /** What {@code <loc0001>}, {@code <image>} and other control tokens typed into the prompt mean. */
    public ControlTokens controlTokens() {
        return chosen.controlTokens;
    }

    /** How each token is chosen, greedily unless the request says otherwise. */
    public Sampling sampling() {
        return chosen.sampling;
    }

    /**
     * By how much tokens that were in the prompt or written before are made less likely: 1 for not at all, and where the
     * request leaves it open.
     */
    public double repetitionPenalty() {
        return chosen.repetitionPenalty == null ? 1 : chosen.repetitionPenalty;
    }

    /** The same; empty if the request leaves it to the checkpoint's {@code generation_config.json}. */
    public OptionalDouble chosenRepetitionPenalty() {
        return chosen.repetitionPenalty == null ? OptionalDouble.empty() : OptionalDouble.of(chosen.repetitionPenalty);
    }

    /** Which tokens the answer may consist of; empty for all tokens. */
    public Optional<TokenConstraint> constraint() {
        return Optional.ofNullable(chosen.constraint);
    }

    /** How long the request may run; empty for none. */
    public Optional<Duration> timeout() {
        return Optional.ofNullable(chosen.timeout);
    }

    /** The texts that end an answer; empty for none. */
    public List<String> stop() {
        return chosen.stop;
    }

    /** How many of the likeliest tokens are noted for each written one, 0 to {@value #MAX_TOP_LOG_PROBABILITIES}. */
    public int topLogProbabilities() {
        return chosen.topLogProbabilities;
    }

    /** The tokens that end an answer; empty for those of the checkpoint. */
    public Optional<Set<Integer>> stopTokenIds() {
        return Optional.ofNullable(chosen.stopTokenIds);
    }

    /** The adapter with which the request is answered; empty for that of the pipeline's view, if it has one. */
    public Optional<String> adapter() {
        return Optional.ofNullable(chosen.adapter);
    }

    /** Returns the number of pictures, the prompt, and all options that are not at their default. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder("GenerationRequest[")
                .append(imageCount())
                .append(imageCount() == 1 ? " image" : " images")
                .append(embeddings().isPresent() ? ", encoded" : "")
                .append(", prompt ")
                .append(Quote.quote(prompt()))
                .append(", at most ")
                .append(maxNewTokens())
                .append(" tokens, ")
                .append(sampling());
        if (repetitionPenalty() != 1) {
            text.append(", repetitionPenalty ").append(repetitionPenalty());
        }
        if (controlTokens() != ControlTokens.PARSE) {
            text.append(", controlTokens ").append(controlTokens());
        }
        constraint().ifPresent(unused -> text.append(", constrained"));
        timeout().ifPresent(limit -> text.append(", timeout ").append(limit));
        stopTokenIds().ifPresent(ids -> text.append(", stopTokenIds ").append(new TreeSet<>(ids)));
        if (!stop().isEmpty()) {
            text.append(", stop ")
                    .append(stop().stream().map(Quote::quote).collect(Collectors.joining(", ", "[", "]")));
        }
        if (topLogProbabilities() != 0) {
            text.append(", topLogProbabilities ").append(topLogProbabilities());
        }
        adapter().ifPresent(name -> text.append(", adapter ").append(name));
        return text.append(']').toString();
    }

    /**
     * Collects the parts of a {@link GenerationRequest}. Confined to one thread. A number out of the range that is said
     * is an {@link IllegalArgumentException}.
     */
    public static final class Builder {
        private List<RgbImage> images = List.of();
        private @Nullable ImageEmbeddings embeddings;
        private String prompt = "";
        private @Nullable Integer maxNewTokens;
        private ControlTokens controlTokens = ControlTokens.PARSE;
        private Sampling sampling = Sampling.greedy();
        private @Nullable Double repetitionPenalty;
        private @Nullable TokenConstraint constraint;
        private @Nullable Duration timeout;
        private @Nullable Set<Integer> stopTokenIds;
        private List<String> stop = List.of();
        private int topLogProbabilities;
        private @Nullable String adapter;

        private Builder() {}

        private Builder(Builder other) {
            this.images = other.images;
            this.embeddings = other.embeddings;
            this.prompt = other.prompt;
            this.maxNewTokens = other.maxNewTokens;
            this.controlTokens = other.controlTokens;
            this.sampling = other.sampling;
            this.repetitionPenalty = other.repetitionPenalty;
            this.constraint = other.constraint;
            this.timeout = other.timeout;
            this.stopTokenIds = other.stopTokenIds;
            this.stop = other.stop;
            this.topLogProbabilities = other.topLogProbabilities;
            this.adapter = other.adapter;
        }

        /** Asks about one picture. */
        public Builder image(RgbImage image) {
            return images(List.of(Objects.requireNonNull(image, "image")));
        }

        /** Asks about one picture, read from a file; an {@link ImageException} if it cannot be read. */
        public Builder image(Path file) {
            return image(RgbImage.read(file));
        }

        /** Asks about several pictures in order; there must be one when the request is built. */
        public Builder images(List<RgbImage> newImages) {
            this.images = NonNull.copy(newImages, "images");
            this.embeddings = null;
            return this;
        }

        /** Asks about what {@link dev.paligemma.PaliGemmaPipeline#encode} gave, instead of other pictures. */
        public Builder images(ImageEmbeddings encoded) {
            this.embeddings = Objects.requireNonNull(encoded, "images");
            this.images = List.of();
            return this;
        }

        /** Sets the prompt; may be empty. */
        public Builder prompt(String newPrompt) {
            this.prompt = Objects.requireNonNull(newPrompt, "prompt");
            return this;
        }

        /**
         * Limits the length of the answer: the largest number of tokens to write, at least 1; by default as the
         * checkpoint's {@code generation_config.json} says, else {@value #DEFAULT_MAX_NEW_TOKENS}.
         */
        public Builder maxNewTokens(int newMaxNewTokens) {
            if (newMaxNewTokens < 1) {
                throw new IllegalArgumentException("maxNewTokens must be at least 1, got " + newMaxNewTokens);
            }
            this.maxNewTokens = newMaxNewTokens;
            return this;
        }

        /** Chooses what control tokens typed into the prompt mean; they are parsed by default, as transformers does. */
        public Builder controlTokens(ControlTokens newControlTokens) {
            this.controlTokens = Objects.requireNonNull(newControlTokens, "controlTokens");
            return this;
        }

        /** Chooses how each token is chosen, greedily by default. */
        public Builder sampling(Sampling newSampling) {
            this.sampling = Objects.requireNonNull(newSampling, "sampling");
            return this;
        }

        /**
         * Makes tokens less likely that are in the prompt or were written before; by default as the checkpoint's
         * {@code generation_config.json} says, else not. It harms boxes, whose codes repeat.
         *
         * @param penalty divides positive and multiplies negative logits, above 0 and finite; above 1 discourages, 1
         *     does nothing
         */
        public Builder repetitionPenalty(double penalty) {
            if (!(penalty > 0) || Double.isInfinite(penalty)) {
                throw new IllegalArgumentException("repetitionPenalty must be above 0 and finite, got " + penalty);
            }
            this.repetitionPenalty = penalty;
            return this;
        }

        /** Limits which tokens the answer may consist of; all by default. */
        public Builder constraint(TokenConstraint newConstraint) {
            this.constraint = Objects.requireNonNull(newConstraint, "constraint");
            return this;
        }

        /**
         * Limits how long the request may run, above 0, from the call on, waiting for its turn included; no limit by
         * default. It is looked at between the steps of the network, of which running the prompt is the longest.
         */
        public Builder timeout(Duration limit) {
            Objects.requireNonNull(limit, "timeout");
            if (limit.isNegative() || limit.isZero()) {
                throw new IllegalArgumentException("timeout must be above 0, got " + limit);
            }
            this.timeout = limit;
            return this;
        }

        /**
         * Chooses the tokens that end an answer, instead of those of the checkpoint: at least one, each at least 0. The
         * one that ended it is not part of the answer. With a {@link #constraint}, the tokenizer's end-of-sequence
         * token ends it as well.
         */
        public Builder stopTokenIds(Set<Integer> ids) {
            Objects.requireNonNull(ids, "stopTokenIds");
            if (ids.isEmpty()) {
                throw new IllegalArgumentException("expected at least one token that ends an answer, got none");
            }
            for (int id : ids) {
                if (id < 0) {
                    throw new IllegalArgumentException("a token id must be at least 0, got " + id);
                }
            }
            this.stopTokenIds = Set.copyOf(ids);
            return this;
        }

        /**
         * Chooses texts that end an answer, instead of those chosen before: up to {@value GenerationRequest#MAX_STOP_STRINGS}, each of 1
         * to {@value GenerationRequest#MAX_STOP_LENGTH} characters; none by default. The answer ends before the first of them that appears
         * in its decoded text, wherever its tokens begin and end, and has {@link FinishReason#STOP_STRING}. The one that is complete first
         * counts; of those that are complete at the same character, the longest.
         *
         * <p>Text and tokens of the stop string are not part of the answer; {@link GenerationResult#tokens} says more. A stream gives
         * text and tokens that may become a stop string only once it is known that they do not. A search takes no stop strings, and given
         * answers of a score are read as they are.
         */
        public Builder stop(String... texts) {
            this.stop = StopStrings.check(NonNull.copy(texts, "stop"));
            return this;
        }

        /**
         * Notes for each token of the answer this many of the likeliest tokens at its place, in {@link
         * dev.paligemma.constraint.GeneratedToken#mostLikely}, 0 to {@value GenerationRequest#MAX_TOP_LOG_PROBABILITIES}; 0 by default.
         * Their probabilities are the model's own: before sampling, penalties, constraints and forbidden tokens.
         */
        public Builder topLogProbabilities(int count) {
            if (count < 0 || count > MAX_TOP_LOG_PROBABILITIES) {
                throw new IllegalArgumentException(
                        "topLogProbabilities must be 0 to " + MAX_TOP_LOG_PROBABILITIES + ", got " + count);
            }
            this.topLogProbabilities = count;
            return this;
        }

        /**
         * Chooses the adapter with which the request is answered, by a name that {@link
         * dev.paligemma.PipelineBuilder#adapter} was given; by default that of {@link
         * dev.paligemma.PaliGemmaPipeline#withAdapter}, and else none.
         */
        public Builder adapter(String name) {
            this.adapter = Objects.requireNonNull(name, "name");
            return this;
        }

        /**
         * Makes the request.
         *
         * @throws IllegalArgumentException if no image was given
         */
        public GenerationRequest build() {
            if (images.isEmpty() && embeddings == null) {
                throw new IllegalArgumentException("a request needs at least one image, got none");
            }
            return new GenerationRequest(new Builder(this));
        }
    }
}
