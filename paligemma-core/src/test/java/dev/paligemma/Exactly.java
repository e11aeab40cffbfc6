package dev.paligemma;

import dev.paligemma.constraint.TokenConstraint;
import dev.paligemma.constraint.TokenSet;
import java.util.List;

/** Allows one answer alone. */
record Exactly(List<Integer> tokens, int endOfSequence) implements TokenConstraint, TokenConstraint.State {
    @Override
    public State start() {
        return this;
    }

    @Override
    public TokenSet allowed() {
        return TokenSet.of(tokens.isEmpty() ? endOfSequence : tokens.get(0));
    }

    @Override
    public State next(int token) {
        if (!allowed().contains(token)) {
            throw new IllegalArgumentException("token " + token + " is not allowed here");
        }
        return tokens.isEmpty() ? this : new Exactly(tokens.subList(1, tokens.size()), endOfSequence);
    }
}
