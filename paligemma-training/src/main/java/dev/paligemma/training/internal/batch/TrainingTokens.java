package dev.paligemma.training.internal.batch;

import dev.paligemma.base.internal.Quote;
import dev.paligemma.tokenizer.ControlTokens;
import dev.paligemma.tokenizer.PaliGemmaTokenizer;
import dev.paligemma.tokenizer.Prompt;
import dev.paligemma.tokenizer.PromptEncoder;
import dev.paligemma.training.data.Example;
import dev.paligemma.training.run.FineTuningException;
import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Examples to token ids: the prompt as a request has it, then the suffix, tokenised by itself, and {@code <eos>}, as {@code
 * PaliGemmaProcessor} of transformers does with {@code suffix=}. Nothing is cut off. Immutable and thread-safe.
 */
public final class TrainingTokens {
    private static final Pattern CODE = Pattern.compile("<(?:loc|seg)-?\\d+>");

    private final PaliGemmaTokenizer tokenizer;
    private final PromptEncoder prompts;
    private final int vocabulary;
    private final int mostTokens;

    /**
     * A tokeniser of examples.
     *
     * @param tokensPerImage how many rows the model makes of a picture
     * @param vocabulary how many tokens the model knows: rows of its embedding, those of new tokens with it
     * @param mostTokens how many tokens an example may have at most, images and {@code <eos>} with them; at least 1
     */
    public TrainingTokens(PaliGemmaTokenizer tokenizer, int tokensPerImage, int vocabulary, int mostTokens) {
        if (mostTokens < 1) {
            throw new IllegalArgumentException("mostTokens must be at least 1, got " + mostTokens);
        }
        this.tokenizer = tokenizer;
        this.prompts = new PromptEncoder(tokenizer, tokensPerImage);
        this.vocabulary = vocabulary;
        this.mostTokens = mostTokens;
    }

    /**
     * The token ids of an example.
     *
     * @throws FineTuningException if it is too long, its markers are not as many as its pictures, its suffix has a place
     *     for a picture, or the model lacks one of the tokens
     */
    public TokenisedExample encode(Example example) {
        Prompt prompt;
        try {
            prompt = prompts.encode(example.prefix(), example.pictures().size());
        } catch (IllegalArgumentException e) {
            throw new FineTuningException(
                    example.origin() + ", prefix " + Quote.quote(example.prefix()) + ": " + e.getMessage(), e);
        }
        requireCodes(example);
        int[] text = tokenizer.encode(example.suffix(), ControlTokens.PARSE);
        int[] suffix = Arrays.copyOf(text, text.length + 1);
        suffix[text.length] = tokenizer.eosId();
        long length = (long) prompt.length() + suffix.length;
        if (length > mostTokens) {
            throw new FineTuningException(example.origin() + " has " + length + " tokens, " + prompt.imageTokens()
                    + " of images, " + (prompt.length() - prompt.imageTokens()) + " of the prompt and " + suffix.length
                    + " of the suffix with its end; at most " + mostTokens
                    + " are allowed, and nothing is cut off: shorten it, or allow more");
        }
        requireKnown(example, prompt.tokenIds());
        requireKnown(example, suffix);
        if (Arrays.stream(text).anyMatch(id -> id == tokenizer.imageId())) {
            throw new FineTuningException(example.origin() + ", suffix " + Quote.quote(example.suffix())
                    + ": it holds <image>, the place of a picture, which a model cannot write; move it to the prefix");
        }
        return new TokenisedExample(example, prompt, suffix);
    }

    /** A code that is no token would be spelled out, and the model would learn to write what no program can read. */
    private void requireCodes(Example example) {
        Matcher code = CODE.matcher(example.suffix());
        while (code.find()) {
            if (tokenizer.idOf(code.group()).isEmpty()) {
                throw new FineTuningException(example.origin() + ", suffix " + Quote.quote(example.suffix()) + ": "
                        + code.group()
                        + " is no token; places within the picture are <loc0000> to <loc1023>, and codes of"
                        + " masks <seg000> to <seg127>");
            }
        }
    }

    private void requireKnown(Example example, int[] ids) {
        for (int id : ids) {
            if (id >= vocabulary && id != tokenizer.imageId()) {
                throw new FineTuningException(example.origin() + " has the token "
                        + Quote.quote(tokenizer.tokenOf(id).orElse("")) + " with the id " + id
                        + ", but the model knows only " + vocabulary
                        + " tokens; take the tokenizer of this model, or add rows for new tokens");
            }
        }
    }
}
