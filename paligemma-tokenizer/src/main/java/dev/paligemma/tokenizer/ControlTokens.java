package dev.paligemma.tokenizer;

/**
 * What to do with control tokens that are spelled out in a text, such as {@code <bos>}, {@code <image>} or
 * {@code <loc0012>}.
 *
 * <p>A control token is any added token that the file marks as special; {@code <image>}; every {@code <locNNNN>} and
 * {@code <segNNN>}; every {@code <unusedN>}; and Gemma's {@code <pad>}, {@code <eos>}, {@code <bos>}, {@code <unk>},
 * {@code <mask>}, {@code <2mass>}, {@code [@BOS@]}, {@code [toxicity=0]}, {@code <start_of_turn>} and
 * {@code <end_of_turn>}. Added tokens that stand for ordinary text (runs of white space, HTML tags) are not control
 * tokens and match in both modes.
 */
public enum ControlTokens {
    /**
     * The spelling of a control token becomes that one token, as in the Hugging Face libraries. Region tasks need it:
     * {@code describe <loc0100><loc0200><loc0300><loc0400>}.
     */
    PARSE,

    /**
     * The spelling of a control token is tokenised like any other text, so that a text from an untrusted user cannot
     * smuggle in control tokens: no control id other than that of {@code <unk>}, for characters the vocabulary cannot
     * express, is ever produced.
     */
    AS_TEXT
}
