package dev.paligemma.generation.internal;

import dev.paligemma.constraint.GeneratedToken;
import dev.paligemma.generation.GenerationRequest;
import dev.paligemma.generation.TextPiece;
import dev.paligemma.tokenizer.PaliGemmaTokenizer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Turns an answer into pieces of text while it is written. For one thread at a time. */
final class AnswerPieces {
    private final boolean stops;
    private final WrittenText text;
    /** Tokens that were written. */
    private final List<GeneratedToken> tokens = new ArrayList<>();
    /** How many of them were given out. */
    private int given;

    /** The pieces of the answer to a request, in the words of its tokenizer. */
    AnswerPieces(PaliGemmaTokenizer tokenizer, GenerationRequest request) {
        this.stops = !request.stop().isEmpty();
        this.text = new WrittenText(tokenizer.newStreamingDecoder(true), request.stop());
    }

    /** Gives the pieces that became certain; to be called once the answer was begun, and after each further token. */
    List<TextPiece> take(AnswerWriter answer) {
        if (answer.count() > tokens.size()) {
            tokens.add(answer.last());
            text.push(answer.last().id());
        }
        List<TextPiece> pieces = new ArrayList<>();
        if (!answer.hasEnded()) {
            give(certainTokens(), pieces);
            return pieces;
        }
        give(text.tokens(), pieces);
        String rest = text.isStopped() ? "" : text.finish();
        if (!rest.isEmpty()) {
            pieces.add(new TextPiece(rest, Optional.empty()));
        }
        return pieces;
    }

    /** How many tokens no stop string can take away any more: those with text that is certain, and all before them. */
    private int certainTokens() {
        if (!stops) {
            return tokens.size();
        }
        int certain = text.certain();
        int count = given;
        while (count < tokens.size() && text.start(count) < certain && text.end(count) <= certain) {
            count++;
        }
        return count;
    }

    private void give(int count, List<TextPiece> pieces) {
        for (; given < count; given++) {
            pieces.add(new TextPiece(text.of(given), Optional.of(tokens.get(given))));
        }
    }
}
