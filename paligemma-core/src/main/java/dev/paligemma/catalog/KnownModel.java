package dev.paligemma.catalog;

import dev.paligemma.checkpoint.config.PaliGemmaConfig;
import dev.paligemma.checkpoint.config.TextConfig.Family;
import dev.paligemma.engine.Precision;
import dev.paligemma.engine.weights.DType;
import dev.paligemma.network.Networks;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A checkpoint that Google published on the Hugging Face hub. Immutable.
 *
 * @param size the architecture
 * @param kind what it was trained for
 * @param task the data it was fine-tuned on, such as {@code docvqa}; empty unless the kind is {@link Kind#FINE_TUNED}
 * @param imageSize the height and width of the image in pixels, one of {@link ModelSize#imageSizes}
 */
public record KnownModel(ModelSize size, Kind kind, Optional<String> task, int imageSize) {
    /** The page with the terms that hold for all of these models: {@value}. */
    public static final String LICENSE_PAGE = "https://ai.google.dev/gemma/terms";

    private static final String OWNER = "google";
    private static final String HUB = "https://huggingface.co/";
    private static final Pattern NAME =
            Pattern.compile(OWNER + "/paligemma(2?)-(\\d+b)-(pt|mix|ft)(?:-([a-z0-9]+(?:-[a-z0-9]+)*))?-(\\d{3})");
    private static final Pattern TASK = Pattern.compile("[a-z0-9]+(-[a-z0-9]+)*");

    /** What a model was trained for. */
    public enum Kind {
        /** Trained on much and tuned for nothing: a base for fine-tuning. */
        PRETRAINED("pt"),
        /** Tuned for many tasks at once: captions, questions, text, boxes and masks. */
        MIX("mix"),
        /** Tuned on the data of one task. */
        FINE_TUNED("ft");

        private final String label;

        Kind(String label) {
            this.label = label;
        }

        /** The kind as names of models have it: {@code pt}, {@code mix} or {@code ft}. */
        public String label() {
            return label;
        }

        private static Kind of(String label) {
            return switch (label) {
                case "pt" -> PRETRAINED;
                case "mix" -> MIX;
                default -> FINE_TUNED;
            };
        }
    }

    /**
     * A branch of a model on the hub.
     *
     * @param name the name of the branch
     * @param type how its weights are stored
     */
    public record Revision(String name, DType type) {}

    /**
     * Makes a model.
     *
     * @throws IllegalArgumentException if the resolution was not published, or the task is not lower-case words joined by
     *     hyphens, or missing, or given for a model of another kind
     */
    public KnownModel {
        Objects.requireNonNull(size, "size");
        Objects.requireNonNull(kind, "kind");
        if (!ModelSize.imageSizes().contains(imageSize)) {
            throw new IllegalArgumentException(
                    "imageSize must be one of " + ModelSize.imageSizes() + ", got " + imageSize);
        }
        if (task.isPresent() != (kind == Kind.FINE_TUNED)) {
            throw new IllegalArgumentException("a task belongs to a fine-tuned model and to no other, got "
                    + task.orElse("none") + " for " + kind);
        }
        if (task.isPresent() && !TASK.matcher(task.get()).matches()) {
            throw new IllegalArgumentException("task must be lower-case words joined by hyphens");
        }
    }

    /** Reads a name of the published pattern; empty if it is not one. */
    static Optional<KnownModel> parse(String name) {
        Matcher parts = NAME.matcher(name);
        if (!parts.matches()) {
            return Optional.empty();
        }
        Kind kind = Kind.of(parts.group(3));
        Optional<String> task = Optional.ofNullable(parts.group(4));
        int imageSize = Integer.parseInt(parts.group(5));
        if (!ModelSize.imageSizes().contains(imageSize) || task.isPresent() != (kind == Kind.FINE_TUNED)) {
            return Optional.empty();
        }
        Family family = parts.group(1).isEmpty() ? Family.GEMMA : Family.GEMMA2;
        return ModelSize.named(family, parts.group(2)).map(size -> new KnownModel(size, kind, task, imageSize));
    }

    /** The name on the hub, for example {@code google/paligemma2-3b-mix-224}. */
    public String hubName() {
        return String.format(
                Locale.ROOT,
                "%s/paligemma%s-%s-%s-%s%d",
                OWNER,
                size.family() == Family.GEMMA ? "" : "2",
                size.label(),
                kind.label(),
                task.map(data -> data + "-").orElse(""),
                imageSize);
    }

    /** The page of the model, where its terms are accepted. */
    public String modelPage() {
        return HUB + hubName();
    }

    /**
     * The branches with the same weights in different types, the default one first: for PaliGemma {@code main} in
     * float32, {@code bfloat16} and {@code float16}; for PaliGemma 2 {@code main} in bfloat16.
     */
    public List<Revision> revisions() {
        return switch (size.family()) {
            case GEMMA ->
                List.of(
                        new Revision("main", DType.F32),
                        new Revision("bfloat16", DType.BF16),
                        new Revision("float16", DType.F16));
            case GEMMA2 -> List.of(new Revision("main", DType.BF16));
        };
    }

    /** The configuration of the model, without a file. */
    public PaliGemmaConfig config() {
        return size.config(imageSize);
    }

    /** The number of parameters, embedding included. */
    public long parameterCount() {
        return Networks.parameterCount(config());
    }

    /**
     * How many bytes the weights of one of the {@link #revisions} take on disk and to download, without the headers of
     * the files.
     */
    public long weightBytes(Revision revision) {
        return Math.multiplyExact(parameterCount(), revision.type().byteSize());
    }

    /**
     * How much memory the model takes while it answers one request, with weights stored and computed with in a
     * precision, whatever the type of the revision is.
     */
    public MemoryEstimate memory(Precision precision) {
        return MemoryEstimate.of(config(), precision);
    }

    /** The name on the hub. */
    @Override
    public String toString() {
        return hubName();
    }
}
