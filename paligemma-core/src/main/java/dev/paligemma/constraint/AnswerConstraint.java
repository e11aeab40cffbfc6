package dev.paligemma.constraint;

/** Allows some token sequences, each with the end of sequence after it. Immutable and thread-safe. */
record AnswerConstraint(TokenTrie.Node node, Ended ended) implements TokenConstraint, TokenConstraint.State {
    @Override
    public State start() {
        return this;
    }

    @Override
    public TokenSet allowed() {
        return node.allowed();
    }

    @Override
    public State next(int token) {
        allowed().require(token);
        TokenTrie.Node child = node.child(token);
        return child == null ? ended : new AnswerConstraint(child, ended);
    }
}
