package dev.paligemma.tokenizer;

/**
 * Decodes the ids of one generation as they arrive, holding back the bytes of a character that is not complete yet.
 * Confined to one thread; made by {@link PaliGemmaTokenizer#newStreamingDecoder}.
 *
 * <p>The texts together equal {@link PaliGemmaTokenizer#decode(int[], boolean)} of the same ids, with one exception. A
 * run of byte tokens that is not UTF-8 as a whole decodes there to one U+FFFD per byte, including those of its good
 * characters; here the good characters, which have been given out already, stay, and each byte that belongs to none
 * becomes one U+FFFD.
 */
public final class StreamingDecoder {

    private final TokenDecoder decoder;
    private final boolean skipSpecial;
    private final byte[] pending = new byte[4];
    private int pendingLength;

    StreamingDecoder(TokenDecoder decoder, boolean skipSpecial) {
        this.decoder = decoder;
        this.skipSpecial = skipSpecial;
    }

    /**
     * Takes the next id.
     *
     * @param id a token id; one without a token, such as that of a padding row of the model, stands for no text
     * @return the text that is now certain; empty while a character is incomplete
     * @throws IllegalArgumentException if the id is negative
     */
    public String push(int id) {
        if (decoder.isSkipped(id, skipSpecial)) {
            return "";
        }
        StringBuilder text = new StringBuilder();
        if (decoder.isByte(id)) {
            pending[pendingLength++] = decoder.byteOf(id);
            takeCharacters(text);
        } else {
            replacePending(text);
            decoder.appendText(id, text);
        }
        return text.toString();
    }

    /**
     * Ends the text. Afterwards the decoder is as new.
     *
     * @return what was held back: one U+FFFD for each byte of an incomplete character, or the empty string
     */
    public String finish() {
        StringBuilder text = new StringBuilder();
        replacePending(text);
        return text.toString();
    }

    private void takeCharacters(StringBuilder text) {
        while (pendingLength > 0) {
            int length = Utf8.characterLength(pending, pendingLength);
            if (length > pendingLength) {
                return;
            }
            if (length == 0) {
                text.append(Utf8.REPLACEMENT);
                dropPending(1);
            } else {
                text.append(Utf8.decode(pending, 0, length));
                dropPending(length);
            }
        }
    }

    private void dropPending(int count) {
        System.arraycopy(pending, count, pending, 0, pendingLength - count);
        pendingLength -= count;
    }

    private void replacePending(StringBuilder text) {
        text.append(Utf8.REPLACEMENT.repeat(pendingLength));
        pendingLength = 0;
    }
}
