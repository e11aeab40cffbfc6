package dev.paligemma.server.internal.openai;

import dev.paligemma.base.internal.Quote;
import dev.paligemma.server.internal.http.HttpFailure;
import dev.paligemma.server.internal.http.JsonBody;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** Which parameters of OpenAI and vLLM are read, which make no difference here, and which are refused. Stateless. */
final class Parameters {
    /** They are read elsewhere. */
    private static final Set<String> READ = Set.of(
            "messages",
            "model",
            "stream",
            "stream_options",
            "n",
            "seed",
            "stop",
            "temperature",
            "top_p",
            "top_k",
            "min_p",
            "repetition_penalty",
            "beams",
            "max_tokens",
            "max_completion_tokens",
            "logprobs",
            "top_logprobs",
            "response_format",
            "structured_outputs",
            "timeout_ms");

    /** They say something about the bill, the cache or the user, and nothing about the answer. */
    private static final Set<String> IGNORED = Set.of(
            "user",
            "metadata",
            "store",
            "service_tier",
            "safety_identifier",
            "prompt_cache_key",
            "prompt_cache_retention",
            "prediction",
            "parallel_tool_calls");

    /** Taken with the value that changes nothing, refused with any other. */
    private static final Map<String, List<Object>> NEUTRAL = Map.of(
            "presence_penalty", List.of(0L, 0.0),
            "frequency_penalty", List.of(0L, 0.0),
            "logit_bias", List.of(Map.of()),
            "tools", List.of(List.of()),
            "functions", List.of(List.of()),
            "tool_choice", List.of("none", "auto"),
            "function_call", List.of("none", "auto"),
            "modalities", List.of(List.of("text")),
            "reasoning_effort", List.of("none"),
            "verbosity", List.of("medium"));

    private Parameters() {}

    /** All that are known. */
    static Set<String> names() {
        Set<String> names = new TreeSet<>(READ);
        names.addAll(IGNORED);
        names.addAll(NEUTRAL.keySet());
        return names;
    }

    /** Refuses what would change the answer and is not supported, and what nobody knows. */
    static void check(JsonBody body) {
        for (String name : body.names()) {
            Object value = body.value(name);
            List<Object> neutral = NEUTRAL.get(name);
            if (READ.contains(name) || IGNORED.contains(name) || value == null) {
                continue;
            }
            if (neutral == null) {
                throw HttpFailure.invalid(
                        400,
                        Quote.shown(name, 100),
                        "unknown_parameter",
                        "Unrecognized request argument supplied: " + Quote.shown(name, 100));
            }
            if (!neutral.contains(value)) {
                throw HttpFailure.invalid(
                        400,
                        name,
                        "unsupported_parameter",
                        "'" + name + "' is not supported by this server; leave it out.");
            }
        }
    }
}
