package dev.paligemma.constraint;

/**
 * The same tokens at every step. Immutable and thread-safe.
 *
 * @param allowed the ids, with the end-of-sequence id
 * @param ended the state after the end
 * @param eosId the end-of-sequence id
 */
record FreeText(TokenSet allowed, Ended ended, int eosId) implements TokenConstraint, TokenConstraint.State {
    @Override
    public State start() {
        return this;
    }

    @Override
    public State next(int token) {
        Disallowed.check(allowed, token);
        return token == eosId ? ended : this;
    }
}
