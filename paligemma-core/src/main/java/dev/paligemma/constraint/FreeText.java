package dev.paligemma.constraint;

/** The same tokens, with the end-of-sequence id, at every step. Immutable and thread-safe. */
record FreeText(TokenSet allowed, Ended ended, int eosId) implements TokenConstraint, TokenConstraint.State {
    @Override
    public State start() {
        return this;
    }

    @Override
    public State next(int token) {
        allowed.require(token);
        return token == eosId ? ended : this;
    }
}
