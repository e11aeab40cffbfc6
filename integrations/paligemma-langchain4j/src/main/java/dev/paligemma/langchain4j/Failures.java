package dev.paligemma.langchain4j;

import dev.langchain4j.exception.InvalidRequestException;
import dev.langchain4j.exception.RateLimitException;
import dev.paligemma.generation.RequestException;
import dev.paligemma.generation.TooManyRequestsException;
import dev.paligemma.vision.format.ImageException;

/** Makes exceptions that LangChain4j knows how to deal with, such as by trying again, of those that the library throws. Stateless. */
final class Failures {
    private Failures() {}

    static RuntimeException translate(RuntimeException failure) {
        if (failure instanceof TooManyRequestsException) {
            return new RateLimitException(failure.getMessage(), failure);
        }
        if (failure instanceof RequestException
                || failure instanceof ImageException
                || failure instanceof IllegalArgumentException) {
            return new InvalidRequestException(failure.getMessage(), failure);
        }
        return failure;
    }
}
