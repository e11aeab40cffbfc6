package dev.paligemma.prompt;

import dev.paligemma.tokenizer.ControlTokens;
import java.util.Objects;

/**
 * The prompt of a task, and how to tokenise it. Immutable.
 *
 * @param text the prompt, without the newline that ends it
 * @param controlTokens what to do with control tokens spelled out in it
 */
public record TaskPrompt(String text, ControlTokens controlTokens) {

    /**
     * Checks that nothing is null.
     *
     * @param text the prompt, without the newline that ends it
     * @param controlTokens what to do with control tokens spelled out in it
     */
    public TaskPrompt {
        Objects.requireNonNull(text, "text");
        Objects.requireNonNull(controlTokens, "controlTokens");
    }
}
