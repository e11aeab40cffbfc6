package dev.paligemma.constraint;

import dev.paligemma.tokenizer.ControlTokens;
import dev.paligemma.tokenizer.PaliGemmaTokenizer;
import java.util.Arrays;
import java.util.stream.IntStream;

/** Ids of a tokenizer, as constraints need them. */
final class TokenIds {
    private TokenIds() {}

    /** Encodes a text that an answer has to spell exactly. */
    static int[] writable(PaliGemmaTokenizer tokenizer, String text, ControlTokens controlTokens) {
        int[] ids = tokenizer.encode(text, controlTokens);
        String written = tokenizer.decode(ids, true);
        if (!written.equals(text)) {
            throw new IllegalArgumentException(
                    "'" + text + "' cannot be part of an answer: written in tokens it reads '" + written + "'");
        }
        int eosId = tokenizer.eosId();
        if (Arrays.stream(ids).anyMatch(id -> id == eosId)) {
            throw new IllegalArgumentException("'" + text + "' cannot be part of an answer: its tokens end the answer");
        }
        return ids;
    }

    static TokenSet locationsFrom(PaliGemmaTokenizer tokenizer, int smallest) {
        return TokenSet.of(IntStream.range(smallest, PaliGemmaTokenizer.LOCATIONS)
                .map(tokenizer::locationId)
                .toArray());
    }

    static TokenSet segmentationCodes(PaliGemmaTokenizer tokenizer) {
        return TokenSet.of(IntStream.range(0, PaliGemmaTokenizer.SEGMENTATION_CODES)
                .map(tokenizer::segmentationId)
                .toArray());
    }
}
