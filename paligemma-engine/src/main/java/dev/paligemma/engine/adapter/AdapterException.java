package dev.paligemma.engine.adapter;

import dev.paligemma.engine.PaliGemmaException;

/** stand-in */
public class AdapterException extends PaliGemmaException {
    /** stand-in. */
    public AdapterException(String message) {
        super(message);
    }
}
