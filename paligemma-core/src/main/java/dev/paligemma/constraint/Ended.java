package dev.paligemma.constraint;

/**
 * The state after the end-of-sequence token: nothing but that token may follow. Immutable.
 *
 * @param allowed the end-of-sequence id alone
 */
record Ended(TokenSet allowed) implements TokenConstraint.State {
    @Override
    public TokenConstraint.State next(int token) {
        allowed.require(token);
        return this;
    }
}
