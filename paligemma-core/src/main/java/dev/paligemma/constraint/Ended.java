package dev.paligemma.constraint;

/** The state after the end-of-sequence token: nothing but that token, which is allowed alone, may follow. Immutable. */
record Ended(TokenSet allowed) implements TokenConstraint.State {
    @Override
    public TokenConstraint.State next(int token) {
        allowed.require(token);
        return this;
    }
}
