package dev.paligemma.server.internal.openai;

import dev.paligemma.generation.BeamSearch;
import dev.paligemma.generation.GenerationRequest;
import dev.paligemma.generation.Sampling;
import dev.paligemma.server.internal.http.HttpFailure;
import dev.paligemma.server.internal.http.JsonBody;
import java.time.Duration;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * How an answer is written. Without a temperature the most likely tokens are taken, unless other parameters ask for chance.
 *
 * @param maxTokens the limit that was given
 * @param sampling how tokens are chosen
 * @param repetitionPenalty null if it was not given
 * @param stop texts that end the answer
 * @param answers how many are wanted
 * @param beams candidates of a search; 0 for none
 * @param logprobs whether probabilities of tokens are wanted
 * @param topLogprobs of how many others
 * @param timeout null if none was given
 */
record ChatSettings(
        OptionalInt maxTokens,
        Sampling sampling,
        @Nullable Double repetitionPenalty,
        List<String> stop,
        int answers,
        int beams,
        boolean logprobs,
        int topLogprobs,
        @Nullable Duration timeout) {
    private static final double MAX_TEMPERATURE = 2;
    private static final double MAX_PENALTY = 100;

    static ChatSettings of(JsonBody body) {
        int answers = or(body.integer("n", 1, BeamSearch.MAX_BEAMS), 1);
        int beams = or(body.integer("beams", 1, BeamSearch.MAX_BEAMS), 0);
        Sampling sampling = sampling(body, answers, beams);
        List<String> stop = body.texts("stop");
        if (beams > 0 && !(sampling.isGreedy() && stop.isEmpty() && answers <= beams)) {
            throw HttpFailure.badRequest(
                    "beams", "a search with beams takes no temperature, no stop, and n up to the number of beams");
        }
        Integer ofAll = body.integer("max_completion_tokens", 1, Integer.MAX_VALUE);
        Integer limit = body.integer("max_tokens", 1, Integer.MAX_VALUE);
        Integer max = ofAll == null ? limit : ofAll;
        boolean logprobs = body.flag("logprobs", false);
        int top = or(body.integer("top_logprobs", 0, GenerationRequest.MAX_TOP_LOG_PROBABILITIES), 0);
        if (top > 0 && !logprobs) {
            throw HttpFailure.badRequest("top_logprobs", "top_logprobs needs logprobs: true");
        }
        Integer time = body.integer("timeout_ms", 1, Integer.MAX_VALUE);
        return new ChatSettings(
                max == null ? OptionalInt.empty() : OptionalInt.of(max),
                sampling,
                body.number("repetition_penalty", 0, MAX_PENALTY),
                stop,
                answers,
                beams,
                logprobs,
                top,
                time == null ? null : Duration.ofMillis(time));
    }

    private static int or(@Nullable Integer value, int fallback) {
        return value == null ? fallback : value;
    }

    private static Sampling sampling(JsonBody body, int answers, int beams) {
        Double temperature = body.number("temperature", 0, MAX_TEMPERATURE);
        Double topP = body.number("top_p", 0, 1);
        Integer topK = body.integer("top_k", -1, Integer.MAX_VALUE);
        Double minP = body.number("min_p", 0, 1);
        Long seed = body.number("seed");
        boolean limited = (topP != null && topP < 1) || (topK != null && topK > 0) || (minP != null && minP > 0);
        boolean random = temperature == null ? limited || (answers > 1 && beams == 0) : temperature > 0;
        // The most likely token alone has all the mass that is left.
        if (!random || (topP != null && topP == 0)) {
            return Sampling.greedy();
        }
        Sampling sampling = Sampling.temperature(temperature == null ? 1 : temperature)
                .seed(seed == null ? ThreadLocalRandom.current().nextLong() : seed);
        sampling = topP == null ? sampling : sampling.topP(topP);
        sampling = topK == null || topK < 1 ? sampling : sampling.topK(topK);
        return minP == null ? sampling : sampling.minP(minP);
    }

    /** Sets all of it in a request. */
    void applyTo(GenerationRequest.Builder request, JsonBody body) {
        maxTokens.ifPresent(request::maxNewTokens);
        request.sampling(sampling);
        body.checked("stop", () -> request.stop(stop.toArray(new String[0])));
        Double penalty = repetitionPenalty;
        if (penalty != null) {
            body.checked("repetition_penalty", () -> request.repetitionPenalty(penalty));
        }
        request.topLogProbabilities(topLogprobs);
        if (timeout != null) {
            request.timeout(timeout);
        }
    }
}
