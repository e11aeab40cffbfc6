package dev.paligemma.constraint;

import java.util.Collection;
import java.util.Map;

/** Allows some token sequences. Immutable and thread-safe. */
final class AnswerConstraint implements TokenConstraint {
    private final State start;

    AnswerConstraint(Collection<int[]> answers, int eosId) {
        TokenSet endOfSequence = TokenSet.of(eosId);
        TokenTrie.Node root = TokenTrie.of(
                answers.stream().map(ids -> Map.entry(ids, endOfSequence)).toList());
        this.start = new At(root, new Ended(endOfSequence));
    }

    @Override
    public State start() {
        return start;
    }

    private record At(TokenTrie.Node node, Ended ended) implements State {
        @Override
        public TokenSet allowed() {
            return node.allowed();
        }

        @Override
        public State next(int token) {
            node.allowed().require(token);
            TokenTrie.Node child = node.child(token);
            return child == null ? ended : new At(child, ended);
        }
    }
}
