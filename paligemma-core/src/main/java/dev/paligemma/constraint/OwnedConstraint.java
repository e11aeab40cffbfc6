package dev.paligemma.constraint;

import dev.paligemma.tokenizer.PaliGemmaTokenizer;
import java.util.Optional;

/** Rules in the tokens of a known tokenizer. Immutable and thread-safe. */
record OwnedConstraint(TokenConstraint rules, PaliGemmaTokenizer owner) implements TokenConstraint {
    @Override
    public State start() {
        return rules.start();
    }

    @Override
    public Optional<PaliGemmaTokenizer> tokenizer() {
        return Optional.of(owner);
    }
}
