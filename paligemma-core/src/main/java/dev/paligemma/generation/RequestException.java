package dev.paligemma.generation;

import dev.paligemma.base.PaliGemmaException;

/** A request that the loaded model cannot serve, such as a prompt that is too long for it. */
public class RequestException extends PaliGemmaException {
    private static final long serialVersionUID = 1L;

    /** An exception whose message says what was expected and what was found. */
    public RequestException(String message) {
        super(message);
    }
}
