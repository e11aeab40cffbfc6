package dev.paligemma.server.internal.http;

import dev.paligemma.generation.RequestCancelledException;
import dev.paligemma.generation.RequestException;
import dev.paligemma.generation.TooManyRequestsException;
import dev.paligemma.tokenizer.TokenizerException;
import dev.paligemma.vision.format.ImageException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The one place that says which answer a failure of the library is. Stateless. */
public final class Failures {
    private static final Logger LOG = LoggerFactory.getLogger(Failures.class);
    private static final int RETRY_SECONDS = 1;

    private Failures() {}

    /** The answer; what is nobody's fault but the server's goes to the log, with the id of the request. */
    public static HttpFailure of(Throwable failure, String requestId) {
        if (failure instanceof HttpFailure known) {
            return known;
        } else if (failure instanceof TooManyRequestsException busy) {
            return HttpFailure.busy(
                    "The server is busy: " + busy.running() + " requests are running and " + busy.waiting()
                            + " are waiting, and no more may wait. Try again later.",
                    RETRY_SECONDS);
        } else if (failure instanceof RequestCancelledException) {
            return HttpFailure.server(504, "timeout", "The request took too long: " + failure.getMessage());
        } else if (failure instanceof ImageException) {
            return HttpFailure.invalid(400, "image", "invalid_image", String.valueOf(failure.getMessage()));
        } else if (failure instanceof RequestException
                || failure instanceof TokenizerException
                || failure instanceof IllegalArgumentException) {
            return HttpFailure.badRequest(null, String.valueOf(failure.getMessage()));
        } else if (failure instanceof OutOfMemoryError) {
            LOG.error("request {}: out of memory ({})", requestId, failure.getMessage());
            return HttpFailure.server(503, "out_of_memory", "The server has too little memory left for this request.")
                    .retryAfter(RETRY_SECONDS);
        }
        LOG.error("request {} failed", requestId, failure);
        return HttpFailure.server(
                500, "internal_error", "The server failed; its log has the reason under " + requestId + ".");
    }
}
