package dev.paligemma.cli.option;

import dev.paligemma.generation.BeamSearch;
import dev.paligemma.generation.GenerationRequest;
import dev.paligemma.generation.Sampling;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** The options that choose how an answer is found: the most likely tokens, tokens at random, or a search. */
public final class DecodingOptions {
    @Option(
            names = "--sample",
            paramLabel = "TEMPERATURE",
            description = "Choose tokens at random; below 1 prefers likely ones, 1 takes the model as it is (default: "
                    + "always the most likely token).")
    @Nullable
    Double temperature;

    @Option(names = "--top-k", paramLabel = "N", description = "With --sample: among the N most likely tokens only.")
    @Nullable
    Integer topK;

    @Option(
            names = "--top-p",
            paramLabel = "MASS",
            description = "With --sample: among the fewest tokens that together have this probability.")
    @Nullable
    Double topP;

    @Option(
            names = "--min-p",
            paramLabel = "SHARE",
            description = "With --sample: among tokens with at least this share of the most likely one's probability.")
    @Nullable
    Double minP;

    @Option(names = "--seed", paramLabel = "N", description = "With --sample: which random numbers (default: 0).")
    @Nullable
    Long seed;

    @Option(
            names = "--beams",
            paramLabel = "N",
            description = "Search with N candidates side by side and print the best answer; with --json all of them.")
    @Nullable
    Integer beams;

    @Option(
            names = "--repetition-penalty",
            paramLabel = "FACTOR",
            description =
                    "Above 1: make tokens less likely that came before (default: as the model's generation_config.json says, else 1). Harms boxes.")
    @Nullable
    Double repetitionPenalty;

    @Option(
            names = "--stop",
            paramLabel = "TEXT",
            description = "End the answer before this text, which is not printed; may be repeated, not with --beams.")
    List<String> stop = List.of();

    @Option(
            names = "--top-logprobs",
            paramLabel = "K",
            description = "With --json: the K likeliest tokens at each place of the answer, up to "
                    + GenerationRequest.MAX_TOP_LOG_PROBABILITIES + " (default: 0).")
    @Nullable
    Integer topLogprobs;

    @Option(
            names = "--timeout",
            paramLabel = "SECONDS",
            description = "Give up if the answer takes longer, loading the model not included (default: never).")
    @Nullable
    Double timeout;

    /** Sets what was chosen in a request that is answered as JSON or as text; options that do not go together are refused. */
    void applyTo(GenerationRequest.Builder request, boolean asJson, CommandLine command) {
        request.sampling(sampling(command));
        if (!stop.isEmpty() && beams != null) {
            throw new ParameterException(command, "--stop and --beams exclude each other");
        }
        request.stop(stop.toArray(new String[0]));
        if (topLogprobs != null) {
            if (!asJson) {
                throw new ParameterException(command, "--top-logprobs needs --json");
            }
            request.topLogProbabilities(topLogprobs);
        }
        if (repetitionPenalty != null) {
            request.repetitionPenalty(repetitionPenalty);
        }
        if (timeout != null) {
            request.timeout(Duration.ofMillis(Math.round(timeout * 1000)));
        }
        search(); // refused now and not when the model is loaded
    }

    private Sampling sampling(CommandLine command) {
        if (temperature == null) {
            if (topK != null || topP != null || minP != null || seed != null) {
                throw new ParameterException(command, "--top-k, --top-p, --min-p and --seed need --sample");
            }
            return Sampling.greedy();
        }
        if (beams != null) {
            throw new ParameterException(command, "--sample and --beams exclude each other");
        }
        Sampling sampling = Sampling.temperature(temperature);
        sampling = topK == null ? sampling : sampling.topK(topK);
        sampling = topP == null ? sampling : sampling.topP(topP);
        sampling = minP == null ? sampling : sampling.minP(minP);
        return seed == null ? sampling : sampling.seed(seed);
    }

    /** The search to make, null for none. */
    @Nullable
    BeamSearch search() {
        return beams == null ? null : BeamSearch.of(beams);
    }
}
