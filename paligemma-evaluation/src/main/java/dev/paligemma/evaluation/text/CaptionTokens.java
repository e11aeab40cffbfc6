package dev.paligemma.evaluation.text;

/** The tokens of captions that CIDEr, BLEU and ROUGE-L compare. Stateless. */
public final class CaptionTokens {
    private CaptionTokens() {}
}
