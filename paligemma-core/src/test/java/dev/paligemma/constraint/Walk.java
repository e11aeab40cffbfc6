package dev.paligemma.constraint;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paligemma.tokenizer.PaliGemmaTokenizer;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Tokenizers, and answers that a model without any sense could write under a constraint. */
final class Walk {
    /** Two files in the two ways of writing merges, with all byte tokens. */
    static final PaliGemmaTokenizer FULL = load("pg1-mqa-fp32");

    static final PaliGemmaTokenizer PAIRS = load("pg1-gqa-bf16");

    /**
     * A vocabulary without bytes and with few letters, in which the last letter of a word merges with a space after it
     * before it merges with the word.
     */
    static final PaliGemmaTokenizer SPARSE = sparse();

    static final List<PaliGemmaTokenizer> TOKENIZERS = List.of(FULL, PAIRS, SPARSE);

    private static final int MAX_TOKENS = 5000;

    private Walk() {}

    private static PaliGemmaTokenizer load(String golden) {
        String name = "/golden/" + golden + "/tokenizer.json";
        return PaliGemmaTokenizer.load(Walk.class.getResourceAsStream(name), name);
    }

    private static PaliGemmaTokenizer sparse() {
        List<String> tokens = new ArrayList<>(List.of(
                "<pad>", "<eos>", "<bos>", "<unk>", "\u2581", "a", "c", "t", "d", "o", "g", ";", ",", "1", "2"));
        List<String> merges = List.of("t \u2581", "g \u2581", "\u2581 c", "\u2581c a", "\u2581ca t", "; \u2581", "o g");
        merges.forEach(merge -> tokens.add(merge.replace(" ", "")));
        IntStream.range(0, 1024).forEach(i -> tokens.add("<loc%04d>".formatted(i)));
        IntStream.range(0, 128).forEach(i -> tokens.add("<seg%03d>".formatted(i)));
        String vocabulary = IntStream.range(0, tokens.size())
                .mapToObj(id -> "\"" + tokens.get(id) + "\":" + id)
                .collect(Collectors.joining(",", "{", "}"));
        String special = IntStream.range(0, 4)
                .mapToObj(
                        id -> ("{\"id\":%d,\"content\":\"%s\",\"single_word\":false,\"lstrip\":false,\"rstrip\":false,"
                                        + "\"normalized\":false,\"special\":true}")
                                .formatted(id, tokens.get(id)))
                .collect(Collectors.joining(",", "[", "]"));
        String json = "{\"added_tokens\":" + special
                + ",\"normalizer\":{\"type\":\"Replace\",\"pattern\":{\"String\":\" \"},\"content\":\"\u2581\"}"
                + ",\"pre_tokenizer\":{\"type\":\"Split\",\"pattern\":{\"String\":\" \"},"
                + "\"behavior\":\"MergedWithPrevious\",\"invert\":false}"
                + ",\"decoder\":{\"type\":\"Sequence\",\"decoders\":[{\"type\":\"Replace\",\"pattern\":{\"String\":"
                + "\"\u2581\"},\"content\":\" \"},{\"type\":\"ByteFallback\"},{\"type\":\"Fuse\"}]}"
                + ",\"model\":{\"type\":\"BPE\",\"unk_token\":\"<unk>\",\"fuse_unk\":true,\"byte_fallback\":true,"
                + "\"vocab\":" + vocabulary + ",\"merges\":[\"" + String.join("\",\"", merges) + "\"]}}";
        return PaliGemmaTokenizer.load(new ByteArrayInputStream(json.getBytes(StandardCharsets.UTF_8)), "sparse");
    }

    /** Writes random allowed tokens; ends where that is allowed with the given probability, or where nothing else is. */
    static int[] randomAnswer(
            PaliGemmaTokenizer tokenizer, TokenConstraint constraint, Random random, double endProbability) {
        List<Integer> ids = new ArrayList<>();
        TokenConstraint.State state = constraint.start();
        int eosId = tokenizer.eosId();
        while (true) {
            TokenSet allowed = state.allowed();
            if (allowed.isEmpty() || ids.size() == MAX_TOKENS) {
                throw new AssertionError("stuck, or without end, after " + ids);
            }
            if (allowed.contains(eosId) && (allowed.size() == 1 || random.nextDouble() < endProbability)) {
                assertThat(state.next(eosId).allowed()).isEqualTo(TokenSet.of(eosId));
                return ids.stream().mapToInt(Integer::intValue).toArray();
            }
            int[] choices = allowed.toArray();
            int chosen;
            do {
                chosen = choices[random.nextInt(choices.length)];
            } while (chosen == eosId);
            state = state.next(chosen);
            ids.add(chosen);
        }
    }

    static boolean accepts(PaliGemmaTokenizer tokenizer, TokenConstraint constraint, int[] ids) {
        TokenConstraint.State state = constraint.start();
        for (int id : ids) {
            if (!state.allowed().contains(id)) {
                return false;
            }
            state = state.next(id);
        }
        return state.allowed().contains(tokenizer.eosId());
    }

    static boolean acceptsText(PaliGemmaTokenizer tokenizer, TokenConstraint constraint, String text) {
        return accepts(tokenizer, constraint, tokenizer.encode(text));
    }
}
