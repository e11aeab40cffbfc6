package dev.paligemma.tokenizer;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * Lays out prompts as {@code PaliGemmaProcessor} of {@code transformers} 4.57 to 5.18 does. Immutable and thread-safe.
 *
 * <p>A prompt without {@code <image>} markers has the placeholders of all images in front:
 * <pre>{@code <image>...<image> <bos> prompt \n}</pre>
 * In a prompt with markers each marker becomes the placeholders of one image where it stands, and {@code <bos>} follows
 * the last one; what stands before it stays there:
 * <pre>{@code before <image>...<image> between <image>...<image> <bos> prompt \n}</pre>
 *
 * <p>The prompt is used as it is: no trimming, no change of case; the empty prompt is allowed. The closing newline is
 * tokenised together with it.
 *
 * <p>One difference on purpose: a newline that ends the prompt is removed first, one only. Otherwise it would merge
 * with the closing one into a token that the model never saw at this place in training.
 */
public final class PromptEncoder {

    private static final String NEWLINE = "\n";

    private final PaliGemmaTokenizer tokenizer;
    private final int tokensPerImage;
    private final int imageId;
    private final int bosId;

    /**
     * Creates an encoder for one model.
     *
     * @param tokenizer the tokenizer of the checkpoint
     * @param tokensPerImage how many embeddings the model makes of an image: 256, 1024 or 4096 for the published models
     * @throws IllegalArgumentException if {@code tokensPerImage} is less than 1
     * @throws TokenizerException if the tokenizer has no {@code <image>} or {@code <bos>}
     */
    public PromptEncoder(PaliGemmaTokenizer tokenizer, int tokensPerImage) {
        this.tokenizer = Objects.requireNonNull(tokenizer, "tokenizer");
        if (tokensPerImage < 1) {
            throw new IllegalArgumentException("tokensPerImage must be at least 1, but is " + tokensPerImage);
        }
        this.tokensPerImage = tokensPerImage;
        this.imageId = tokenizer.imageId();
        this.bosId = tokenizer.bosId();
    }

    /** As {@link #encode(String, int, ControlTokens)}, taking control tokens and image markers for what they say. */
    public Prompt encode(String prompt, int images) {
        return encode(prompt, images, ControlTokens.PARSE);
    }

    /**
     * Lays out a prompt.
     *
     * @param prompt the prompt, possibly empty; with {@link ControlTokens#PARSE} it has as many {@code <image>} markers
     *     as there are images, or none; with {@link ControlTokens#AS_TEXT} there are no markers, and an {@code <image>}
     *     in it is text
     * @param images how many images the prompt is about, at least 1
     * @param controlTokens what to do with control tokens spelled out in the prompt; those of the layout are not
     *     concerned
     * @throws IllegalArgumentException if {@code images} is less than 1 or differs from the number of markers, or if
     *     the image placeholders would be too many for an array
     */
    public Prompt encode(String prompt, int images, ControlTokens controlTokens) {
        Objects.requireNonNull(prompt, "prompt");
        Objects.requireNonNull(controlTokens, "controlTokens");
        checkImages(images);
        String text = prompt.endsWith(NEWLINE) ? prompt.substring(0, prompt.length() - 1) : prompt;
        List<String> parts = controlTokens == ControlTokens.PARSE ? splitAtMarkers(text) : List.of(text);
        int markers = parts.size() - 1;
        if (markers > 0 && markers != images) {
            throw new IllegalArgumentException("the prompt has " + markers + " " + PaliGemmaTokenizer.IMAGE
                    + " markers, but there are " + images + " images");
        }
        IntList ids = new IntList();
        int[] offsets = new int[images];
        for (int i = 0; i < images; i++) {
            if (markers > 0) {
                tokenizer.encode(parts.get(i), controlTokens, ids);
            }
            offsets[i] = ids.size();
            ids.addRepeated(imageId, tokensPerImage);
        }
        ids.add(bosId);
        tokenizer.encode(parts.get(markers) + NEWLINE, controlTokens, ids);
        return new Prompt(ids.toArray(), offsets, tokensPerImage);
    }

    private void checkImages(int images) {
        if (images < 1) {
            throw new IllegalArgumentException("a prompt needs at least 1 image, but images is " + images);
        }
        // Half of the largest array leaves room for the text.
        if ((long) images * tokensPerImage > Integer.MAX_VALUE / 2) {
            throw new IllegalArgumentException(
                    images + " images of " + tokensPerImage + " tokens are too many for one prompt");
        }
    }

    private static List<String> splitAtMarkers(String text) {
        List<String> parts = new ArrayList<>();
        int from = 0;
        for (int at = text.indexOf(PaliGemmaTokenizer.IMAGE);
                at >= 0;
                at = text.indexOf(PaliGemmaTokenizer.IMAGE, from)) {
            parts.add(text.substring(from, at));
            from = at + PaliGemmaTokenizer.IMAGE.length();
        }
        parts.add(text.substring(from));
        return parts;
    }
}
