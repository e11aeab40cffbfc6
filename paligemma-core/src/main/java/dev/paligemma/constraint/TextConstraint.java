package dev.paligemma.constraint;

import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Allows the tokens that spell a text which an automaton, given anew for each answer, accepts. Immutable and
 * thread-safe.
 */
record TextConstraint(VocabularyTexts vocabulary, Supplier<TextState> automaton) implements TokenConstraint {
    @Override
    public State start() {
        return new Between(automaton.get());
    }

    private State after(TextState text, @Nullable PartialCharacter character, int token) {
        if (character != null && character.missing() > 0) {
            return new Inside(text, character);
        }
        return between(character == null ? null : text.step(character.bits()), token);
    }

    private State between(@Nullable TextState text, int token) {
        if (text == null) {
            throw new IllegalStateException("token " + token + " was allowed, but the automaton does not take it");
        }
        return new Between(text);
    }

    /** Between two characters. */
    private final class Between implements State {
        private final TextState text;

        Between(TextState text) {
            this.text = text;
        }

        @Override
        public TokenSet allowed() {
            return text.allowed(vocabulary);
        }

        @Override
        public State next(int token) {
            allowed().require(token);
            if (token == vocabulary.eosId()) {
                return vocabulary.ended();
            }
            int value = vocabulary.byteValue(token);
            if (value >= 0) {
                return after(text, PartialCharacter.begin(value), token);
            }
            return between(vocabulary.step(text, token), token);
        }
    }

    /** Inside a character that is written byte by byte. */
    private final class Inside implements State {
        private final TextState text;
        private final PartialCharacter begun;
        private final TokenSet allowed;

        Inside(TextState text, PartialCharacter begun) {
            this.text = text;
            this.begun = begun;
            this.allowed = vocabulary.allowedAt(text, begun);
        }

        @Override
        public TokenSet allowed() {
            return allowed;
        }

        @Override
        public State next(int token) {
            allowed.require(token);
            return after(text, begun.and(vocabulary.byteValue(token)), token);
        }
    }
}
