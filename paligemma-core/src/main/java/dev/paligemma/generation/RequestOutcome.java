package dev.paligemma.generation;

import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * How a request ended: with results, or with a failure. Immutable. {@link RequestInfo} has how long it waited and took.
 *
 * @param results what was written: one result; of samples and searches all answers, of a score the given answers. Empty after a failure, and
 *     if a search found nothing
 * @param failure what the call throws; empty if there is none. A request that was given up ends with a {@link
 *     RequestCancelledException}, one that was refused with a {@link TooManyRequestsException}
 */
public record RequestOutcome(List<GenerationResult> results, Optional<Throwable> failure) {
    /** Copies the list; an {@link IllegalArgumentException} if there are results and a failure. */
    public RequestOutcome {
        results = List.copyOf(results);
        Objects.requireNonNull(failure, "failure");
        if (failure.isPresent() && !results.isEmpty()) {
            throw new IllegalArgumentException("a request that failed has no results, got " + results.size());
        }
    }

    /**
     * How it ended, in a word for figures and logs: {@code stop} if all answers came to their end, {@code length} if one ran into its limit,
     * {@code none} if a search found no answer, {@code cancelled} if the caller gave it up or its time was over, {@code refused} if too many
     * were waiting, and {@code failed} otherwise.
     */
    public String ending() {
        if (failure.isPresent()) {
            Throwable cause = failure.get();
            if (cause instanceof RequestCancelledException) {
                return "cancelled";
            }
            return cause instanceof TooManyRequestsException ? "refused" : "failed";
        }
        if (results.isEmpty()) {
            return "none";
        }
        return results.stream().map(GenerationResult::finishReason).anyMatch(FinishReason.LENGTH::equals)
                ? "length"
                : "stop";
    }

    /** Where the time went; empty without a result. Results of one request share their time, so it is that of the last to end. */
    public Optional<Timings> timings() {
        return results.stream()
                .map(GenerationResult::timings)
                .max((a, b) -> Double.compare(a.decodeMs(), b.decodeMs()));
    }

    /** The tokens of the prompt without the places of images; 0 without a result. */
    public int promptTokens() {
        return results.isEmpty() ? 0 : results.get(0).promptTokenIds().length;
    }

    /** The places that images took; 0 without a result. */
    public int imageTokens() {
        return results.isEmpty() ? 0 : results.get(0).imageTokens();
    }

    /** The written tokens of all results, without those that ended an answer; of a score, those of the given answers. */
    public int newTokens() {
        return results.stream().mapToInt(result -> result.tokens().size()).sum();
    }

    /** Returns the kind of end and the numbers, and no text. */
    @Override
    public String toString() {
        return "RequestOutcome["
                + failure.map(cause -> "failed: " + cause.getClass().getName())
                        .orElseGet(() -> results.size() + (results.size() == 1 ? " result, " : " results, ")
                                + promptTokens() + " prompt tokens, " + imageTokens() + " image tokens, " + newTokens()
                                + " new tokens")
                + "]";
    }
}
