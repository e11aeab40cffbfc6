package dev.paligemma.checkpoint.internal.generation;

import dev.paligemma.base.internal.Json;
import dev.paligemma.base.internal.JsonObject;
import dev.paligemma.checkpoint.config.CheckpointException;
import dev.paligemma.checkpoint.internal.Limits;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What {@code generation_config.json} says besides the tokens that end an answer, which {@code PaliGemmaConfig} has.
 * {@code generate()} of transformers applies it to every answer; what is not applied here is named in {@link #ignored}.
 * Immutable and thread-safe.
 *
 * @param repetitionPenalty divides positive and multiplies negative logits of tokens that came before; 1 for none
 * @param maxNewTokens the longest answer; null if the file does not say
 * @param suppressed tokens that no answer has
 * @param suppressedFirst tokens that no answer begins with
 * @param minNewTokens how many tokens an answer has at least
 * @param minLength how many tokens prompt and answer have together at least, where {@code minNewTokens} is 0
 * @param noRepeatNgram the length of sequences of tokens that do not come twice, the prompt counted; 0 for none
 * @param badWords sequences of tokens that do not come
 * @param ignored the fields that change what transformers writes and are not applied, with their values
 */
public record GenerationSettings(
        double repetitionPenalty,
        @Nullable Integer maxNewTokens,
        Set<Integer> suppressed,
        Set<Integer> suppressedFirst,
        int minNewTokens,
        int minLength,
        int noRepeatNgram,
        List<List<Integer>> badWords,
        List<String> ignored) {
    /** Those of a checkpoint without such a file. */
    public static final GenerationSettings NONE =
            new GenerationSettings(1, null, Set.of(), Set.of(), 0, 0, 0, List.of(), List.of());

    private static final String FILE = "generation_config.json";
    private static final long MAX_FILE_BYTES = 1 << 20;
    private static final int MAX_TOKENS = 1 << 20;
    private static final double MAX_PENALTY = 1e6;
    private static final int MAX_TOKEN_ID = Limits.MAX_VOCAB - 1;

    /** Fields that matter where tokens are chosen at random only. */
    private static final Set<String> OF_SAMPLING =
            Set.of("temperature", "top_k", "top_p", "min_p", "top_h", "typical_p", "epsilon_cutoff", "eta_cutoff");

    /** Fields that matter where beams are searched only. */
    private static final Set<String> OF_BEAMS = Set.of("length_penalty", "early_stopping");

    /**
     * Fields that say how an answer is found, and the values with which they change nothing. {@code remove_invalid_values} is
     * none: it hides what is an error here.
     */
    private static final Map<String, Set<Object>> NEUTRAL = neutral();

    private static Map<String, Set<Object>> neutral() {
        Map<String, Set<Object>> neutral = new HashMap<>();
        OF_SAMPLING.forEach(name -> neutral.put(name, Set.of()));
        OF_BEAMS.forEach(name -> neutral.put(name, Set.of()));
        Stream.of("do_sample", "token_healing", "low_memory").forEach(name -> neutral.put(name, Set.of(false)));
        Stream.of("num_beams", "num_beam_groups", "num_return_sequences")
                .forEach(name -> neutral.put(name, Set.of(1L)));
        Stream.of("diversity_penalty", "encoder_no_repeat_ngram_size", "penalty_alpha")
                .forEach(name -> neutral.put(name, Set.of(0L, 0.0)));
        Stream.of("guidance_scale", "encoder_repetition_penalty").forEach(name -> neutral.put(name, Set.of(1L, 1.0)));
        // 20 is the default of transformers, which counts new tokens then.
        neutral.put("max_length", Set.of(20L));
        Stream.of(
                        "max_time",
                        "stop_strings",
                        "forced_bos_token_id",
                        "forced_eos_token_id",
                        "exponential_decay_length_penalty",
                        "sequence_bias",
                        "watermarking_config",
                        "dola_layers",
                        "constraints",
                        "force_words_ids")
                .forEach(name -> neutral.put(name, Set.of()));
        return Map.copyOf(neutral);
    }

    /** Copies the collections. */
    public GenerationSettings {
        suppressed = Set.copyOf(suppressed);
        suppressedFirst = Set.copyOf(suppressedFirst);
        badWords = badWords.stream().map(List::copyOf).toList();
        ignored = List.copyOf(ignored);
    }

    /** Reads the file of a folder, if there is one. */
    public static GenerationSettings readFolder(Path folder) {
        Path file = folder.resolve(FILE);
        if (!Files.exists(file)) {
            return NONE;
        }
        JsonObject json = Json.readObject(file, MAX_FILE_BYTES, CheckpointException::new);
        double penalty = json.number("repetition_penalty", 1, 0, MAX_PENALTY);
        if (penalty == 0) {
            throw json.wrong("repetition_penalty", "a number above 0");
        }
        Integer longest = json.integerOrNull("max_new_tokens", 1, Integer.MAX_VALUE);
        return new GenerationSettings(
                penalty,
                longest,
                Set.copyOf(ids(json, "suppress_tokens", json.members().get("suppress_tokens"))),
                Set.copyOf(ids(json, "begin_suppress_tokens", json.members().get("begin_suppress_tokens"))),
                json.integer("min_new_tokens", 0, 0, Integer.MAX_VALUE),
                json.integer("min_length", 0, 0, Integer.MAX_VALUE),
                json.integer("no_repeat_ngram_size", 0, 0, Integer.MAX_VALUE),
                badWords(json),
                ignored(json));
    }

    /** A list of token ids, or one; those that no vocabulary can have are left out, as transformers does. */
    private static List<Integer> ids(JsonObject json, String name, @Nullable Object value) {
        if (value == null) {
            return List.of();
        }
        List<?> values = value instanceof List<?> list ? list : List.of(value);
        if (values.size() > MAX_TOKENS) {
            throw json.wrong(name, "a list of at most " + MAX_TOKENS + " token ids");
        }
        List<Integer> ids = new ArrayList<>();
        for (Object each : values) {
            if (!(each instanceof Long id)) {
                throw json.wrong(name, "a list of token ids");
            }
            if (id >= 0 && id <= MAX_TOKEN_ID) {
                ids.add(id.intValue());
            }
        }
        return ids.stream().distinct().toList();
    }

    private static List<List<Integer>> badWords(JsonObject json) {
        String name = "bad_words_ids";
        List<@Nullable Object> words = json.listOrNull(name);
        if (words == null) {
            return List.of();
        }
        List<List<Integer>> sequences = new ArrayList<>();
        int total = 0;
        for (Object word : words) {
            if (!(word instanceof List<?> ids) || ids.isEmpty() || ids.size() > MAX_TOKENS - total) {
                throw json.wrong(name, "a list of lists of token ids, at most " + MAX_TOKENS);
            }
            total += ids.size();
            sequences.add(ids.stream()
                    .map(id -> json.asInteger(name, id, 0, MAX_TOKEN_ID))
                    .toList());
        }
        return List.copyOf(sequences);
    }

    private static List<String> ignored(JsonObject json) {
        boolean samples = Boolean.TRUE.equals(json.members().get("do_sample"));
        boolean searches = json.members().get("num_beams") instanceof Long beams && beams > 1;
        return json.members().entrySet().stream()
                .filter(field -> NEUTRAL.containsKey(field.getKey()) && field.getValue() != null)
                .filter(field -> !NEUTRAL.getOrDefault(field.getKey(), Set.of()).contains(field.getValue()))
                .filter(field -> samples || !OF_SAMPLING.contains(field.getKey()))
                .filter(field -> searches || !OF_BEAMS.contains(field.getKey()))
                .map(field -> field.getKey() + " " + JsonObject.describe(field.getValue()))
                .toList();
    }

    /** Whether some tokens may not come at some places. */
    public boolean forbidsTokens() {
        return !suppressed.isEmpty()
                || !suppressedFirst.isEmpty()
                || minNewTokens > 0
                || minLength > 0
                || noRepeatNgram > 0
                || !badWords.isEmpty();
    }

    /** The fields that are applied, with their values, for people; empty if there are none. */
    public List<String> applied() {
        return Stream.of(
                        said("repetition_penalty", repetitionPenalty == 1 ? null : repetitionPenalty),
                        said("max_new_tokens", maxNewTokens),
                        said("suppress_tokens", some(suppressed)),
                        said("begin_suppress_tokens", some(suppressedFirst)),
                        said("min_new_tokens", minNewTokens == 0 ? null : minNewTokens),
                        said("min_length", minLength == 0 ? null : minLength),
                        said("no_repeat_ngram_size", noRepeatNgram == 0 ? null : noRepeatNgram),
                        said("bad_words_ids", badWords.isEmpty() ? null : "of " + badWords.size()))
                .flatMap(Optional::stream)
                .toList();
    }

    private static @Nullable String some(Set<Integer> ids) {
        return ids.isEmpty()
                ? null
                : ids.size() <= 5 ? Arrays.toString(ids.stream().sorted().toArray()) : "of " + ids.size();
    }

    private static Optional<String> said(String name, @Nullable Object value) {
        return value == null ? Optional.empty() : Optional.of(name + " " + value);
    }

    /** The one warning about what is not applied; empty if everything is. */
    public Optional<String> warning(Path folder) {
        return ignored.isEmpty()
                ? Optional.empty()
                : Optional.of(folder.resolve(FILE) + ": " + ignored.stream().collect(Collectors.joining(", "))
                        + (ignored.size() == 1 ? " is" : " are")
                        + " not applied; a request chooses sampling, beams and length itself");
    }
}
