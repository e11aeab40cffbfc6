package dev.paligemma.springboot;

import dev.paligemma.base.PaliGemmaException;

/** The model of an application could not be loaded; the cause says why. Requests fail with it until the application is started anew. */
public final class ModelNotLoadedException extends PaliGemmaException {
    private static final long serialVersionUID = 1L;

    ModelNotLoadedException(Throwable cause) {
        super("the model could not be loaded: " + cause, cause);
    }
}
