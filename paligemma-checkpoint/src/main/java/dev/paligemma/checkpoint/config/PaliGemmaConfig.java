package dev.paligemma.checkpoint.config;

import dev.paligemma.checkpoint.internal.Limits;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What {@code config.json} says about a PaliGemma or PaliGemma 2 model, with everything filled in that the file leaves
 * to the defaults of the transformers library. Immutable and thread-safe.
 *
 * @param vision the image encoder
 * @param text the language model
 * @param imageTokenId the token that marks the place of an image, or null if the file does not name it; then the
 *     tokenizer has to be asked for {@code <image>}
 * @param bosTokenId the token that starts a text
 * @param eosTokenIds the tokens that end the output, at least one
 * @param padTokenId the token that fills up a batch
 * @param pageRows what a page encoder such as ColPali gives of an image or text; null for a model that writes text
 */
public record PaliGemmaConfig(
        VisionConfig vision,
        TextConfig text,
        @Nullable Integer imageTokenId,
        int bosTokenId,
        List<Integer> eosTokenIds,
        int padTokenId,
        @Nullable PageRows pageRows) {
    static final int BOS = 2;
    static final int EOS = 1;
    static final int PAD = 0;

    /** Throws an {@link IllegalArgumentException} if a token id is negative or absurd, or {@code eosTokenIds} is empty. */
    public PaliGemmaConfig {
        Objects.requireNonNull(vision, "vision");
        Objects.requireNonNull(text, "text");
        eosTokenIds = List.copyOf(eosTokenIds);
        if (imageTokenId != null) {
            Limits.checkTokenId("imageTokenId", imageTokenId);
        }
        Limits.checkTokenId("bosTokenId", bosTokenId);
        Limits.checkTokenId("padTokenId", padTokenId);
        eosTokenIds.forEach(id -> Limits.checkTokenId("eosTokenIds", id));
        if (eosTokenIds.isEmpty()) {
            throw new IllegalArgumentException("eosTokenIds must not be empty");
        }
    }

    /** A model that writes text. */
    public PaliGemmaConfig(
            VisionConfig vision,
            TextConfig text,
            @Nullable Integer imageTokenId,
            int bosTokenId,
            List<Integer> eosTokenIds,
            int padTokenId) {
        this(vision, text, imageTokenId, bosTokenId, eosTokenIds, padTokenId, null);
    }

    /** A model with the special tokens of the published ones; without an image token, the tokenizer has to be asked. */
    public static PaliGemmaConfig of(VisionConfig vision, TextConfig text, @Nullable Integer imageTokenId) {
        return new PaliGemmaConfig(vision, text, imageTokenId, BOS, List.of(EOS), PAD);
    }

    /**
     * Reads and checks a {@code config.json}.
     *
     * <p>Several fields of published files are known to be wrong or left over, and are not used: {@code hidden_size} and
     * {@code vocab_size} at the top level, {@code projection_dim}, {@code projector_hidden_act},
     * {@code num_image_tokens}, {@code num_positions}, {@code vision_use_head}, {@code torch_dtype} and {@code dtype}.
     *
     * @param configJson the file, at most 1 MiB
     * @throws CheckpointException if the file is missing or damaged, or describes a model that is not supported; the
     *     message names the field, what was expected and what was found
     */
    public static PaliGemmaConfig read(Path configJson) {
        return ConfigReader.read(configJson);
    }

    /** As {@link #read} of the {@code config.json} of a folder; its {@code generation_config.json}, if any, says what ends the output. */
    public static PaliGemmaConfig readFolder(Path folder) {
        PaliGemmaConfig read = read(folder.resolve("config.json"));
        List<Integer> eos = ConfigReader.generationEosTokenIds(folder.resolve("generation_config.json"));
        return eos == null
                ? read
                : new PaliGemmaConfig(
                        read.vision,
                        read.text,
                        read.imageTokenId,
                        read.bosTokenId,
                        eos,
                        read.padTokenId,
                        read.pageRows);
    }

    /** Writes the configuration as a {@code config.json}. */
    public String toJson() {
        return ConfigWriter.write(this);
    }

    /**
     * Returns the width of the projected image features, which is the width of the language model: the hidden size of
     * {@link #text()}.
     */
    public int projectionDim() {
        return text.sizes().hiddenSize();
    }

    /** The same with another number of embedding rows. */
    public PaliGemmaConfig withVocabSize(int rows) {
        return withText(text.withVocabSize(rows));
    }

    /** The same with an output head that is the token embedding, or one of its own. */
    public PaliGemmaConfig withTieWordEmbeddings(boolean tied) {
        return tied == text.tieWordEmbeddings() ? this : withText(text.withTieWordEmbeddings(tied));
    }

    private PaliGemmaConfig withText(TextConfig other) {
        return new PaliGemmaConfig(vision, other, imageTokenId, bosTokenId, eosTokenIds, padTokenId, pageRows);
    }
}
