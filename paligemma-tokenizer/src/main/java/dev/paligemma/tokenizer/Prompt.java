package dev.paligemma.tokenizer;

import java.util.Arrays;

/**
 * A prompt laid out as token ids, in which the place of every image embedding is held by the id of {@code <image>}.
 * Immutable and thread-safe; made by {@link PromptEncoder}.
 */
public final class Prompt {

    private final int[] tokenIds;
    private final int[] imageOffsets;
    private final int tokensPerImage;

    Prompt(int[] tokenIds, int[] imageOffsets, int tokensPerImage) {
        this.tokenIds = tokenIds;
        this.imageOffsets = imageOffsets;
        this.tokensPerImage = tokensPerImage;
    }

    /**
     * Returns the whole sequence, with {@link #tokensPerImage()} image placeholders for each image: {@code int[T]}, a
     * new array.
     */
    public int[] tokenIds() {
        return tokenIds.clone();
    }

    /**
     * The ids that are not image placeholders, in order, {@code <bos>}, the text and the closing newline:
     * {@code int[length() - imageTokens()]}, a new array.
     */
    public int[] textTokenIds() {
        int[] text = new int[tokenIds.length - imageTokens()];
        int copied = 0;
        int from = 0;
        for (int offset : imageOffsets) {
            System.arraycopy(tokenIds, from, text, copied, offset - from);
            copied += offset - from;
            from = offset + tokensPerImage;
        }
        System.arraycopy(tokenIds, from, text, copied, tokenIds.length - from);
        return text;
    }

    /**
     * Returns where the placeholders of each image start in {@link #tokenIds()}; they are {@link #tokensPerImage()} ids
     * in a row: {@code int[imageCount()]}, ascending, in the order of the images, a new array.
     */
    public int[] imageOffsets() {
        return imageOffsets.clone();
    }

    /** Returns the number of images, at least 1. */
    public int imageCount() {
        return imageOffsets.length;
    }

    /** Returns the number of placeholders, and so of embeddings, of one image, at least 1. */
    public int tokensPerImage() {
        return tokensPerImage;
    }

    /** Returns the number of placeholders of all images: {@code imageCount() * tokensPerImage()}. */
    public int imageTokens() {
        return imageOffsets.length * tokensPerImage;
    }

    /** Returns the length of the sequence: the number of ids, image placeholders included. */
    public int length() {
        return tokenIds.length;
    }

    /** Tells the sizes, not the content. */
    @Override
    public String toString() {
        return "Prompt[" + imageOffsets.length + " images of " + tokensPerImage + " tokens at "
                + Arrays.toString(imageOffsets) + ", " + (tokenIds.length - imageTokens()) + " text tokens]";
    }
}
