package dev.paligemma.evaluation.text;

import java.util.List;

/** The tokens of captions that CIDEr, BLEU and ROUGE-L compare. Stateless. */
public final class CaptionTokens {
    private CaptionTokens() {}

    static List<String> of(List<String> captions) {
        return captions; // TODO
    }
}
