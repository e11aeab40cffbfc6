package dev.paligemma.constraint;

import dev.paligemma.tokenizer.PaliGemmaTokenizer;
import java.util.Optional;

/**
 * Decides at every step of an answer which tokens may come next. Immutable and thread-safe: one constraint serves any
 * number of answers at the same time.
 *
 * <p>{@link TokenConstraints} makes the usual ones. One of your own has to keep three promises, which the loop that
 * writes the answer relies on:
 *
 * <ol>
 *   <li>It never gets stuck: {@link State#allowed} of every state that can be reached is not empty, and from every such
 *       state the end-of-sequence token can be reached. Where it cannot be reached soon, the answer is likely to be cut
 *       at its longest length, and then it is not complete.
 *   <li>The end-of-sequence token is in {@link State#allowed} exactly where the answer may end.
 *   <li>States are immutable: a search with several beams goes on from one state in several ways.
 * </ol>
 *
 * <p>The answer begins after the newline that ends the prompt: its first token has no leading space, and no
 * beginning-of-sequence token comes before it. A constraint that allows at most so many tokens of any kind:
 *
 * <pre>{@code
 * record AtMost(int tokens, TokenSet any, TokenSet endOfSequence) implements TokenConstraint, TokenConstraint.State {
 *     public State start() {
 *         return this;
 *     }
 *
 *     public TokenSet allowed() {
 *         return tokens > 0 ? any : endOfSequence;
 *     }
 *
 *     public State next(int token) {
 *         if (!allowed().contains(token)) {
 *             throw new IllegalArgumentException("token " + token + " is not allowed here");
 *         }
 *         int left = endOfSequence.contains(token) ? 0 : tokens - 1;
 *         return new AtMost(left, any, endOfSequence);
 *     }
 * }
 * }</pre>
 */
@FunctionalInterface
public interface TokenConstraint {
    /** Begins an answer. */
    State start();

    /**
     * The tokenizer whose tokens this constraint speaks of, so that a request with an adapter that has another one can refuse
     * it; empty, as by default, if that is not to be checked.
     */
    default Optional<PaliGemmaTokenizer> tokenizer() {
        return Optional.empty();
    }

    /** What is known after some tokens of an answer. Immutable and thread-safe. */
    interface State {
        /**
         * Tells which tokens may come next: at least one, the end-of-sequence id among them where the answer may end.
         * It is asked once per written token, so sets that are the same for many answers should be made once.
         */
        TokenSet allowed();

        /**
         * Goes on by one token. This state stays as it is. After the end-of-sequence token, only that token is allowed.
         *
         * @throws IllegalArgumentException if the token is not among the {@link #allowed} ones
         */
        State next(int token);
    }
}
